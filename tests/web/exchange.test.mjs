// exchange: what a request may and may not do on the network, and what each way of failing is called.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeModule, fakes } from './support/fake-engine.mjs'
import { keyhold } from './support/load.mjs'
import { provider } from './support/provider.mjs'
import { tick } from './support/browser.mjs'

const { exchange, PolicyWatch, Failure, CHECK_LIMITS } = keyhold
const scope = new EventTarget()
const policy = new PolicyWatch(scope)
const net = (over = {}) => ({
  send: fetch,
  policy,
  online: () => true,
  now: () => Date.now(),
  tick: () => performance.now(),
  ...over,
})
const failsWith = (code) => (error) => error.problem?.code === code
const live = new AbortController().signal

const server = await provider(({ url }, response) => {
  if (url === '/redirect') return response.writeHead(307, { location: '/elsewhere' }).end()
  if (url === '/silent') return undefined
  if (url === '/stall') return response.write('first')
  if (url === '/cut') {
    response.writeHead(200, { 'content-length': '1000' }).write('some')
    return setTimeout(() => response.destroy(), 10)
  }
  if (url === '/empty') return response.writeHead(204).end()
  return response.writeHead(200, { 'x-hidden': '1', 'x-shown': '2' }).end('hello')
})
after(() => server.close())

/** The call an engine would make for this path. */
function callTo(path, base = server.base) {
  const engine = new (fakeModule().Engine)()
  engine.base = base
  return engine.fetch(base + path, 'GET', [['x-mine', '1']], null).value
}
const run = (path, { limits = CHECK_LIMITS, sink, signal = live, over, base } = {}) =>
  exchange(callTo(path, base), net(over), limits, signal, sink)

test('the key goes into one header, its bytes are wiped, and fetch is told to keep nothing and follow nothing', async () => {
  let init
  await run('x', { over: { send: (url, given) => ((init = given), fetch(url, given)) } })
  assert.equal(server.requests.at(-1).headers.authorization, 'Bearer stored')
  assert.equal(server.requests.at(-1).headers['x-mine'], '1')
  assert.ok(fakes.lastSecretValue.every((byte) => byte === 0))
  const { mode, redirect, credentials, referrerPolicy, cache } = init
  assert.deepEqual(
    { mode, redirect, credentials, referrerPolicy, cache },
    { mode: 'cors', redirect: 'error', credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' },
  )
})

test('the sink gets the headers the engine lets pass, and the bytes', async () => {
  let head
  let body = ''
  await run('x', {
    sink: {
      head: (_response, headers) => (head = headers),
      bytes: (bytes) => (body += new TextDecoder().decode(bytes)),
    },
  })
  assert.ok(head.some(([name]) => name === 'x-shown'))
  assert.ok(!head.some(([name]) => name === 'x-hidden'))
  assert.equal(body, 'hello')
})

test('a redirect is never followed: the key does not reach the second address', async () => {
  const before = server.requests.length
  await assert.rejects(run('redirect'), (error) => error instanceof Failure)
  const seen = server.requests.slice(before).map(({ url }) => url)
  assert.ok(seen.includes('/redirect'))
  assert.ok(!seen.includes('/elsewhere'))
})

test('an answer without a body comes to its end', async () => {
  const { firstByteMs, totalMs } = await run('empty')
  assert.ok(firstByteMs >= 0 && totalMs >= firstByteMs)
})

test('silence is ERR_TIMEOUT, before the first byte and between two', async () => {
  const soon = { firstByteMs: 30, idleMs: 30 }
  await assert.rejects(run('silent', { limits: soon }), failsWith('ERR_TIMEOUT'))
  await assert.rejects(run('stall', { limits: soon }), failsWith('ERR_TIMEOUT'))
  await assert.rejects(run('stall', { limits: { firstByteMs: 60, idleMs: null } }), failsWith('ERR_TIMEOUT'))
  await tick(20)
  assert.ok(
    server.requests.filter(({ url }) => url !== '/x').every(({ closed }) => closed),
    'no connection stays open',
  )
})

test('a reader that takes its time is not a provider that is silent', async () => {
  const slowly = { room: () => tick(80), bytes() {} }
  await run('x', { limits: { firstByteMs: 2_000, idleMs: 40 }, sink: slowly })
})

test('a body cut short is ERR_CONNECTION_CUT', async () => {
  await assert.rejects(run('cut'), failsWith('ERR_CONNECTION_CUT'))
})

test('an abort ends it with the reason given, whether waiting, reading or held back by the reader', async () => {
  const reason = new Failure('ERR_LOCKED')
  for (const [path, sink] of [
    ['silent', undefined],
    ['stall', undefined],
    ['x', { room: (signal) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))) }],
  ]) {
    const controller = new AbortController()
    const running = run(path, { signal: controller.signal, sink })
    setTimeout(() => controller.abort(reason), 30)
    await assert.rejects(running, (error) => error === reason)
  }
  const ended = new AbortController()
  ended.abort(reason)
  const before = server.requests.length
  await assert.rejects(run('x', { signal: ended.signal }), (error) => error === reason)
  assert.equal(server.requests.length, before, 'nothing is sent after the end')
})

test('fetch failed: the policy is looked at first, then the line, then one probe without the key', async () => {
  const dead = 'https://api.test/'
  const sent = []
  const failing = (reached) => (url, init) => {
    sent.push({ url, init })
    return init.mode === 'no-cors' && reached
      ? Promise.resolve(new Response())
      : Promise.reject(new TypeError('failed'))
  }
  const violation = Object.assign(new Event('securitypolicyviolation'), { blockedURI: 'https://api.test/v1' })
  const blocked = run('x', { base: dead, over: { send: failing(true) } })
  await tick(5)
  scope.dispatchEvent(violation)
  await assert.rejects(blocked, failsWith('ERR_NOT_PERMITTED_BY_SITE'))
  assert.equal(sent.length, 1, 'no probe when the policy is the cause')

  sent.length = 0
  const offline = { send: failing(true), online: () => false }
  await assert.rejects(run('x', { base: dead, over: offline }), failsWith('ERR_OFFLINE'))
  assert.equal(sent.length, 1, 'no probe when offline')

  for (const [reached, code] of [
    [true, 'ERR_NO_CORS'],
    [false, 'ERR_BLOCKED'],
  ]) {
    sent.length = 0
    await assert.rejects(run('x', { base: dead, over: { send: failing(reached) } }), failsWith(code))
    assert.equal(sent.length, 2)
    assert.equal(sent[1].url, `${dead}probe`)
    assert.equal(sent[1].init.headers, undefined, 'the probe carries no header at all')
    assert.equal(sent[1].init.credentials, 'omit')
  }
})

test('a violation of another address is not taken for this one', async () => {
  const watch = new PolicyWatch(scope)
  const violation = (blockedURI) =>
    scope.dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { blockedURI }))
  violation('https://other.test/')
  violation('inline')
  assert.equal(await watch.blocked('https://mine.test/v1'), false)
  violation('https://mine.test/v1')
  assert.equal(await watch.blocked('https://mine.test/v1'), true)
  assert.equal(await watch.blocked('https://mine.test/v1'), false, 'one event explains one failure')
})

test('a header value that fetch will not carry is refused without quoting it', async () => {
  const call = callTo('x')
  call.outgoing.secret.value = new TextEncoder().encode('line\nbreak')
  await assert.rejects(exchange(call, net(), CHECK_LIMITS, live), failsWith('ERR_BAD_REQUEST'))
  assert.ok(call.outgoing.secret.value.every((byte) => byte === 0))
})

test('the policy canary: a request that succeeds means that no policy holds the worker', async () => {
  assert.equal(await keyhold.policyMissing(fetch), true)
  assert.equal(await keyhold.policyMissing(() => Promise.reject(new TypeError('blocked'))), false)
})
