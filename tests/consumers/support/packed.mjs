// packed: the npm package as it was built, and folders in which it is installed from its file, as a user has it.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'build/package')

/** Of scripts/build package. An older one than dist/ would test something else. */
export const tarball = join(folder, newest())

function newest() {
  let found = []
  try {
    found = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  } catch {
    // There is none.
  }
  const same = (packed, built) => readFileSync(join(folder, 'package', packed)).equals(readFileSync(join(root, built)))
  if (
    found.length !== 1 ||
    !same('vault/integrity.json', 'dist/integrity.json') ||
    !same('keyhold.js', 'dist/keyhold.js')
  )
    throw new Error('build/package is not of this dist/: run scripts/build package')
  return found[0]
}

/**
 * A folder with the package in its node_modules; what else is needed there is found in the repository's, above it.
 * @returns {Promise<{ path: string, remove(): Promise<void> }>}
 */
export async function install() {
  await mkdir(join(root, 'build/consumers'), { recursive: true })
  const path = await mkdtemp(join(root, 'build/consumers/run-'))
  const remove = () => rm(path, { recursive: true, force: true })
  try {
    await writeFile(join(path, 'package.json'), '{ "private": true, "type": "module" }\n')
    const options = [
      '--offline',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ]
    execFileSync('npm', ['install', ...options, tarball], { cwd: path, stdio: ['ignore', 'ignore', 'inherit'] })
  } catch (error) {
    await remove()
    throw error
  }
  return { path, remove }
}
