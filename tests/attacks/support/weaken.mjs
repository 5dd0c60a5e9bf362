// weaken: the project's own modules with one defence taken out, so that a test can see its attack succeed. A line that is no
// longer there, or there twice, ends the test: nothing is weakened unnoticed.
import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from '../../web/support/load.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** @typedef {Record<string, [string, string][]>} Changes by file below web/: text, and what it becomes */

/** Worker and client with these changes, as keyhold of tests/web/support/load.mjs. @param {Changes} changes */
export async function weakened(changes) {
  const { plugin, done } = weakening(changes)
  const modules = await load([plugin])
  done()
  return modules
}

/** For esbuild. @param {Changes} changes */
export function weakening(changes) {
  const left = new Set(Object.keys(changes))
  const plugin = {
    name: 'weakening',
    setup(one) {
      one.onLoad({ filter: /\/web\/src\/.*\.ts$/ }, async ({ path }) => {
        const file = relative(join(root, 'web'), path)
        if (!Object.hasOwn(changes, file)) return null
        left.delete(file)
        return { contents: altered(await readFile(path, 'utf8'), changes[file], file), loader: 'ts' }
      })
    },
  }
  const done = () => {
    if (left.size > 0) throw new Error(`not in what was built: ${[...left].join()}`)
  }
  return { plugin, done }
}

/** In a copy of the sources, before it is built. @param {string} folder @param {Changes} changes */
export async function weakenIn(folder, changes) {
  for (const [file, pairs] of Object.entries(changes)) {
    const path = join(folder, 'web', file)
    await writeFile(path, altered(await readFile(path, 'utf8'), pairs, file))
  }
}

function altered(source, pairs, file) {
  let text = source
  for (const [from, to] of pairs) {
    if (text.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`)
    text = text.replace(from, () => to)
  }
  return text
}
