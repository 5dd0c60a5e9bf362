// example: the page in examples/chat, served as somebody else's site would be: at an origin of its own, under a strict policy,
// with the vault in a frame. Started by serve.mjs --demo.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { listen, stop } from './local-server.mjs'

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))

/**
 * At 127.0.0.1, since the vault is at localhost: to the browser these are two sites.
 * @param {{ vault: string, base: string, model: string, provider: string, port?: number }} options
 * @returns {Promise<{ url: string, stop(): Promise<void> }>}
 */
export async function startExample({ vault, base, model, provider, port = 0 }) {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `frame-src ${new URL(vault).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
  const files = {
    '/': ['text/html', await readFile(path('examples/chat/index.html'))],
    '/chat.css': ['text/css', await readFile(path('examples/chat/chat.css'))],
    '/chat.js': ['text/javascript', await bundled({ VAULT: vault, BASE_URL: base, MODEL: model, PROVIDER: provider })],
  }
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://example')
    const [type, content] = files[pathname] ?? ['text/plain', 'Not found\n']
    response.writeHead(pathname in files ? 200 : 404, { 'Content-Type': type, 'Content-Security-Policy': policy })
    response.end(content)
  })
  await listen(server, port)
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => stop(server) }
}

/** As any bundler would, with where things are put in as a module. */
async function bundled(site) {
  const constants = Object.entries(site).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)}`)
  const { outputFiles } = await build({
    entryPoints: [path('examples/chat/chat.js')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    alias: { keyhold: path('dist/keyhold.js') },
    plugins: [
      {
        name: 'site',
        setup(one) {
          one.onResolve({ filter: /^\.\/site\.js$/ }, () => ({ path: 'site', namespace: 'site' }))
          one.onLoad({ filter: /.*/, namespace: 'site' }, () => ({ contents: constants.join('\n') }))
        },
      },
    ],
  })
  return outputFiles[0].text
}
