// sdks: the script that runs the SDKs in a page, and the page.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../../', import.meta.url))

/** @returns {Promise<Uint8Array>} */
export async function sdkScript() {
  const { outputFiles } = await build({
    entryPoints: [`${root}tests/sdks/index.mjs`],
    bundle: true,
    format: 'esm',
    write: false,
    // Classes keep their names: errors are compared by them.
    keepNames: true,
    plugins: [readmeClients],
    logLevel: 'error',
  })
  return outputFiles[0].contents
}

/** What is run, without a browser. */
export async function listOf(script) {
  await import(`data:text/javascript;base64,${Buffer.from(script).toString('base64')}`)
  return globalThis.sdks.list()
}

export function sdkPage(...scripts) {
  const tags = scripts.map((src) => `<script type="module" src="./${src}"></script>`).join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>sdks</title><link rel="icon" href="data:,">${tags}</html>`
}

/** The block of README.md that makes the SDKs, as a function of `vault`. */
const readmeClients = {
  name: 'readme-clients',
  setup(one) {
    one.onResolve({ filter: /^readme$/ }, () => ({ path: 'readme', namespace: 'readme' }))
    one.onLoad({ filter: /.*/, namespace: 'readme' }, () => {
      const blocks = readFileSync(`${root}README.md`, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)
      const [block] = [...blocks].map(([, text]) => text).filter((text) => text.includes("from 'openai'"))
      const lines = block.split('\n')
      const imports = lines.filter((line) => line.startsWith('import '))
      const rest = lines.filter((line) => !line.startsWith('import '))
      const names = [...block.matchAll(/^const (\w+) = /gm)].map(([, name]) => name)
      const body = `${rest.join('\n')}\nreturn { ${names.join(', ')} }`
      return { contents: `${imports.join('\n')}\nexport function clients(vault) {\n${body}\n}`, resolveDir: root }
    })
  },
}
