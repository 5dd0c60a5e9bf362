// bundle: modules of the page, as Node can import them.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/**
 * @param {string} contents `export ... from './web/src/...'` lines
 * @param {import('esbuild').Plugin[]} [plugins] of a test that alters what is built
 */
export async function bundle(contents, plugins = []) {
  const resolveDir = fileURLToPath(new URL('../../..', import.meta.url))
  const result = await build({ stdin: { contents, resolveDir }, bundle: true, write: false, format: 'esm', plugins })
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString('base64')}`)
}
