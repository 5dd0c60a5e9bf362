// hostile: what a client, a page or a provider can try that means harm. Each has a control: the same search finds what is meant
// to be there, and a good call still works afterwards.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import {
  APP_KEY,
  ask,
  complete,
  configOf,
  ORIGIN,
  QUESTION,
  settled,
  startProvider,
  startServer,
  token,
} from './support/server.mjs'

const CANARY = 'sk-canary-0123456789abcdefghijklmnopqrstuvwxyz'
let provider
let server
let good

before(async () => {
  provider = await startProvider()
  server = await startServer(configOf(provider))
  good = await token('ann')
})
beforeEach(() => {
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response)
})
afterEach(async () => {
  provider.answer = (_, response) => complete(response)
  assert.equal((await ask(server, 'ann')).status, 200, 'it still serves')
  const { held } = await settled(server, 'ann')
  assert.equal(held, 0)
})
after(async () => {
  await server?.stop()
  await provider?.stop()
})

/** Sends bytes as they are, and reads until the server closes or `ms` have passed. */
function raw(bytes, ms = 3000) {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes))
    const done = () => {
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(done, ms)
    socket.on('data', (data) => (answer += data))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      done()
    })
  })
}
const statuses = (answer) => [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
const body = JSON.stringify(QUESTION)
const head = (...lines) =>
  ['POST /v1/relay/mock/chat/completions HTTP/1.1', 'Host: x', `Authorization: Bearer ${good}`, ...lines, '', ''].join(
    '\r\n',
  )

const stored = () =>
  readdirSync(server.folder)
    .filter((name) => name.includes('.db'))
    .map((name) => readFileSync(join(server.folder, name), 'latin1'))
    .join('')

test("a user's key, wherever it is put by mistake, reaches no log, no database and no provider", async () => {
  const places = [
    { headers: { 'x-api-key': CANARY } },
    { headers: { 'api-key': CANARY } },
    { headers: { 'x-goog-api-key': CANARY } },
    { headers: { cookie: `key=${CANARY}` } },
    { headers: { 'x-anything': CANARY } },
    { headers: { 'openai-organization': 'org', 'proxy-authorization': CANARY } },
    { path: `mock/chat/completions?key=${CANARY}` },
    { path: `mock/${CANARY}` },
    { path: `${CANARY}/chat/completions` },
    { body: { ...QUESTION, api_key: CANARY } },
    { headers: { 'idempotency-key': CANARY } },
  ]
  for (const place of places) await (await ask(server, 'ann', place)).text()
  await raw(head(`Authorization: Bearer ${CANARY}`, `Content-Length: ${body.length}`) + body, 500)
  const came = JSON.stringify(provider.requests.map(({ url, headers, text }) => [url, headers, text]))
  assert.ok(!came.includes(CANARY))
  assert.ok(!server.log.includes(CANARY))
  // The client's own name for its call is kept, so that it is not made twice: it is the only thing of these that is.
  assert.equal(stored().split(CANARY).length > 1, true, 'control: the search finds it there')
  const fresh = await startServer(configOf(provider))
  for (const place of places.slice(0, -1)) await (await ask(fresh, 'ann', place)).text()
  const bytes = readdirSync(fresh.folder).map((name) => readFileSync(join(fresh.folder, name), 'latin1'))
  assert.ok(!bytes.join('').includes(CANARY))
  await fresh.stop()
  // Control: what is meant for the provider does reach it.
  provider.requests.length = 0
  await (await ask(server, 'ann', { body: { ...QUESTION, messages: [{ role: 'user', content: CANARY }] } })).text()
  assert.ok(provider.requests[0].text.includes(CANARY))
  assert.equal(provider.requests[0].headers.authorization, `Bearer ${APP_KEY}`)
  assert.ok(!server.log.includes(CANARY) && !server.log.includes(APP_KEY))
  assert.ok(!stored().includes(APP_KEY))
})

test("a provider that repeats the app's key gets it no further", async () => {
  const repeat = (secret) => [
    (_, response) => complete(response, { text: `you sent ${secret}` }),
    (_, response) => complete(response, { text: Buffer.from(secret).toString('base64') }),
    (_, response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end(`{"error":{"message":"bad ${secret}"}}`),
    (_, response) => response.writeHead(200, { 'content-type': 'application/json', 'request-id': secret }).end('{}'),
    async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: "${secret.slice(0, 20)}`)
      await new Promise((done) => setTimeout(done, 20))
      response.end(`${secret.slice(20)}"\n\n`)
    },
  ]
  for (const answer of repeat(APP_KEY)) {
    provider.answer = answer
    const text = await ask(server, 'ann')
      .then((response) => response.text(), String)
      .catch(String)
    assert.ok(!text.includes(APP_KEY) && !text.includes(Buffer.from(APP_KEY).toString('base64')), text)
    assert.ok(!text.includes(APP_KEY.slice(20)), text)
  }
  const other = `${APP_KEY.slice(0, -3)}xyz`
  provider.answer = repeat(other)[0]
  assert.ok((await (await ask(server, 'ann')).text()).includes(other), 'control: another text passes')
})

test('a request that two readers could read differently is refused, and nothing of it goes on', async () => {
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'
  for (const request of [
    head(`Content-Length: ${body.length}`, 'Transfer-Encoding: chunked') + `0\r\n\r\n${smuggled}`,
    head('Transfer-Encoding: chunked', `Content-Length: ${body.length}`) + `0\r\n\r\n${smuggled}`,
    head('Content-Length: 5', `Content-Length: ${body.length}`) + body,
    head(`Content-Length : ${body.length}`) + body,
    head(`Content-Length: ${body.length}`, ' folded: x') + body,
    head('Content-Length: -1') + body,
    head('Content-Length: 99999999999999999999') + body,
    head('Transfer-Encoding: chunked') + `zz\r\n${body}\r\n0\r\n\r\n`,
    head('X-Nul: a\0b', `Content-Length: ${body.length}`) + body,
    `GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n`,
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  ]) {
    const seen = statuses(await raw(request, 1500))
    assert.ok(
      seen.length <= 1 && seen.every((status) => status >= 400),
      `${JSON.stringify(request.slice(0, 200))}: ${seen}`,
    )
  }
  assert.equal(provider.requests.length, 0)
  assert.deepEqual(statuses(await raw(head(`Content-Length: ${body.length}`) + body, 1000)), [200], 'control')
})

test('what is too large is refused, before all of it is read', async () => {
  assert.deepEqual(statuses(await raw(head(`X-Long: ${'x'.repeat(20_000)}`))), [431])
  assert.deepEqual(statuses(await raw(head(`Content-Length: ${33 << 20}`) + 'x'.repeat(1000))), [413])
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`
  assert.equal((await ask(server, 'ann', { body: deep })).status, 400)
  assert.equal((await ask(server, 'ann', { body: '{"model":"m-1","model":"m-1"}' })).status, 400)
  assert.equal(provider.requests.length, 0)
})

test('two hundred connections that say nothing, or half a request, are in nobody’s way', async () => {
  const sockets = Array.from({ length: 200 }, (_, i) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(i % 2 ? '' : 'POST /v1/relay/mo'))
    return socket.on('error', () => {})
  })
  await new Promise((done) => setTimeout(done, 200))
  assert.equal((await ask(server, 'ann')).status, 200)
  for (const socket of sockets) socket.destroy()
})

test('an address that leads elsewhere is refused, and nobody is asked', async () => {
  const path = (rest) =>
    raw(
      `POST /v1/relay/${rest} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      1000,
    )
  for (const rest of [
    'mock/../../admin',
    'mock/%2e%2e/admin',
    'mock/chat%2fcompletions',
    'mock//chat/completions',
    'mock/chat\\completions',
    'mock/models',
    'mock/http://127.0.0.1:1/',
    'mock/@127.0.0.1:1/chat/completions',
    'mock/chat/completions%0d%0aX-Evil:%201',
    'mock/chat/completions?x=%0d%0aX-Evil:%201',
    'openai/chat/completions',
    'nobody/chat/completions',
    'mock',
    '',
  ]) {
    const [status] = statuses(await path(rest))
    assert.ok([400, 402, 403, 404].includes(status), `${rest}: ${status}`)
  }
  assert.equal(provider.requests.length, 0)
  assert.deepEqual(statuses(await path('mock/chat/completions')), [200], 'control')
})

test('a page of another origin gets nothing, not even a preflight', async () => {
  const asked = { 'access-control-request-method': 'POST' }
  for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`, ORIGIN.replace('https', 'http')]) {
    for (const [path, method] of [
      ['/v1/plans', 'GET'],
      ['/v1/account', 'GET'],
      ['/v1/relay/mock/chat/completions', 'OPTIONS'],
    ]) {
      const response = await fetch(server.url + path, {
        method,
        headers: { origin, authorization: `Bearer ${good}`, ...asked },
      })
      assert.equal(response.status, 403)
      assert.equal(response.headers.get('access-control-allow-origin'), null)
    }
  }
  const ours = await fetch(`${server.url}/v1/plans`, { headers: { origin: ORIGIN } })
  assert.equal(ours.headers.get('access-control-allow-origin'), ORIGIN, 'control')
  assert.equal(ours.headers.get('access-control-allow-credentials'), null)
})

test('without a good token nothing is done, and the answer says in a word why', async () => {
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1]}.`
  for (const [authorization, code] of [
    [undefined, 'malformed'],
    [`Basic ${good}`, 'malformed'],
    [`Bearer ${await token('ann', { expires: '-5m' })}`, 'expired'],
    [`Bearer ${await token('ann', { audience: 'other' })}`, 'wrong_audience'],
    [`Bearer ${await token('ann', { secret: 'another-secret-of-32-bytes-or-more' })}`, 'bad_signature'],
    [`Bearer ${unsigned}`, 'algorithm'],
    [`Bearer ${'x'.repeat(9000)}`, 'too_large'],
  ]) {
    const headers = authorization ? { authorization } : {}
    const response = await fetch(`${server.url}/v1/relay/mock/chat/completions`, { method: 'POST', headers, body })
    const problem = await response.json()
    assert.deepEqual([response.status, problem.type, problem.code], [401, 'urn:keyhold:unauthorized', code])
  }
  assert.equal(provider.requests.length, 0)
})

test('whatever a provider answers, the client gets a problem or an answer that visibly broke off', async () => {
  const write = (text) => (seen, response) => response.socket.end(text)
  const json = 'content-type: application/json\r\n'
  for (const [text, expected] of [
    ['garbage', 502],
    [`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}`, 502],
    ['HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef', 502],
    [`HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n`, 302],
    [`HTTP/1.1 200 OK\r\n${json}content-length: 500\r\n\r\n{"a":`, 'broken'],
    [`HTTP/1.1 200 OK\r\n${json}transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`, 502],
    [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${json}content-length: 2\r\nset-cookie: a=b\r\n\r\n{}`, 200],
  ]) {
    provider.answer = write(text)
    const asking = fetch(`${server.url}/v1/relay/mock/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${good}`, 'content-type': 'application/json' },
      body,
      redirect: 'manual',
    })
    if (expected === 'broken') {
      await assert.rejects(asking.then((response) => response.text()))
      continue
    }
    const response = await asking
    assert.equal(response.status, expected, text.slice(0, 60))
    assert.equal(response.headers.get('set-cookie'), null)
    assert.equal(response.headers.get('location'), null)
  }
})
