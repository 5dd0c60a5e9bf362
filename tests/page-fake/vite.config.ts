// vite.config: the page with a fake vault behind it, built into build/page-fake. For looking at, never for shipping.
//   npx vite build -c tests/page-fake/vite.config.ts && node tests/page-fake/serve.mjs
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import { defineConfig } from 'vite'
import { pagePlugins } from '../../web/src/page/build/plugins.mjs'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  root: path('../../web'),
  base: './',
  plugins: [
    {
      name: 'fake-engine',
      enforce: 'pre',
      resolveId(source, importer) {
        if (!importer?.includes('/src/page/')) return undefined
        if (source === './offline') return path('offline.ts')
        if (/^(\.\.\/)+engine\/hosted$/.test(source)) return path('hosted.ts')
        return /^(\.\.\/)+engine$/.test(source) ? path('engine.ts') : undefined
      },
    },
    tailwindcss(),
    ...pagePlugins(),
  ],
  build: {
    rolldownOptions: {
      input: {
        index: path('../../web/index.html'),
        callback: path('../../web/callback.html'),
        verify: path('../../web/verify.html'),
      },
    },
    outDir: path('../../build/page-fake'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
  },
})
