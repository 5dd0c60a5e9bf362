// hostile-provider: a provider that sends the app's key back, or no HTTP, too much of it, or less than it said. A client gets a
// typed problem or an answer that visibly breaks off, the key never, and nothing stays held.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { listen, stop } from '../../scripts/local-server.mjs'
import { ANSWER, BODY, CHAT, answerText, callRaw, sendRaw, startRawProvider } from './support/raw.mjs'
import { APP_KEY, DONE, configOf, delta, settled, startServer, token } from './support/server.mjs'

const USER = 'u-provider'
const OTHER_KEY = APP_KEY.replace('secret', 'harmless')
let provider
let server

before(async () => {
  provider = await startRawProvider()
  server = await startServer(configOf(provider))
})
after(async () => {
  await server?.stop({ keep: true })
  await provider?.stop()
  if (!server) return
  const database = readdirSync(server.folder).filter((name) => name.startsWith('keyhold-server.db'))
  for (const name of database)
    assert.ok(!readFileSync(join(server.folder, name)).includes('sk-app-'), 'in the database')
  rmSync(server.folder, { recursive: true })
  assert.ok(!server.log.includes('sk-app-'), 'in the log')
})
afterEach(async () => {
  assert.equal((await settled(server, USER)).held, 0)
  provider.answer = (socket) => socket.write(answerText())
  const good = await callRaw(server, USER)
  assert.deepEqual([good.status, good.whole, good.body], [200, true, ANSWER], 'a good call still passes')
  await settled(server, USER)
})

/** What a client gets if the provider answers so. */
async function answered(answer) {
  provider.answer = answer
  const got = await callRaw(server, USER)
  assert.ok(!got.text.includes(APP_KEY), 'the key')
  return got
}

/** The ways in which a client sees that this is not the provider's good answer. */
function assertRefused(got, type) {
  if (type === 'broken') return assert.deepEqual([got.status, got.whole], [200, false], got.text)
  assert.deepEqual([got.status, got.type, got.whole], [type === 'upstream_timeout' ? 504 : 502, type, true], got.text)
}

const sse = (...chunks) => [
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n',
  ...chunks.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`),
  '0\r\n\r\n',
]
/** One write each, with a little time between. */
const slowly = (pieces) => async (socket) => {
  for (const piece of pieces) {
    socket.write(piece)
    await new Promise((done) => setTimeout(done, 15))
  }
}
const base64 = (text) => Buffer.from(text).toString('base64')
const percent = (text) => text.replaceAll(/./g, (c) => `%${c.charCodeAt(0).toString(16)}`)
const refusal = (text, status) => answerText({ status, body: JSON.stringify({ error: { message: `no: ${text}` } }) })

describe("the app's key", () => {
  /** Each is made of the key, and then of something like it: that one passes. */
  const REFLECTED = [
    [
      'in a header',
      'key_reflected',
      (key) => (socket) => socket.write(answerText({ headers: `x-request-id: ${key}\r\n` })),
    ],
    [
      'in a header of a refusal',
      'key_reflected',
      (key) => (socket) => socket.write(answerText({ status: '400 No', headers: `request-id: a${key}b\r\n` })),
    ],
    [
      'in the type',
      'key_reflected',
      (key) => (socket) => socket.write(answerText({ headers: `openai-x: Bearer ${key}\r\n` })),
    ],
    ['in JSON', 'broken', (key) => (socket) => socket.write(answerText({ body: JSON.stringify({ a: [key] }) }))],
    ['at the very end', 'broken', (key) => (socket) => socket.write(answerText({ body: `{"a":"b"}${key}` }))],
    [
      'in base64',
      'broken',
      (key) => (socket) => socket.write(answerText({ body: JSON.stringify({ a: base64(key) }) })),
    ],
    ['in base64, moved', 'broken', (key) => (socket) => socket.write(answerText({ body: base64(`x${key}yz`) }))],
    ['percent-encoded', 'broken', (key) => (socket) => socket.write(answerText({ body: percent(key) }))],
    ['in a refusal of 400', 'key_reflected', (key) => (socket) => socket.write(refusal(key, '400 Bad Request'))],
    ['in a refusal of 500', 'key_reflected', (key) => (socket) => socket.write(refusal(key, '500 Oh'))],
    ['in base64 in a refusal', 'key_reflected', (key) => (socket) => socket.write(refusal(base64(key), '422 No'))],
    ['in a stream', 'broken', (key) => slowly(sse(delta('a'), delta(key), DONE))],
    [
      'over three chunks',
      'broken',
      (key) => slowly(sse(delta('a'), key.slice(0, 9), key.slice(9, 20), key.slice(20), DONE)),
    ],
    ['byte by byte', 'broken', (key) => slowly(sse(delta('a'), ...key, DONE))],
  ]
  for (const [where, type, make] of REFLECTED) {
    test(`${where}: ${type === 'broken' ? 'the answer breaks off' : '502'}`, async () => {
      const got = await answered(make(APP_KEY))
      assertRefused(got, type)
      for (const part of [APP_KEY.slice(0, 24), base64(APP_KEY).slice(2, 30), percent(APP_KEY).slice(0, 40)]) {
        assert.ok(!got.text.includes(part), 'half of the key')
      }
      const other = await answered(make(OTHER_KEY))
      assert.ok(other.whole && other.type === undefined, 'what only looks like the key passes')
      const kept = ['x', ''].some((before) => other.body.includes(base64(before + OTHER_KEY).slice(0, -8)))
      const chunks = other.body.replaceAll('\r\n', '')
      assert.ok(
        kept || [other.text, chunks].some((text) => text.includes(OTHER_KEY) || text.includes(percent(OTHER_KEY))),
      )
    })
  }

  test('is gone with what no client gets: the reason, a cookie, an unknown header, a trailer, a chunk extension', async () => {
    const trailed = sse(delta('a'), DONE)
    trailed[trailed.length - 1] = `0;x=${APP_KEY}\r\nx-request-id: ${APP_KEY}\r\n\r\n`
    for (const answer of [
      (socket) => socket.write(answerText({ status: `200 ${APP_KEY}` })),
      (socket) => socket.write(answerText({ headers: `set-cookie: a=${APP_KEY}\r\nx-debug: ${APP_KEY}\r\n` })),
      slowly(trailed),
    ]) {
      const got = await answered(answer)
      assert.deepEqual([got.status, got.whole], [200, true])
    }
  })

  test('is not in what the server says of a refusal that is about the key', async () => {
    for (const status of ['401 Unauthorized', '403 Forbidden']) {
      const got = await answered((socket) =>
        socket.write(refusal(`Incorrect API key: ${APP_KEY.slice(0, 12)}***`, status)),
      )
      assert.ok(!got.text.includes('sk-app-'), got.text)
    }
  })
})

describe('an answer that is none', () => {
  const write = (text) => (socket) => socket.write(text)
  const end = (text) => (socket) => socket.end(text)
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
  const endless = (socket) => {
    socket.write(head)
    const more = setInterval(() => socket.write('x-more: and more\r\n'.repeat(200)), 5)
    socket.on('close', () => clearInterval(more))
  }
  const CASES = [
    ['garbage', 'upstream_failed', end('\0\x01\x02 nothing of HTTP')],
    ['a page of another protocol', 'upstream_failed', end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['HTTP/2', 'upstream_failed', end(`HTTP/2 200 OK\r\n\r\n${ANSWER}`)],
    ['nothing', 'upstream_failed', (socket) => socket.end()],
    ['a reset', 'upstream_failed', (socket) => socket.resetAndDestroy()],
    ['half a head', 'upstream_failed', end(head)],
    ['a head of a megabyte', 'upstream_failed', write(`${head}x: ${'a'.repeat(1 << 20)}\r\n\r\n`)],
    ['a head without an end', 'upstream_failed', endless],
    ['two lengths', 'upstream_failed', end(`${head}content-length: 5\r\ncontent-length: 7\r\n\r\n${ANSWER}`)],
    [
      'a length and chunks',
      'upstream_failed',
      end(`${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    ],
    ['a line broken in two', 'upstream_failed', end(`${head}x: a\nset-cookie: b\r\n\r\n${ANSWER}`)],
    ['status 000', 'upstream_failed', write(answerText({ status: '000 X' }))],
    ['status 099', 'upstream_failed', write(answerText({ status: '099 X' }))],
    ['status 999', 'upstream_failed', write(answerText({ status: '999 X' }))],
    ['a promise only', 'upstream_failed', end('HTTP/1.1 103 Early Hints\r\n\r\n')],
    ['another protocol from here on', 'upstream_failed', end('HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\nanything')],
    ['no content', 'upstream_failed', write('HTTP/1.1 204 No Content\r\n\r\n')],
    ['compressed, unasked', 'upstream_failed', (socket) => compressed(socket, '200 OK')],
    ['compressed, as a refusal', 'upstream_failed', (socket) => compressed(socket, '400 Bad')],
    [
      'a refusal of three megabytes',
      'upstream_failed',
      end(answerText({ status: '400 No', body: 'x'.repeat(3 << 20) })),
    ],
    ['a refusal shorter than it says', 'upstream_failed', end(answerText({ status: '400 No', length: 9000 }))],
    ['shorter than it says', 'broken', end(answerText({ length: 9000 }))],
    ['a bad chunk', 'broken', slowly([...sse(delta('a')).slice(0, -1), 'zz\r\nhello\r\n'])],
    ['chunks without an end', 'broken', end(sse(delta('a')).slice(0, -1).join(''))],
    ['a reset in the middle', 'broken', (socket) => breakOff(socket)],
  ]
  function compressed(socket, status) {
    const body = gzipSync(JSON.stringify({ key: APP_KEY }))
    socket.write(`HTTP/1.1 ${status}\r\ncontent-encoding: gzip\r\ncontent-length: ${body.length}\r\n\r\n`)
    socket.write(body)
  }
  function breakOff(socket) {
    socket.write(sse(delta('a')).slice(0, -1).join(''))
    setTimeout(() => socket.resetAndDestroy(), 50)
  }
  for (const [what, type, answer] of CASES) {
    test(`${what}: ${type === 'broken' ? 'breaks off, visibly' : type}`, async () => {
      const requests = provider.requests
      assertRefused(await answered(answer), type)
      assert.equal(provider.requests, requests + 1, 'it is asked once')
    })
  }

  test('breaks off for a client of HTTP/1.0 too: its connection is reset', async () => {
    provider.answer = (socket) => breakOff(socket)
    const text = `POST ${CHAT} HTTP/1.0\r\nauthorization: Bearer ${await token(USER)}\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
    assert.equal((await sendRaw(server, text)).error, 'ECONNRESET')
    provider.answer = (socket) => socket.write(answerText())
    assert.equal((await sendRaw(server, text)).error, undefined)
  })
})

describe('an answer with more to it', () => {
  test('has one head, with one framing and nothing that is between the provider and this server', async () => {
    const extra = {
      'set-cookie': 'session=1',
      location: 'https://evil.example/',
      connection: 'upgrade, x-hop',
      upgrade: 'x',
      'access-control-allow-origin': '*',
      'access-control-allow-credentials': 'true',
      'strict-transport-security': 'max-age=1',
      'clear-site-data': '"*"',
      refresh: '0;url=https://evil.example/',
      'www-authenticate': 'Basic',
      'keyhold-source': 'own',
      'keyhold-request-id': 'forged',
      'x-powered-by': 'evil',
    }
    const headers = Object.entries(extra)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')
    for (const status of ['200 OK', '400 No']) {
      const got = await answered((socket) =>
        socket.write(answerText({ status, headers: `${headers}x-request-id: r-1\r\n` })),
      )
      assert.deepEqual([got.status, got.whole, got.body], [Number(status.slice(0, 3)), true, ANSWER])
      for (const [name, value] of Object.entries(extra)) assert.notEqual(got.headers.get(name), value, name)
      assert.ok(!got.text.includes('evil') && !got.text.includes('forged'))
      assert.equal(got.headers.get('keyhold-source'), 'app')
      assert.equal(got.headers.get('x-request-id'), 'r-1', 'what a client may see is there')
      assert.equal(got.headers.has('content-length') && got.headers.has('transfer-encoding'), false)
    }
  })

  test('which leads elsewhere is passed on as it is, and not followed', async () => {
    const visits = []
    const elsewhere = createServer((request, response) => {
      visits.push(request.headers)
      response.end('{}')
    })
    await listen(elsewhere, 0)
    try {
      const location = `http://127.0.0.1:${elsewhere.address().port}/v1/chat/completions`
      for (const status of ['301 Moved', '302 Found', '303 See', '307 Temporary', '308 Permanent']) {
        const got = await answered((socket) =>
          socket.write(answerText({ status, headers: `location: ${location}\r\n`, body: '{}' })),
        )
        assert.deepEqual([got.status, got.headers.get('location')], [Number(status.slice(0, 3)), undefined])
      }
      assert.equal(visits.length, 0)
      await fetch(location)
      assert.equal(visits.length, 1, 'it could have been')
    } finally {
      await stop(elsewhere)
    }
  })

  test('before which there are others of 1xx is one answer', async () => {
    const early = 'HTTP/1.1 100 Continue\r\n\r\n' + 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(3)
    for (const answer of [(socket) => socket.write(early + answerText()), slowly([early, early, answerText()])]) {
      const got = await answered(answer)
      assert.deepEqual([got.status, got.body], [200, ANSWER])
      assert.ok(!got.text.includes('103') && !got.headers.has('link'))
    }
  })

  test('of which something follows is not the next answer', async () => {
    const more = answerText({ body: '{"evil":true}' })
    for (const answer of [(socket) => socket.write(answerText() + more), slowly([answerText(), more])]) {
      const got = await answered(answer)
      assert.deepEqual([got.status, got.body], [200, ANSWER])
      await new Promise((done) => setTimeout(done, 100))
      const next = await answered((socket) => socket.write(answerText()))
      assert.deepEqual([next.status, next.body], [200, ANSWER])
    }
    const short = await answered((socket) => socket.end(answerText({ length: 10 })))
    assert.deepEqual([short.status, short.body], [200, ANSWER.slice(0, 10)])
  })
})
