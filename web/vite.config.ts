// vite.config: how web/ becomes dist/: the page, the one that logins come back to, the one that checks the site, self-contained
// worker scripts, engine.wasm and keeping.wasm.
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { defined, wasm } from './hosting/define.mjs'
import { embedFiles } from './hosting/embed.mjs'
import { pagePlugins } from './src/page/build/plugins.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const define = defined()

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
