// builds: the examples, each built as its users build it, in a folder where the package is installed from its file.
import { execFile } from 'node:child_process'
import { cp, mkdir, readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build as esbuild } from 'esbuild'
import { build as vite, createServer as viteServer } from 'vite'
import webpack from 'webpack'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { root } from './packed.mjs'

const run = promisify(execFile)

/** A copy of an example. What is in the repository is not built in place. */
async function copied(user, name, as = name) {
  const folder = join(user.path, as)
  await cp(join(root, 'examples', name), folder, { recursive: true })
  return folder
}

/** Served as it is, beside a copy of the package's modules, where its import map has them. */
export async function plainModule(user, name = 'plain', modules = 'keyhold') {
  const folder = await copied(user, name, `${name}-module`)
  const installed = join(user.path, 'node_modules/keyhold')
  await mkdir(join(folder, modules))
  for (const file of (await readdir(installed)).filter((one) => one.endsWith('.js')))
    await cp(join(installed, file), join(folder, modules, file))
  return folder
}

export async function withEsbuild(user, name = 'plain') {
  const folder = await copied(user, name, `${name}-esbuild`)
  const entry = join(folder, 'main.js')
  await esbuild({
    entryPoints: [entry],
    outfile: entry,
    allowOverwrite: true,
    bundle: true,
    minify: true,
    format: 'esm',
    logLevel: 'error',
  })
  return folder
}

export async function withWebpack(user, name = 'plain') {
  const folder = await copied(user, name, `${name}-webpack`)
  const compiler = webpack({
    mode: 'production',
    context: folder,
    entry: './main.js',
    output: { path: folder, filename: 'main.js' },
  })
  await new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      const failed = error ?? (stats.hasErrors() || stats.hasWarnings() ? new Error(stats.toString()) : null)
      compiler.close(() => (failed ? reject(failed) : resolve()))
    })
  })
  return folder
}

export async function withVite(user, name) {
  const folder = await copied(user, name)
  await vite({ root: folder, logLevel: 'error' })
  return join(folder, 'dist')
}

/**
 * @param {string} [publicFiles] a folder that is to be in the example's public files
 * @returns {Promise<import('vite').ViteDevServer>}
 */
export async function viteDev(user, name, publicFiles) {
  const folder = await copied(user, name, `${name}-dev`)
  if (publicFiles !== undefined) await cp(publicFiles, join(folder, 'public/keyhold'), { recursive: true })
  const server = { host: '127.0.0.1', port: await freePort(), strictPort: true }
  return (await viteServer({ root: folder, logLevel: 'error', server })).listen()
}

/** Vite tells its page the port that it was given, not the one that it got. */
async function freePort() {
  const server = createServer()
  await listen(server, 0)
  const { port } = server.address()
  await stop(server)
  return port
}

export async function withNext(user) {
  const folder = await copied(user, 'next')
  await run(process.execPath, [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: folder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' },
  })
  return join(folder, 'out')
}
