// embed: what other pages embed, made once the page is built: the frame (frame.html and one script, so that a page which embeds
// pays two requests), the window it opens (unlock.html, which is the page itself), and the module of host pages (keyhold.js).
import { createHash } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const ERRORS = path('../../wasm/core/base/error.def')

/** What a call can be refused with; the module has a sentence for these only. */
const REFUSALS = [
  'ERR_ACCESS_DENIED',
  'ERR_BAD_INPUT',
  'ERR_BAD_JSON',
  'ERR_BAD_REQUEST',
  'ERR_CAP_REACHED',
  'ERR_CAP_UNBOUNDED',
  'ERR_ENDPOINT_MISMATCH',
  'ERR_KEY_REFLECTED',
  'ERR_LOCKED',
  'ERR_NEEDS_USER',
  'ERR_NO_KEY',
  'ERR_NOT_GRANTED',
  'ERR_PATH_NOT_ALLOWED',
  'ERR_TOO_LARGE',
  'ERR_TOO_MANY',
  'ERR_UNKNOWN_ENDPOINT',
  'ERR_UNKNOWN_PROVIDER',
  'ERR_WORKER',
]

/** A plugin of vite.config.ts; `define` is its own. */
export function embedFiles(define) {
  return {
    name: 'keyhold-embed',
    apply: 'build',
    async writeBundle({ dir }, bundle) {
      const files = Object.keys(bundle)
      await Promise.all([writeFrame(dir, files, define), writeClient(join(dir, 'keyhold.js'))])
      // The same page goes by its name (src/page/window.ts); headers.mjs lets this one keep its opener.
      copyFileSync(join(dir, 'index.html'), join(dir, 'unlock.html'))
    },
  }
}

async function writeFrame(dir, files, define) {
  const script = await bundled(path('../src/frame/main.ts'), {
    define: { ...define, 'import.meta.env': '{}' },
    plugins: [urlsOf(files)],
  })
  const name = `assets/frame-${createHash('sha256').update(script).digest('base64url').slice(0, 8)}.js`
  writeFileSync(join(dir, name), script)
  const html = readFileSync(path('../frame.html'), 'utf8').replace('./src/frame/main.ts', `./${name}`)
  writeFileSync(join(dir, 'frame.html'), html.replace(/\n\s*/g, '\n'))
}

/** @param {string} outfile */
export async function writeClient(outfile) {
  const all = [...readFileSync(ERRORS, 'utf8').matchAll(/^KEYHOLD_ERROR\((\w+), "([^"]*)", "([^"]*)"\)$/gm)]
  const texts = all.filter(([, code]) => REFUSALS.includes(code))
  if (texts.length !== REFUSALS.length) throw new Error('error.def lacks an error of the host module')
  const entries = texts.map(([, code, sentence, next]) => [code, { sentence, next }])
  const script = await bundled(path('../src/client/index.ts'), {
    define: { __KEYHOLD_CLIENT_TEXTS__: JSON.stringify(Object.fromEntries(entries)) },
  })
  writeFileSync(outfile, script)
}

async function bundled(entry, options) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    ...options,
  })
  return outputFiles[0].text
}

/**
 * What Vite made a file of is that file here too.
 * @param {string[]} files of the build
 * @param {(file: string) => string} expressionFor an address, as source text: beside the script, where nothing else is said
 */
export function urlsOf(files, expressionFor = besideScript) {
  return {
    name: 'built-files',
    setup(one) {
      one.onResolve({ filter: /\?(worker&url|url)$/ }, ({ path }) => ({ path, namespace: 'built' }))
      one.onLoad({ filter: /.*/, namespace: 'built' }, ({ path }) => {
        const [, name, extension] = /([\w-]+)\.(\w+)\?/.exec(path)
        const found = files.filter((file) =>
          new RegExp(`^assets/${name}-[\\w-]{8}\\.${extension === 'ts' ? 'js' : extension}$`).test(file),
        )
        if (found.length !== 1) throw new Error(`${path} is ${found.length} files of the build`)
        return { contents: `export default ${expressionFor(found[0])}` }
      })
    },
  }
}

const besideScript = (file) => `new URL(${JSON.stringify(file.replace('assets/', './'))}, import.meta.url).href`
