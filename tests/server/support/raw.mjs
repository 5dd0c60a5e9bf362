// raw: bytes exactly as a hostile client or provider sends them, and what comes back.
import { createServer, connect } from 'node:net'
import { check } from './contract.mjs'
import { QUESTION, token } from './server.mjs'

export const BODY = JSON.stringify(QUESTION)
export const CHAT = '/v1/relay/mock/chat/completions'
/** What a good call of these tests is answered. */
export const ANSWER = JSON.stringify({
  model: 'm-1',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
})
const MOST_MS = 3000

/** @returns {Promise<{ text: string, closed: boolean, error?: string }>} all that came until the server closed, or `within` ms passed */
export function sendRaw(server, bytes, within = MOST_MS) {
  return new Promise((done, fail) => {
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    let closed = true
    let error
    const timer = setTimeout(() => {
      closed = false
      socket.destroy()
    }, within)
    socket.on('data', (data) => (text += data.toString('latin1')))
    socket.on('error', ({ code }) => (error = code))
    socket.on('close', () => {
      clearTimeout(timer)
      try {
        checkAnswers(bytes, text)
      } catch (wrong) {
        return fail(wrong)
      }
      done({ text, closed, error })
    })
    socket.write(bytes)
  })
}

/** Holds each answer in `text` against the description of what its request asked for. */
function checkAnswers(bytes, text) {
  const asked = [...String(bytes).matchAll(/^([A-Z]+) (\S+) HTTP\//gm)]
  for (let answers = 0; text !== '';) {
    const [, method = 'GET', path = '*'] = asked[answers] ?? asked.at(-1) ?? []
    const length = lengthOfFirst(text, method)
    const { status, headers, body, whole } = answerOf(text.slice(0, length))
    if (status !== 100) {
      answers++
      check({ method, path, status, headers, body: whole ? body : undefined })
    }
    text = text.slice(length)
  }
}

function lengthOfFirst(text, method) {
  const head = text.indexOf('\r\n\r\n') + 4
  const { status, headers } = answerOf(text)
  if (head < 4) return text.length
  if (method === 'HEAD' || status < 200 || status === 204) return head
  if (headers.has('content-length')) return head + Number(headers.get('content-length'))
  const last = text.indexOf('\r\n0\r\n\r\n', head - 2)
  return headers.has('transfer-encoding') && last > 0 ? last + 7 : text.length
}

/** One request, as text. A header is a line's two halves, so that one name may be there twice, or be none. */
export function requestText(line, headers = [], body = '') {
  return `${line} HTTP/1.1\r\nhost: relay\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

/** A call as a good client makes it, but for what is given. Its connection ends with it. */
export async function callRaw(server, user, { path = CHAT, method = 'POST', headers = [], body = BODY, auth } = {}) {
  const text = requestText(
    `${method} ${path}`,
    [
      ...(auth ?? [['authorization', `Bearer ${await token(user)}`]]),
      ['content-type', 'application/json'],
      ['content-length', String(Buffer.byteLength(body))],
      ['connection', 'close'],
      ...headers,
    ],
    body,
  )
  return answerOf((await sendRaw(server, text)).text)
}

export const statusesIn = (text) => [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map((found) => Number(found[1]))

/** The first answer in `text`. `whole`: its body is there to its end, as its framing says. */
export function answerOf(text) {
  const end = text.indexOf('\r\n\r\n')
  const [first, ...lines] = text.slice(0, Math.max(end, 0)).split('\r\n')
  const headers = new Map()
  for (const line of lines) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 1).trim()
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value)
  }
  const rest = text.slice(end + 4)
  const chunked = headers.get('transfer-encoding') === 'chunked'
  const { body, whole } = chunked
    ? fromChunks(rest)
    : { body: rest, whole: rest.length === Number(headers.get('content-length')) }
  let problem = {}
  if (headers.get('content-type') === 'application/problem+json' && whole) problem = JSON.parse(body)
  const type = problem.type?.replace('urn:keyhold:', '')
  return {
    status: Number(/^HTTP\/1\.1 (\d+) /.exec(first)?.[1] ?? 0),
    headers,
    body,
    whole,
    type,
    code: problem.code,
    text,
  }
}

function fromChunks(text) {
  let body = ''
  for (let at = 0; ;) {
    const line = /^([0-9a-f]+)\r\n/.exec(text.slice(at, at + 20))
    if (!line) return { body, whole: false }
    const size = Number.parseInt(line[1], 16)
    at += line[0].length
    if (size === 0) return { body, whole: text.slice(at) === '\r\n' }
    body += text.slice(at, at + size)
    if (text.slice(at + size, at + size + 2) !== '\r\n') return { body, whole: false }
    at += size + 2
  }
}

/** A provider that says what it likes: `answer(socket)` for each request that has come as a whole. */
export async function startRawProvider() {
  const provider = { requests: 0, answer: (socket) => socket.write(answerText()) }
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      text += data.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0)
      if (end < 0 || text.length < end + 4 + length) return
      text = ''
      provider.requests++
      provider.answer(socket)
    })
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return Object.assign(provider, {
    base: `http://127.0.0.1:${server.address().port}/v1/`,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((done) => server.close(done))
    },
  })
}

/** An answer of such a provider. `headers`: lines, each with its end. */
export function answerText({ status = '200 OK', headers = '', body = ANSWER, length = body.length } = {}) {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\n${headers}content-length: ${length}\r\n\r\n${body}`
}
