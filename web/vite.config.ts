// vite.config: how web/ becomes dist/: the page, the one that logins come back to, the one that checks the site, self-contained
// worker scripts, engine.wasm and keeping.wasm.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { embedFiles } from './hosting/embed.mjs'
import { pagePlugins } from './src/page/build/plugins.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const wasm = path('../build/wasm')

/** Same sources and same engine, same name: two builds from two folders agree. */
function buildId(): string {
  const hash = createHash('sha256')
  const sources = readdirSync(path('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
  const made = ['engine.mjs', 'engine.wasm', 'keeping.wasm', 'prices.txt'].map((name) => `${wasm}/${name}`)
  for (const file of [...sources.sort(), ...made, path('../package-lock.json')]) {
    if (existsSync(file)) hash.update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

function integrityOf(file: string): string {
  if (!existsSync(file)) return 'undefined'
  return JSON.stringify(`sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`)
}

/** See src/engine/provider-texts.ts. */
function providerTexts(): Record<string, unknown> {
  const { providers } = JSON.parse(readFileSync(path('../wasm/catalogue/providers.json'), 'utf8')) as {
    providers: { id: string; [text: string]: unknown }[]
  }
  return Object.fromEntries(
    providers.map(({ id, steps = [], console_url, docs_url, key_prefixes = [], suggested_model, ...more }) => [
      id,
      {
        steps,
        // The engine only needs to know whether it may; what a person has to do first is told here.
        browser: more['browser'],
        browserNote: more['browser_note'],
        consoleUrl: console_url,
        docsUrl: docs_url,
        keyPrefixes: key_prefixes,
        suggestedModel: suggested_model,
      },
    ]),
  )
}

const define = {
  __KEYHOLD_BUILD__: JSON.stringify(buildId()),
  __KEYHOLD_PROVIDER_TEXTS__: JSON.stringify(providerTexts()),
  __KEYHOLD_WASM_INTEGRITY__: integrityOf(`${wasm}/engine.wasm`),
  __KEYHOLD_KEEPING_INTEGRITY__: integrityOf(`${wasm}/keeping.wasm`),
  __KEYHOLD_PRICES_INTEGRITY__: integrityOf(`${wasm}/prices.txt`),
}

export default defineConfig({
  root: path('.'),
  // The site works in any folder of any host.
  base: './',
  plugins: [tailwindcss(), ...pagePlugins(), embedFiles(define)],
  resolve: { alias: { 'keyhold-wasm': wasm } },
  define,
  worker: {
    // One classic script each: a worker then needs no `import`, which not every host page's bundler would follow.
    format: 'iife',
    // The names are what the hosting headers go by.
    rolldownOptions: { output: { entryFileNames: 'assets/[name]-[hash].js' } },
  },
  build: {
    rolldownOptions: {
      input: { index: path('index.html'), callback: path('callback.html'), verify: path('verify.html') },
    },
    outDir: path('../dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    // What it would add is for browsers that cannot run Keyhold anyway.
    modulePreload: { polyfill: false },
  },
})
