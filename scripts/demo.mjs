// demo: a provider to try Keyhold with, without an account. @copilotkit/aimock gives the answers; the proxy here gives
// it what it lacks: a key that is checked, and cross-origin rules like a real provider's. On this machine only.
import { createServer, request as httpRequest } from 'node:http'
import { LLMock } from '@copilotkit/aimock'
import { listen, stop } from './local-server.mjs'

export const DEMO_KEY = 'demo-key-for-trying-keyhold'
export const MODELS = ['demo-small', 'demo-large']
const MAX_BODY_BYTES = 1024 * 1024
const MAX_SEEN = 1000

/**
 * @typedef {object} Demo
 * @property {string} base e.g. "http://127.0.0.1:4010/v1/"
 * @property {string} key the only key it takes
 * @property {number} port
 * @property {{ method: string, path: string, origin?: string, authorization?: string, status: number }[]} seen
 *   the last requests, preflights included: tests look here for what arrived.
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the demo provider.
 * @param {object} [options]
 * @param {number} [options.port] 0 for any free one.
 * @param {string} [options.key]
 * @param {'reflect' | 'static' | 'none'} [options.cors] what a preflight allows: whatever is asked; `authorization` and
 *   `content-type` only; or nothing, as a provider that forbids calls from pages.
 * @param {boolean} [options.hide401] refuse a wrong key without CORS headers, as OpenAI does: a page sees a TypeError.
 * @param {boolean} [options.fast] answer without the pauses of a real model.
 * @returns {Promise<Demo>}
 */
export async function startDemo({ port = 0, key = DEMO_KEY, cors = 'reflect', hide401 = false, fast = false } = {}) {
  const model = new LLMock({ port: 0, host: '127.0.0.1', journalMaxEntries: 100 })
  const pace = fast ? {} : { streamingProfile: { ttft: 350, tps: 28, jitter: 0.4 } }
  model.on({ endpoint: 'chat' }, answer, { chunkSize: 6, ...pace })
  await model.start()

  const seen = []
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url, 'http://demo')
    const { origin, authorization } = incoming.headers
    outgoing.once('close', () => {
      seen.push({ method: incoming.method, path: pathname, origin, authorization, status: outgoing.statusCode })
      if (seen.length > MAX_SEEN) seen.shift()
    })

    if (incoming.method === 'OPTIONS') return answerPreflight(incoming, outgoing, cors)
    const allowed = authorization === `Bearer ${key}`
    if (allowed || !hide401) allowReading(incoming, outgoing, cors)
    if (!allowed) return sendError(outgoing, 401, wrongKey)
    if (incoming.method === 'GET' && pathname === '/v1/models') return sendJson(outgoing, 200, models())
    if (incoming.method === 'POST' && pathname === '/v1/chat/completions')
      return forward(incoming, outgoing, model.port)
    sendError(outgoing, 404, { message: `Unknown request URL: ${incoming.method} ${pathname}`, code: 'unknown_url' })
  })
  // A demo, not a service: a person and a test suite fit.
  server.maxConnections = 64
  server.requestTimeout = 30_000
  await listen(server, port)

  const at = server.address().port
  return {
    base: `http://127.0.0.1:${at}/v1/`,
    key,
    port: at,
    seen,
    stop: async () => {
      await Promise.all([stop(server), model.stop()])
    },
  }
}

/** The keyhold.config.json that offers this demo in the page. `server`: the app's, where there is one. */
export function demoConfig(demo, server) {
  return {
    ...(server === undefined ? {} : { server: { url: server, tokenUrl: 'demo-token' } }),
    providers: [{ id: 'demo', name: 'Demo provider', base: demo.base }],
    demo: { provider: 'demo', key: demo.key },
  }
}

function answerPreflight(incoming, outgoing, cors) {
  if (cors !== 'none') {
    const asked = incoming.headers['access-control-request-headers'] ?? ''
    outgoing.setHeader('Access-Control-Allow-Origin', incoming.headers.origin ?? '*')
    outgoing.setHeader('Access-Control-Allow-Methods', 'GET, POST')
    outgoing.setHeader('Access-Control-Allow-Headers', cors === 'reflect' ? asked : 'authorization, content-type')
    outgoing.setHeader('Access-Control-Max-Age', '600')
    if (incoming.headers['access-control-request-private-network']) {
      outgoing.setHeader('Access-Control-Allow-Private-Network', 'true')
    }
    outgoing.setHeader('Vary', 'Origin, Access-Control-Request-Headers')
  }
  outgoing.writeHead(204).end()
}

function allowReading(incoming, outgoing, cors) {
  if (cors === 'none') return
  outgoing.setHeader('Access-Control-Allow-Origin', incoming.headers.origin ?? '*')
  outgoing.setHeader('Access-Control-Expose-Headers', 'x-request-id')
  outgoing.setHeader('Vary', 'Origin')
}

function forward(incoming, outgoing, port) {
  let size = 0
  const headers = { 'content-type': incoming.headers['content-type'] ?? 'application/json' }
  const onward = httpRequest(
    { host: '127.0.0.1', port, method: 'POST', path: '/v1/chat/completions', headers },
    (answered) => {
      outgoing.statusCode = answered.statusCode
      for (const name of ['content-type', 'x-request-id', 'retry-after']) {
        if (answered.headers[name]) outgoing.setHeader(name, answered.headers[name])
      }
      outgoing.setHeader('Cache-Control', 'no-store')
      answered.pipe(outgoing)
      answered.once('error', () => outgoing.destroy())
    },
  )
  onward.once('error', () => {
    if (outgoing.headersSent) return outgoing.destroy()
    sendError(outgoing, 502, { message: 'The demo provider did not answer.', code: 'bad_gateway' })
  })
  // A caller that leaves ends the answer too.
  outgoing.once('close', () => onward.destroy())
  incoming.on('data', (chunk) => {
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      onward.destroy()
      incoming.destroy()
      return
    }
    onward.write(chunk)
  })
  incoming.once('end', () => onward.end())
}

function sendJson(outgoing, status, value) {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function sendError(outgoing, status, { message, code, type = 'invalid_request_error' }) {
  sendJson(outgoing, status, { error: { message, type, param: null, code } })
}

const wrongKey = { message: 'Incorrect API key provided.', code: 'invalid_api_key' }

function models() {
  return { object: 'list', data: MODELS.map((id) => ({ id, object: 'model', created: 1767225600, owned_by: 'demo' })) }
}

// One answer per kind of question; the last fits everything.
function answer(chat) {
  const question = textOf(chat.messages.findLast((message) => message.role === 'user'))
  const content = answers.find(({ when }) => when.test(question)).say(question)
  const prompt_tokens = Math.ceil(chat.messages.map(textOf).join(' ').length / 4) + 3
  return { content, usage: { prompt_tokens, completion_tokens: Math.ceil(content.length / 4) } }
}

function textOf(message) {
  const content = message?.content ?? ''
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join(' ')
}

const answers = [
  {
    when: /^\s*(hi|hello|hey|good (morning|evening|day))\b/i,
    say: () =>
      'Hello! I am the demo provider: a small program on your own machine that plays the part of an AI service. ' +
      'What you are reading arrived as a stream, a few letters at a time, straight into your browser. ' +
      'Add a key for a real provider and the very same page will talk to it.',
  },
  {
    when: /\b(key|safe|secure|security|secret|vault|encrypt)/i,
    say: () =>
      'Your key is sealed with a key derived from your passphrase, and stored only in this browser. ' +
      'To make this call, the vault opened it inside a worker, put it into one request header, and sent that request ' +
      'to the one address the key is sealed to. No page can read it back, and no server stood in between.',
  },
  {
    when: /\b(poem|haiku|verse)\b/i,
    say: () => 'A key in the dark,\nsealed where only you may turn it.\nWords stream into light.',
  },
  {
    when: /(?:)/,
    say: (question) =>
      `You asked: “${question.trim().slice(0, 200)}”\n\n` +
      'I am only a demo, so I cannot really think about that, but everything around this answer is real: ' +
      'the key came out of your encrypted vault, the request went straight from your browser to my address, and ' +
      'this text came back as a stream that WebAssembly took apart. The numbers below are the tokens I say I used.',
  },
]
