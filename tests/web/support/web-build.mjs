// web-build: the web part built once more, from a copy of its sources in a folder of its own, with the engine that is built here.
import { execFileSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sha384 } from '../../../web/hosting/integrity.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const SOURCES = [
  'web',
  'wasm/catalogue',
  'wasm/core/base/error.def',
  'scripts',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
]
const ENGINE = ['engine.mjs', 'engine.wasm', 'keeping.wasm']

/**
 * @param {object} [options]
 * @param {string} [options.below] folders to be in, so that paths differ in length and depth
 * @param {(folder: string) => Promise<void>} [options.alter] changes the copy before it is built
 * @returns {Promise<{ dist: string, remove(): Promise<void> }>}
 */
export async function buildCopy({ below = 'site', alter = async () => {} } = {}) {
  const top = await mkdtemp(join(tmpdir(), 'keyhold-build-'))
  const folder = join(top, below)
  try {
    for (const name of [...SOURCES, ...ENGINE.map((file) => `build/wasm/${file}`)]) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      const filter = (source) => !relative(root, source).split('/').includes('node_modules')
      await cp(join(root, name), join(folder, name), { recursive: true, filter })
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await alter(folder)
    const env = {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      NODE_ENV: 'production',
    }
    execFileSync('npm', ['run', 'build', '--silent'], {
      cwd: join(folder, 'web'),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  } catch (error) {
    await rm(top, { recursive: true, force: true })
    throw error
  }
  return { dist: join(folder, 'dist'), remove: () => rm(top, { recursive: true, force: true }) }
}

/** Every file of a folder, packed copies and all, with its digest. @returns {Promise<Record<string, string>>} */
export async function digestsOfAll(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
  const digests = names.sort().map(async (name) => [name, sha384(await readFile(join(folder, name)))])
  return Object.fromEntries(await Promise.all(digests))
}
