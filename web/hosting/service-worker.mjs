// service-worker: web/src/worker/service-worker.ts as one file, with the digests of all that it is to keep.
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { sha384 } from './integrity.mjs'

/** At the top of the site: it answers for what is below it. */
export const SERVICE_WORKER_FILE = 'service-worker.js'

/**
 * @param {Record<string, string>} files the digest of each file to be kept
 * @param {string} headers the text of _headers: files are kept with them, so others make another version
 */
export function serviceWorker(files, headers) {
  const version = sha384(JSON.stringify(files) + headers)
    .replace(/\W/g, '')
    .slice(6, 22)
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/worker/service-worker.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    minify: true,
    charset: 'utf8',
    target: 'es2023',
    define: { __KEYHOLD_FILES__: JSON.stringify(files), __KEYHOLD_SITE__: JSON.stringify(version) },
    write: false,
  })
  return outputFiles[0].text
}
