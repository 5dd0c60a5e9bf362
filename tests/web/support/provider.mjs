// provider: a local server that answers, stalls, cuts and redirects as a test tells it.
import { createServer } from 'node:http'

/** @param {(request, response) => void} answer  @returns {Promise<{ base: string, requests: object[], close: () => void }>} */
export async function provider(answer) {
  const requests = []
  const server = createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, url, headers } = request
    const seen = { method, url, headers, body: Buffer.concat(chunks), closed: false }
    requests.push(seen)
    response.on('close', () => (seen.closed = true))
    answer(seen, response)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { base: `http://127.0.0.1:${server.address().port}/`, requests, close }
}
