// providers: every provider of the catalogue, played by one server on this machine. Records each request that reaches
// it, whatever host it was meant for, encrypted or not: with all names mapped here, that is the browser's network.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listen } from '../../../scripts/local-server.mjs'
import { onPath } from './chromium.mjs'

const TLS_HANDSHAKE = 0x16
export const ANSWER_TEXT = 'Words stream into light.'

/** What `decide` says when it has answered, or not answered, by itself. */
export const ANSWERED = Symbol('answered')

/**
 * @param {(request: Recorded, outgoing: import('node:http').ServerResponse) => object | symbol | null} [decide]
 *   null: answer as usual; { status, body }: answer with this JSON; ANSWERED.
 * @typedef {{ method: string, host: string, url: string, headers: string[], body: string }} Recorded
 * @returns {Promise<{ port: number, requests: Recorded[], stop(): Promise<void> }>}
 */
export async function startProviders(decide = () => null) {
  const requests = []
  const answer = async (incoming, outgoing) => {
    const recorded = await record(incoming)
    requests.push(recorded)
    const other = decide(recorded, outgoing)
    if (other === ANSWERED) return
    allowReading(outgoing)
    if (incoming.method === 'OPTIONS') {
      allowAsking(outgoing, incoming.headers['access-control-request-headers'] ?? '')
      return outgoing.writeHead(204).end()
    }
    if (other !== null) return sendJson(outgoing, other.status, other.body)
    if (incoming.method === 'GET') return sendJson(outgoing, 200, listOf)
    if (asksForKey(recorded)) return sendJson(outgoing, 404, { error: { code: 'model_not_found' } })
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of stream(incoming)) outgoing.write(event)
    outgoing.end()
  }

  const secure = createHttpsServer(certificate(), answer)
  const plain = createHttpServer(answer)
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    socket.once('data', (first) => {
      socket.pause()
      socket.unshift(first)
      ;(first[0] === TLS_HANDSHAKE ? secure : plain).emit('connection', socket)
      process.nextTick(() => socket.resume())
    })
  })
  await listen(server, 0)
  return {
    port: server.address().port,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve)
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A list, or a question to a model that nobody has: the check of a key. */
export const asksForKey = ({ method, body }) => method === 'GET' || body.includes('keyhold/key-check')

export function allowReading(outgoing) {
  outgoing.setHeader('Access-Control-Allow-Origin', outgoing.req.headers.origin ?? '*')
  outgoing.setHeader('Vary', 'Origin')
}

export function allowAsking(outgoing, headers) {
  outgoing.setHeader('Access-Control-Allow-Methods', 'GET, POST')
  outgoing.setHeader('Access-Control-Allow-Headers', headers)
}

export async function record(incoming) {
  const body = Buffer.concat(await incoming.toArray()).toString()
  const { method, url, headers, rawHeaders } = incoming
  const lines = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name.toLowerCase()}: ${rawHeaders[i + 1]}`] : []))
  return { method, host: headers.host, url, headers: lines, body }
}

/** Made for this run; no browser trusts it, so the browser is told not to look. */
export function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=keyhold-test']
    execFileSync(onPath('openssl'), [...args, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function sendJson(outgoing, status, value) {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Serves as a list of models in two wire formats, and as an account in good standing. */
const listOf = {
  object: 'list',
  data: [{ id: 'model-1', object: 'model' }],
  models: [{ name: 'models/model-1', supportedGenerationMethods: ['generateContent'] }],
  is_available: true,
}

function stream({ url, headers }) {
  const data = (value) => `data: ${JSON.stringify(value)}\n\n`
  if (url.includes(':streamGenerateContent')) return gemini.map(data)
  const named = (value) => `event: ${value.type}\n${data(value)}`
  if (headers['x-api-key']) return anthropic.map(named)
  if (url.endsWith('/responses')) return responses.map(named)
  if (url.endsWith('/v2/chat')) return [...cohere.map(named), 'data: [DONE]\n\n']
  return [...openai.map(data), 'data: [DONE]\n\n']
}

const openai = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
  { choices: [{ index: 0, delta: { content: ANSWER_TEXT }, finish_reason: null }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 } },
].map((chunk) => ({ id: 'one', object: 'chat.completion.chunk', created: 1, model: 'model-1', ...chunk }))

const responses = [
  { type: 'response.created', response: { status: 'in_progress', model: 'model-1', usage: null } },
  { type: 'response.output_text.delta', delta: ANSWER_TEXT },
  {
    type: 'response.completed',
    response: { status: 'completed', model: 'model-1', usage: { input_tokens: 5, output_tokens: 4, total_tokens: 9 } },
  },
]

const cohere = [
  { type: 'content-delta', index: 0, delta: { message: { content: { text: ANSWER_TEXT } } } },
  {
    type: 'message-end',
    delta: { finish_reason: 'COMPLETE', usage: { billed_units: { input_tokens: 5, output_tokens: 4 } } },
  },
]

const anthropic = [
  {
    type: 'message_start',
    message: {
      id: 'one',
      type: 'message',
      role: 'assistant',
      model: 'model-1',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 5, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ANSWER_TEXT } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 4 } },
  { type: 'message_stop' },
]

const gemini = [
  {
    candidates: [{ content: { parts: [{ text: ANSWER_TEXT }], role: 'model' }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 4, totalTokenCount: 9 },
    modelVersion: 'model-1',
  },
]
