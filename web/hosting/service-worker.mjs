// service-worker: web/src/worker/service-worker.ts as one file. What it is to know of the site, which follows from settings, too,
// is its first line; the rest is the same in each.
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/** All but the first line. */
export function serviceWorkerCode() {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/worker/service-worker.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    minify: true,
    charset: 'utf8',
    target: 'es2023',
    write: false,
  })
  return outputFiles[0].text
}
