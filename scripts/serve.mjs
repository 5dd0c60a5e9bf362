// serve: the built site (dist/) as a good static host would serve it, with the headers of web/hosting/headers.mjs.
// Usage: node scripts/serve.mjs [--port N] [--demo | --no-demo]
// With --demo it also starts the demo provider (demo.mjs), tells the page about it, an app's server that lends its key
// (demo-server.mjs), and somebody else's page that uses keys of the vault (example.mjs).
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sirv from 'sirv'
import { headersFor } from '../web/hosting/headers.mjs'
import { demoConfig, MODELS, startDemo } from './demo.mjs'
import { demoServerIsBuilt, startDemoServer } from './demo-server.mjs'
import { startExample } from './example.mjs'
import { listen, stop } from './local-server.mjs'

const root = new URL('../', import.meta.url)

/**
 * Starts the site on this machine only.
 * @param {object} [options]
 * @param {number} [options.port] 0 for any free one.
 * @param {object} [options.config] what /keyhold.config.json answers, in place of the file in dist/.
 * @param {string} [options.dist] folder of the built site.
 * @param {() => Promise<string>} [options.token] what /demo-token answers the site's own page with.
 * @param {(pathname: string, headers: Record<string, string>) => Record<string, string>} [options.alterHeaders]
 *   for tests: last word on a file's headers.
 * @returns {Promise<{ url: string, port: number, stop(): Promise<void> }>}
 */
export async function startSite({
  port = 0,
  config = {},
  dist = fileURLToPath(new URL('dist', root)),
  alterHeaders,
  token,
} = {}) {
  if (!existsSync(`${dist}/index.html`)) throw new Error('dist/ has no index.html: run scripts/build first')
  const { providers: catalogue } = JSON.parse(readFileSync(new URL('wasm/catalogue/providers.json', root), 'utf8'))
  const site = { ...config, catalogue }
  const setHeaders = (response, pathname) => {
    const headers = headersFor(pathname, site)
    response.setHeaders(new Map(Object.entries(alterHeaders ? alterHeaders(pathname, headers) : headers)))
  }

  const files = sirv(dist, { brotli: true, etag: true, setHeaders })
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://site')
    if (pathname === '/keyhold.config.json') {
      setHeaders(response, pathname)
      response.setHeader('Content-Type', 'application/json')
      // As the build writes it, where nothing is set.
      response.end(`${JSON.stringify(config)}\n`)
      return
    }
    if (pathname === '/demo-token' && token !== undefined && request.headers['sec-fetch-site'] === 'same-origin') {
      setHeaders(response, pathname)
      response.setHeader('Content-Type', 'application/json')
      response.setHeader('Cache-Control', 'no-store')
      return void token().then((text) => response.end(JSON.stringify({ token: text })))
    }
    // Hosts keep this one to themselves.
    if (pathname === '/_headers') return notFound(pathname, response)
    files(request, response, () => notFound(pathname, response))
  })
  const notFound = (pathname, response) => {
    setHeaders(response, pathname)
    response.setHeader('Cache-Control', 'no-store')
    response.statusCode = 404
    response.setHeader('Content-Type', 'text/plain')
    response.end('Not found\n')
  }

  await listen(server, port)
  const at = server.address().port
  // The name, not the number: passkeys and storage belong to a name.
  return { url: `http://localhost:${at}/`, port: at, stop: () => stop(server) }
}

async function main() {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, demo: { type: 'boolean' } },
    allowNegative: true,
  })
  const port = Number(values.port ?? 4173)
  // The demo key a person stores is sealed to this address: it must be the same next time.
  const demo = values.demo ? await startDemo({ port: port + 1 }) : null
  const app = demo && demoServerIsBuilt() ? await startApp(demo, port) : null
  const site = await startSite({ port, config: demo ? demoConfig(demo, app?.url) : {}, token: app?.token })

  const { base, key } = demo ?? {}
  const served = { vault: site.url, base, model: 'demo-small', provider: 'demo', port: port + 2 }
  const example = demo ? await startExample(served) : null

  console.log(`\nKeyhold is at  ${site.url}`)
  if (demo) console.log(`Its demo provider answers at ${base} and takes one key: ${key}`)
  if (app) console.log(`An app's server that lends its key for about six questions: ${app.url}`)
  if (example) console.log(`Somebody else's page that may use your keys, if you let it: ${example.url}`)
  console.log('Ctrl-C ends it.')

  const end = async () => {
    await Promise.all([site.stop(), demo?.stop(), example?.stop(), app?.stop()])
    process.exit(0)
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
}

function startApp(demo, port) {
  const site = `http://localhost:${port}`
  return startDemoServer({ port: port + 3, origins: [site], addKeyUrl: `${site}/`, demo, models: MODELS })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    console.error(`serve: ${error.message}`)
    process.exit(1)
  })
}
