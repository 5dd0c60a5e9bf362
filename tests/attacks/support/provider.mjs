// provider: answers pages of any origin as a model provider does: a stream, an error, the caller's own key, or a redirect, as the
// model's name wants it. On this machine only.
import { createServer } from 'node:http'
import { listen, stop } from '../../../scripts/local-server.mjs'

/** @returns {Promise<{ base: string, requests: { url: string, method: string, authorization?: string }[], stop(): Promise<void> }>} */
export async function startProvider() {
  const requests = []
  const server = createServer(async (incoming, outgoing) => {
    const { method, url, headers } = incoming
    const { authorization, origin = '*' } = headers
    const text = Buffer.concat(await incoming.toArray()).toString()
    requests.push({ url, method, authorization })
    outgoing.setHeader('access-control-allow-origin', origin)
    if (method === 'OPTIONS') {
      outgoing.setHeader('access-control-allow-headers', headers['access-control-request-headers'] ?? '')
      return outgoing.writeHead(204).end()
    }
    const json = (status, value) =>
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    if (method === 'GET') return json(200, { data: [{ id: 'plain' }] })
    const { model } = JSON.parse(text)
    if (model === 'echo') return json(200, { choices: [], echo: authorization })
    if (model === 'refuses') return json(401, { error: { message: `Wrong key ${authorization}` } })
    if (model === 'fails') return json(500, { error: { message: 'Ask again.' } })
    if (model === 'moved') return outgoing.writeHead(302, { location: '/v1/api_keys' }).end()
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of ['Words ', 'stream ', 'into light.']) {
      outgoing.write(`data: ${JSON.stringify({ model, choices: [{ index: 0, delta: { content } }] })}\n\n`)
    }
    outgoing.end('data: [DONE]\n\n')
  })
  await listen(server, 0)
  return { base: `http://127.0.0.1:${server.address().port}/v1/`, requests, stop: () => stop(server) }
}
