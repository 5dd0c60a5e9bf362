// hostile-wire: bytes that no good client sends. Whatever it is, it gets at most one answer, and nothing of it reaches the
// provider as a request of its own: heads that two readers take differently, sizes that lie, paths that lead elsewhere, silence.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { attackServer } from './support/hostile.mjs'
import { BODY, CHAT, answerOf, callRaw, requestText, sendRaw, statusesIn } from './support/raw.mjs'
import { QUESTION, account, token } from './support/server.mjs'

const USER = 'u-wire'
/** client.h's kHeadTime, and what a busy machine may need beyond it. */
const HEAD_MS = 15_000
const LATE_MS = 6000
const IDLE_CLIENTS = 200
let provider
let server
let auth
let slowHead

attackServer(USER, async (attacked) => {
  ;({ provider, server } = attacked)
  auth = ['authorization', `Bearer ${await token(USER)}`]
  slowHead = trickle()
})

/** A head that never ends, a byte of it each second: so long until the server ends it. */
function trickle() {
  return new Promise((done) => {
    const started = Date.now()
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    socket.write(`POST ${CHAT} HTTP/1.1\r\nhost: relay\r\nx-slow: `)
    const drip = setInterval(() => socket.write('a'), 1000)
    socket.on('data', (data) => (text += data))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearInterval(drip)
      done({ ms: Date.now() - started, text })
    })
  })
}

const json = ['content-type', 'application/json']
const call = (headers, body, line = `POST ${CHAT}`) => requestText(line, [auth, json, ...headers], body)
const length = ['content-length', String(BODY.length)]
const chunked = ['transfer-encoding', 'chunked']
const chunk = (size = BODY.length.toString(16), body = BODY) => `${size}\r\n${body}\r\n0\r\n\r\n`
/** What is to be smuggled: a good call, so that it would be made. */
const smuggled = () => call([length], BODY)

describe('requests that two readers could take differently', () => {
  const CASES = {
    'a length, then chunks': () => call([length, chunked], '0\r\n\r\n') + smuggled(),
    'chunks, then a length': () => call([chunked, length], '0\r\n\r\n') + smuggled(),
    'two lengths': () => call([length, ['content-length', '3']], BODY) + smuggled(),
    'a list of two lengths': () => call([['content-length', `${BODY.length}, 3`]], BODY) + smuggled(),
    'a length below nothing': () => call([['content-length', '-1']], smuggled()),
    'a length with a plus': () => call([['content-length', `+${BODY.length}`]], BODY) + smuggled(),
    'a length in hexadecimal': () => call([['content-length', '0x10']], BODY) + smuggled(),
    'a length that is no number': () => call([['content-length', 'ten']], BODY) + smuggled(),
    'a length beyond all numbers': () => call([['content-length', '9'.repeat(40)]], BODY) + smuggled(),
    'a coding nobody knows': () => call([['transfer-encoding', 'xchunked']], smuggled()),
    'a coding nobody knows, and a length': () => call([['transfer-encoding', 'xchunked'], length], BODY) + smuggled(),
    'chunks that are not the last coding': () => call([['transfer-encoding', 'chunked, identity']], smuggled()),
    'chunks within another coding': () => call([['transfer-encoding', 'gzip, chunked']], chunk()) + smuggled(),
    'two codings on two lines': () => call([chunked, ['transfer-encoding', 'identity']], chunk()) + smuggled(),
    'chunks twice': () => call([chunked, chunked], chunk()) + smuggled(),
    'a coding on a folded line': () => call([['transfer-encoding', '\r\n chunked'], length], '0\r\n\r\n') + smuggled(),
    'chunks in HTTP/1.0': () => call([chunked], chunk()).replace('HTTP/1.1', 'HTTP/1.0') + smuggled(),
    'a space before the colon': () => call([['content-length ', BODY.length]], BODY) + smuggled(),
    'a space before the first name': () => call([length], BODY).replace('host', ' host') + smuggled(),
    'lines that end in LF': () => call([length], '').replaceAll('\r\n', '\n') + BODY + smuggled(),
    'one line that ends in LF': () => call([['x-a', 'b\nx-c: d'], length], BODY) + smuggled(),
    'CR within a line': () => call([['x-a', 'b\rx-c: d'], length], BODY) + smuggled(),
    'NUL in a value': () => call([['x-a', 'b\0c'], length], BODY) + smuggled(),
    'NUL in a name': () => call([['x-\0a', 'b'], length], BODY) + smuggled(),
    'a line without a colon': () => call([length], BODY).replace('host: relay', 'host') + smuggled(),
    'a chunk size that is none': () => call([chunked], chunk('zz')) + smuggled(),
    'a chunk size below nothing': () => call([chunked], chunk('-5')) + smuggled(),
    'a chunk size beyond all numbers': () => call([chunked], chunk('f'.repeat(20))) + smuggled(),
    'a chunk size with 0x': () => call([chunked], chunk(`0x${BODY.length.toString(16)}`)) + smuggled(),
    'a chunk size with a space': () => call([chunked], chunk(`${BODY.length.toString(16)} `)) + smuggled(),
    'a chunk longer than its size': () => call([chunked], chunk('5')) + smuggled(),
    'HTTP/2 at once': () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${smuggled()}`,
    'HTTP/3.1': () => call([length], BODY).replace('HTTP/1.1', 'HTTP/3.1') + smuggled(),
    'no version': () => `GET /healthz\r\n\r\n${smuggled()}`,
    'a TLS greeting': () => Buffer.from('16030100a50100009f0303', 'hex'),
    'six hundred bytes of anything': () => Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 97 + 13) % 256)),
    'empty lines first': () => `\r\n\r\n\r\n${smuggled()}`,
  }
  for (const [what, make] of Object.entries(CASES)) {
    test(`${what}: 400, the connection's end, and no call`, async () => {
      provider.requests.length = 0
      const { text, closed } = await sendRaw(server, make())
      assert.deepEqual(statusesIn(text), [what === 'a length beyond all numbers' && /413/.test(text) ? 413 : 400], text)
      assert.ok(closed, 'nothing more is read from it')
      assert.equal(provider.requests.length, 0)
    })
  }

  test('a chunk whose line ends in LF is waited for, and never a call', async () => {
    provider.requests.length = 0
    const { text } = await sendRaw(server, call([chunked], chunk().replaceAll('\r\n', '\n')) + smuggled(), 500)
    assert.ok(
      statusesIn(text).every((status) => status === 400),
      text,
    )
    assert.equal(provider.requests.length, 0)
  })

  test('two good calls on one connection are two: the second would have been seen above', async () => {
    provider.requests.length = 0
    const { text } = await sendRaw(server, smuggled() + call([length, ['connection', 'close']], BODY))
    assert.deepEqual(statusesIn(text), [200, 200])
    assert.equal(provider.requests.length, 2)
  })

  test('what is odd but has one meaning is one call: chunk extensions, a folded value, the same length twice', async () => {
    for (const [headers, body] of [
      [[chunked], chunk(`${BODY.length.toString(16)};name=value`)],
      [[['x-a', 'b\r\n c'], length], BODY],
      [[length, length], BODY],
    ]) {
      provider.requests.length = 0
      const { text } = await sendRaw(server, call([...headers, ['connection', 'close']], body))
      assert.deepEqual(statusesIn(text), [200])
      assert.deepEqual(JSON.parse(provider.requests[0].text), QUESTION)
      assert.equal(provider.requests.length, 1)
      assert.equal(provider.requests[0].headers['x-a'], undefined)
    }
  })

  test('HTTP/1.0 is answered without chunks, and its connection ended', async () => {
    const { text, closed } = await sendRaw(server, call([length], BODY).replace('HTTP/1.1', 'HTTP/1.0'))
    const answer = answerOf(text)
    assert.deepEqual([answer.status, answer.headers.get('transfer-encoding'), closed], [200, undefined, true])
    assert.equal(JSON.parse(answer.body).usage.prompt_tokens, 10)
  })
})

describe('too much, and too slow', () => {
  test('a head of 20 kB is 431, one of 12 kB is fine', async () => {
    const large = await sendRaw(server, requestText('GET /healthz', [['x', 'a'.repeat(20_000)]]))
    assert.deepEqual([statusesIn(large.text), large.closed], [[431], true])
    const many = await sendRaw(
      server,
      requestText(
        'GET /healthz',
        Array.from({ length: 4000 }, () => ['x', 'y']),
      ),
    )
    assert.deepEqual(statusesIn(many.text), [431])
    const fine = requestText('GET /healthz', [
      ['x', 'a'.repeat(12_000)],
      ['connection', 'close'],
    ])
    assert.deepEqual(statusesIn((await sendRaw(server, fine)).text), [200])
  })

  for (const [how, headers] of [
    ['says so', [['content-length', '100000000']]],
    ['comes in chunks', [chunked]],
  ]) {
    test(`a body of 100 MB that ${how} is 413 before it is all there`, async () => {
      provider.requests.length = 0
      const { text, taken } = await pour(call(headers, ''), how === 'comes in chunks')
      assert.deepEqual(statusesIn(text), [413])
      assert.equal(answerOf(text).type, 'too_large')
      assert.ok(taken < 60e6, `${taken} bytes were taken`)
      assert.equal(provider.requests.length, 0)
    })
  }

  test('a page may read that its body is too large', async () => {
    const { text } = await sendRaw(
      server,
      call(
        [
          ['origin', 'https://app.example.com'],
          ['content-length', '100000000'],
        ],
        '',
      ),
      1500,
    )
    assert.deepEqual(statusesIn(text), [413])
    assert.equal(answerOf(text).headers.get('access-control-allow-origin'), 'https://app.example.com')
  })

  test('no body is taken from whoever needs no token, or has none', async () => {
    for (const [line, status, ...headers] of [
      ['GET /healthz', 413],
      ['GET /v1/plans', 413],
      ['GET /v1/account', 413, auth],
      [`OPTIONS ${CHAT}`, 413, ['origin', 'https://app.example.com'], ['access-control-request-method', 'POST']],
      [`POST ${CHAT}`, 401],
    ]) {
      const { text } = await sendRaw(server, requestText(line, [...headers, ['content-length', '5000000']]))
      assert.deepEqual(statusesIn(text), [status], line)
    }
  })

  test('a refusal is there to be read, also by a client that is still sending', async () => {
    const answer = await fetch(`${server.url}/v1/relay/mock/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer none', 'content-type': 'application/json' },
      body: JSON.stringify({ ...QUESTION, messages: [{ role: 'user', content: 'x'.repeat(3e6) }] }),
    })
    assert.equal(answer.status, 401)
  })

  test('a body that stops half way is no call, and holds nothing', async () => {
    provider.requests.length = 0
    for (let i = 0; i < 10; i++) await sendRaw(server, call([length], BODY.slice(0, 20)), 20)
    assert.equal(provider.requests.length, 0)
    assert.equal((await account(server, USER)).held, 0)
  })

  test(`${IDLE_CLIENTS} connections that say nothing keep nobody from calling`, async () => {
    const sockets = Array.from({ length: IDLE_CLIENTS }, () => connect(server.port, '127.0.0.1'))
    try {
      await Promise.all(sockets.map((socket) => new Promise((done) => socket.once('connect', done))))
      assert.equal((await callRaw(server, USER)).status, 200)
    } finally {
      for (const socket of sockets) socket.destroy()
    }
  })

  /** As much of a body as the server takes. `taken`: what the system took for it. */
  function pour(head, chunks) {
    const megabyte = Buffer.alloc(1 << 20, 'a')
    const piece = chunks ? Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')]) : megabyte
    return new Promise((done) => {
      const socket = connect(server.port, '127.0.0.1')
      let [text, taken, over] = ['', 0, false]
      const more = () => {
        if (over || taken >= 100e6) return
        socket.write(piece, (error) => {
          if (error) return
          taken += piece.length
          more()
        })
      }
      socket.on('data', (data) => (text += data))
      socket.on('error', () => {})
      socket.on('end', () => (over = true))
      socket.on('close', () => done({ text, taken }))
      socket.write(head, more)
    })
  }
})

describe('addresses that lead elsewhere', () => {
  const below = '/v1/relay/mock/'
  const REFUSED = [
    [`${below}../../admin`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}../chat/completions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}./chat/completions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}%2e%2e/admin`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}.%2E/admin`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}%252e%252e/admin`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat%2fcompletions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat%5ccompletions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat\\completions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}..\\admin`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}/chat/completions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat//completions`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat/completions/`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}Chat/Completions`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}chat/completions%00`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat/completions%0d%0ax-evil:%20y`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}chat/completions?a=%0d%0ax-evil:%20y`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}chat/completions?a=b`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}chat/completions?/../../admin`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}chat/completions#x`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}?chat/completions`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}models`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}files`, 'ERR_PATH_NOT_ALLOWED'],
    [below, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}http://127.0.0.1:1/`, 'ERR_UNKNOWN_ENDPOINT'],
    [`${below}@127.0.0.1:1/chat/completions`, 'ERR_PATH_NOT_ALLOWED'],
    [`${below}:1/chat/completions`, 'ERR_PATH_NOT_ALLOWED'],
    ['/v1/relay/mock', 'ERR_PATH_NOT_ALLOWED'],
    ['/v1/relay/mock@127.0.0.1:1/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay/127.0.0.1:1/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay/%6dock/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay/MOCK/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay/nobody/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay//chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    ['/v1/relay/../relay/mock/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
    // One of the catalogue; but the operator has no key for it.
    ['/v1/relay/openai/chat/completions', 'ERR_UNKNOWN_PROVIDER'],
  ]
  test('are refused by name, and nothing is sent anywhere', async () => {
    provider.requests.length = 0
    for (const [path, code] of REFUSED) {
      const answer = await callRaw(server, USER, { path })
      assert.deepEqual([answer.status, answer.type, answer.code], [403, 'call_not_allowed', code], path)
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE', 'CONNECT', 'OPTIONS', 'PROPFIND']) {
      const answer = await callRaw(server, USER, { method })
      assert.equal(answer.status, 403, method)
    }
    assert.equal(provider.requests.length, 0)
    assert.equal((await callRaw(server, USER)).status, 200)
    assert.equal(provider.requests[0].url, '/v1/chat/completions')
  })

  test('what is asked of a proxy is not there', async () => {
    provider.requests.length = 0
    for (const line of [
      `POST http://127.0.0.1:1${CHAT}`,
      `POST ${provider.base}chat/completions`,
      'CONNECT 127.0.0.1:1',
      'OPTIONS *',
      'POST //127.0.0.1:1/chat/completions',
      'GET /v1/plans/../account',
      'GET /v1/Account',
      'GET /v1/account/',
      'GET /metrics',
    ]) {
      const { text } = await sendRaw(server, requestText(line, [auth, ['connection', 'close']]))
      assert.deepEqual(statusesIn(text), [404], line)
    }
    for (const line of ['TRACE /healthz', 'POST /v1/plans', 'DELETE /v1/account']) {
      const { text } = await sendRaw(server, requestText(line, [auth, ['connection', 'close']]))
      assert.deepEqual(statusesIn(text), [405], line)
      assert.ok(!text.includes(auth[1]))
    }
    assert.equal(provider.requests.length, 0)
  })
})

test('a head that comes byte by byte is cut off by its time limit', async () => {
  const { ms, text } = await slowHead
  assert.equal(text, '', 'there is nothing to say to it')
  assert.ok(ms >= HEAD_MS - 100 && ms < HEAD_MS + LATE_MS, `${ms} ms`)
})
