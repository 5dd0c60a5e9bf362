// load: the TypeScript of worker and client as one module that Node can run.
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sources = ['engine/index', 'engine/launch', 'engine/connection', 'wire/incoming', 'wire/response']
const shell = [
  'vault-host',
  'serve',
  'requests',
  'storage',
  'copy',
  'batches',
  'credit',
  'exchange',
  'evidence',
  'failure',
  'own-policy',
  'local-network',
]
const all = [...sources, ...shell.map((name) => `worker/${name}`), 'worker/kdf', 'worker/load-engine', 'worker/ledger']

/** What a bundler turns into a URL is its own name here: no test starts a real worker. */
const urls = {
  name: 'urls',
  setup(one) {
    one.onResolve({ filter: /\?(worker&url|url)$/ }, ({ path }) => ({ path, namespace: 'url' }))
    one.onLoad({ filter: /.*/, namespace: 'url' }, ({ path }) => ({
      contents: `export default ${JSON.stringify(path)}`,
    }))
  },
}

let loaded = 0

/** @param {import('esbuild').Plugin[]} [plugins] of a test that alters what is built */
export async function load(plugins = []) {
  const { outputFiles } = await build({
    stdin: {
      contents: [...all, 'protocol/messages', 'protocol/errors'].map((name) => `export * from './${name}'`).join('\n'),
      resolveDir: `${root}web/src`,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
    nodePaths: [`${root}node_modules`],
    alias: { 'keyhold-wasm': `${root}build/wasm` },
    plugins: [urls, ...plugins],
    logLevel: 'error',
  })
  const folder = `${root}build/web-tests`
  await mkdir(folder, { recursive: true })
  const file = `${folder}/${process.pid}-${(loaded += 1)}.mjs`
  await writeFile(file, outputFiles[0].contents)
  try {
    return await import(pathToFileURL(file).href)
  } finally {
    await rm(file)
  }
}

export const keyhold = await load()
