// serve: build/page-fake under the page's strict policy, on a port of its own.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types keyhold-url',
].join('; ')

/** @returns {Promise<{ url: string, close(): void }>} */
export function servePageFake(port = 0) {
  const files = sirv(fileURLToPath(new URL('../../build/page-fake', import.meta.url)), {
    dev: true,
    setHeaders(response) {
      response.setHeader('content-security-policy', POLICY)
      response.setHeader('x-content-type-options', 'nosniff')
      response.setHeader('cross-origin-opener-policy', 'same-origin')
    },
  })
  const server = createServer((request, response) => files(request, response, () => response.writeHead(404).end()))
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () =>
      resolve({ url: `http://localhost:${server.address().port}/`, close: () => server.close() }),
    ),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log((await servePageFake(8790)).url)
