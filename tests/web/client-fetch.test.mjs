// client-fetch: the vault's fetch beside the real one: the same request seen by a server, the same Response, the same rejections.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { provider } from './support/provider.mjs'

const server = await provider(({ url, method }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://x')
  if (pathname === '/status') {
    response.writeHead(Number(searchParams.get('code')), { 'x-answer': 'yes', 'content-type': 'text/plain' })
    return response.end(method === 'HEAD' ? undefined : 'body')
  }
  if (pathname === '/silent') return undefined
  if (pathname === '/begun') return response.write('one ')
  if (pathname === '/echo') return response.end(searchParams.get('text'))
  if (pathname === '/drip') {
    response.write('one ')
    return setTimeout(() => response.end('two'), 20)
  }
  if (pathname === '/cut') {
    response.writeHead(200, { 'content-length': '99' }).write('some')
    return setTimeout(() => response.destroy(), 10)
  }
  return response.writeHead(200, { 'content-type': 'application/json' }).end('{"a":1}')
})
const browser = new Browser({ config: { base: server.base } })
const tab = await browser.open()
await tab.create(passphrase())
await tab.add({ provider: 'fake', label: '', secret: key(), unchecked: true })
after(() => {
  browser.close()
  server.close()
})

/** The same call made both ways; what the server saw and what came back, as plain values. */
async function both(makeArguments) {
  const results = []
  for (const send of [fetch, tab.fetch]) {
    const before = server.requests.length
    const [input, init] = makeArguments()
    const response = await send(input, init)
    const { status, ok, statusText, url, redirected, bodyUsed } = response
    assert.equal(response.clone().url, url)
    const headers = Object.fromEntries(response.headers)
    assert.equal(headers['keyhold-source'], send === fetch ? undefined : 'user', 'the vault says who paid')
    delete headers['keyhold-source']
    for (const name of ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length', 'x-hidden']) {
      delete headers[name]
    }
    const text = await response.text()
    const { method, body, headers: sent } = server.requests[before]
    results.push({
      came: { status, ok, statusText, url, redirected, bodyUsed, headers, text, used: response.bodyUsed },
      saw: { method, body: body.toString(), type: sent['content-type'], mine: sent['x-mine'] },
    })
  }
  assert.deepEqual(results[1], results[0])
  return results[1]
}
const at = (path) => `${server.base}${path}`

test('GET by string, by URL and by Request', async () => {
  await both(() => [at('json')])
  await both(() => [new URL(at('json'))])
  await both(() => [new Request(at('json'), { headers: { 'x-mine': 'here' } })])
  await both(() => [
    new Request(at('json'), { headers: { 'x-mine': 'here' } }),
    { headers: { 'x-mine': 'overridden' } },
  ])
})

test('bodies of every kind arrive as fetch would send them', async () => {
  const post = (body, more) => [at('json'), { method: 'POST', body, ...more }]
  const { saw } = await both(() => post('{"model":"m"}', { headers: { 'content-type': 'application/json' } }))
  assert.equal(saw.type, 'application/json')
  await both(() => post('plain text'))
  await both(() => post(new URLSearchParams({ a: 'b c' })))
  await both(() => post(new TextEncoder().encode('bytes')))
  await both(() => post(new Blob(['blob'], { type: 'text/x-blob' })))
  await both(() => post(''))
  await both(() => post(new Blob(['{"a":1}'], { type: 'application/json' })))
  await both(() => post(new Blob([])))
  await both(() => [new Request(at('json'), { method: 'PUT', body: 'in the request' })])
  await both(() => [
    new Request(at('json'), { method: 'POST', body: 'replaced' }),
    { body: new Uint8Array([1, 0, 255]) },
  ])
  await both(() => post(new Blob(['in a stream']).stream(), { duplex: 'half' }))
  await both(() => {
    const type = { 'content-type': 'application/json' }
    return post(new Blob(['{"in":"a stream"}']).stream(), { duplex: 'half', headers: type })
  })
  await both(() => [new Request(at('json'), { method: 'DELETE', body: '{}' })])
})

test('a form arrives as fetch would send it, but for the boundary of its own', async () => {
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 256)
  const form = () => {
    const made = new FormData()
    made.append('purpose', 'batch ü')
    made.append('file', new File([bytes], 'a "b".bin', { type: 'application/x-thing' }))
    made.append('file', new Blob(['x']))
    return made
  }
  const seen = []
  for (const send of [fetch, tab.fetch]) {
    for (const request of [
      [at('json'), { method: 'POST', body: form() }],
      [new Request(at('json'), { method: 'POST', body: form() })],
      [at('json'), { method: 'POST', body: new FormData() }],
    ]) {
      assert.equal((await send(...request)).status, 200)
      const { body, headers } = server.requests.at(-1)
      const [, boundary] = /^multipart\/form-data; boundary=(\S+)$/.exec(headers['content-type'])
      seen.push(body.toString('latin1').replaceAll(boundary, 'BOUNDARY'))
    }
  }
  assert.ok(seen[0].includes(Buffer.from(bytes).toString('latin1')))
  assert.deepEqual(seen.slice(3), seen.slice(0, 3))
})

test('in an engine that cannot read a form back, it arrives the same', async (t) => {
  t.mock.method(Request.prototype, 'blob', () => Promise.reject(new DOMException('no', 'InvalidStateError')))
  const form = new FormData()
  form.append('a "b"\n', 'one\ntwo\r\nthree\rfour')
  form.append('file', new File([new Uint8Array([0, 13, 10, 255])], 'ü "b"\r\n.bin', { type: 'application/x-thing' }))
  form.append('file', new Blob(['x']))
  const seen = []
  for (const send of [fetch, tab.fetch]) {
    assert.equal((await send(at('json'), { method: 'POST', body: form })).status, 200)
    const { body, headers } = server.requests.at(-1)
    const [, boundary] = /boundary=(\S+)$/.exec(headers['content-type'])
    seen.push(body.toString('latin1').replaceAll(boundary, 'BOUNDARY'))
  }
  assert.equal(seen[1], seen[0])
  assert.ok(seen[0].length > 300)
})

test('a body is counted while it is read: one without an end is refused, and its source is told', async () => {
  let told = null
  let given = 0
  const endless = new ReadableStream({
    pull(controller) {
      given += 1
      controller.enqueue(new Uint8Array(64 * 1024 * 1024))
    },
    cancel: (reason) => void (told = reason ?? 'ended'),
  })
  const response = await tab.fetch(at('json'), { method: 'POST', body: endless, duplex: 'half' })
  assert.equal(response.status, 413)
  assert.ok(given <= 10, `${given} pieces were taken`)
  assert.equal(told, 'ended')
})

test('a body stream that fails, gives text or is aborted rejects as fetch does', async () => {
  const post = (stream, more) => tab.fetch(at('json'), { method: 'POST', body: stream, duplex: 'half', ...more })
  const failing = () => new ReadableStream({ start: (controller) => controller.error(new TypeError('mine')) })
  await assert.rejects(post(failing()), TypeError)
  await assert.rejects(post(new ReadableStream({ start: (c) => c.enqueue('text') })), TypeError)
  const controller = new AbortController()
  const reason = new Error('enough')
  let told = null
  const waiting = post(new ReadableStream({ cancel: (why) => void (told = why) }), { signal: controller.signal })
  setTimeout(() => controller.abort(reason), 10)
  await assert.rejects(waiting, (error) => error === reason)
  assert.equal(told, reason)
})

test('more calls than the worker takes at once wait for their turn, and can be given up while they wait', async (t) => {
  const controller = new AbortController()
  const { signal } = controller
  t.after(() => controller.abort())
  const before = server.requests.length
  const reached = () => server.requests.length - before
  const held = Array.from({ length: 56 }, () => tab.fetch(at('silent'), { signal }).catch(() => 'aborted'))
  const given = new AbortController()
  const left = tab.fetch(at('json'), { signal: given.signal })
  const behind = Array.from({ length: 100 }, () => tab.fetch(at('json')).then((response) => response.json()))
  for (const until = Date.now() + 10_000; reached() < 56 && Date.now() < until;) await tick(5)
  await tick(50)
  assert.equal(reached(), 56)
  given.abort()
  await assert.rejects(left, { name: 'AbortError' })
  controller.abort()
  assert.deepEqual(new Set(await Promise.all(held)), new Set(['aborted']))
  for (const answer of await Promise.all(behind)) assert.deepEqual(answer, { a: 1 })
  assert.equal(reached(), 156)
})

test('bytes that pass are the same whether they were copied on the way or not', async () => {
  for (const text of ['as they came', 'COPY of them']) {
    const response = await tab.fetch(at(`echo?text=${encodeURIComponent(text)}`))
    assert.equal(await response.text(), text)
  }
})

test('every status passes, and those without a body have none', async () => {
  for (const code of [200, 201, 204, 205, 304, 400, 401, 404, 429, 500, 503])
    await both(() => [at(`status?code=${code}`)])
  for (const [path, init] of [
    ['status?code=204', {}],
    ['status?code=200', { method: 'HEAD' }],
  ]) {
    const real = await fetch(at(path), init)
    const ours = await tab.fetch(at(path), init)
    assert.equal(ours.body, real.body)
    assert.equal(ours.body, null)
  }
})

test('the Response is like one from the network: address, immutable headers, clones, json, streams', async () => {
  const response = await tab.fetch(at('json'))
  assert.ok(response instanceof Response)
  assert.equal(response.url, at('json'))
  assert.equal(response.type, 'cors')
  for (const change of [(h) => h.append('a', 'b'), (h) => h.set('a', 'b'), (h) => h.delete('content-type')]) {
    assert.throws(() => change(response.headers), TypeError)
  }
  const clone = response.clone()
  assert.equal(clone.url, at('json'))
  assert.equal(clone.type, 'cors')
  assert.throws(() => clone.headers.set('a', 'b'), TypeError)
  assert.deepEqual(await response.json(), { a: 1 })
  assert.deepEqual(await clone.json(), { a: 1 })
  const pieces = []
  for await (const piece of (await tab.fetch(at('drip'))).body) pieces.push(new TextDecoder().decode(piece))
  assert.deepEqual(pieces, ['one ', 'two'])
})

test('wrong arguments reject as fetch rejects', async () => {
  for (const [input, init] of [
    ['http://user:pass@127.0.0.1/', {}],
    ['no url', {}],
    [at('json'), { method: 'GET', body: 'x' }],
    [at('json'), { method: 'TRACE' }],
    [at('json'), { headers: { 'a b': 'c' } }],
  ]) {
    await assert.rejects(fetch(input, init), TypeError)
    await assert.rejects(tab.fetch(input, init), TypeError)
  }
})

test('an abort rejects with its own reason: before, while waiting and in the body', async () => {
  for (const send of [fetch, tab.fetch]) {
    const reason = new Error('mine')
    await assert.rejects(send(at('json'), { signal: AbortSignal.abort(reason) }), (error) => error === reason)
    const controller = new AbortController()
    const waiting = send(at('silent'), { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await assert.rejects(waiting, (error) => error === reason)
    const later = new AbortController()
    const reader = (await send(at('drip'), { signal: later.signal })).body.getReader()
    await reader.read()
    later.abort(reason)
    await assert.rejects(reader.read(), (error) => error === reason)
    await assert.rejects(send(at('silent'), { signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })
    const inRequest = new AbortController()
    inRequest.abort(reason)
    await assert.rejects(send(new Request(at('json'), { signal: inRequest.signal })), (error) => error === reason)
  }
})

test('a failure of the network is a TypeError, with the vault’s diagnosis as its cause', async () => {
  for (const send of [fetch, tab.fetch]) await assert.rejects((await send(at('cut'))).text(), TypeError)
  await assert.rejects((await tab.fetch(at('cut'))).text(), ({ cause }) => cause.code === 'ERR_CONNECTION_CUT')
  const gone = new Browser({ config: { base: 'http://127.0.0.1:9/' } })
  const page = await gone.open()
  await page.create(passphrase())
  await assert.rejects(fetch('http://127.0.0.1:9/x'), TypeError)
  await assert.rejects(page.fetch('http://127.0.0.1:9/x'), (error) => {
    return error instanceof TypeError && error.cause.code === 'ERR_BLOCKED'
  })
  gone.close()
})

test('what the vault decides is an answer, marked so that no SDK repeats it', async () => {
  const refusals = {
    ERR_NO_KEY: 402,
    ERR_ENDPOINT_MISMATCH: 403,
    ERR_PATH_NOT_ALLOWED: 403,
    ERR_LOCKED: 423,
    ERR_TOO_LARGE: 413,
  }
  for (const [code, status] of Object.entries(refusals)) {
    const other = new Browser({ engine: { fetch: () => ({ error: code }) } })
    const page = await other.open()
    const response = await page.fetch('https://api.test/v1/chat')
    assert.equal(response.status, status)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.equal(response.headers.get('x-should-retry'), 'false')
    assert.equal(response.url, 'https://api.test/v1/chat')
    const problem = await response.json()
    assert.deepEqual([problem.code, problem.status, problem.type], [code, status, `urn:keyhold:${code}`])
    other.close()
  }
  const unknown = await tab.fetch('https://unknown.test/')
  assert.equal(unknown.status, 403)
  const big = await tab.fetch(at('json'), { method: 'POST', body: new Uint8Array(33 * 1024 * 1024) })
  assert.equal(big.status, 413)
})

test('a lock while the answer is awaited is 423; while the body arrives, a broken body', async () => {
  const other = new Browser({ config: { base: server.base } })
  const page = await other.open()
  await page.create(passphrase())
  const { body } = await page.fetch(at('begun'))
  const reader = body.getReader()
  await reader.read()
  const waiting = page.fetch(at('silent'))
  await tick(10)
  await page.lock()
  assert.equal((await waiting).status, 423)
  await assert.rejects(reader.read(), ({ cause }) => cause.code === 'ERR_LOCKED')
  other.close()
})

test('fetch can be handed to anything that takes one, and one key can be named', async () => {
  const { fetch: loose } = tab
  assert.equal((await loose(at('json'))).status, 200)
  const named = new Browser({
    engine: {
      fetch: (_url, _method, _headers, _body, _origin, id) => ({ error: id === 'k7' ? 'ERR_NO_KEY' : 'ERR_LOCKED' }),
    },
  })
  const page = await named.open()
  assert.equal((await page.fetchWith('k7')('https://a.test/')).status, 402)
  assert.equal((await page.fetch('https://a.test/')).status, 423)
  named.close()
})
