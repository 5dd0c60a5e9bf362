// failover: a call goes on with the next key, as a provider sees it and as the caller is told of it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { provider } from './support/provider.mjs'

const FIRST = 'sk-live-f1rstKey0000000000001'
const SECOND = 'sk-live-sec0ndKey000000000002'
const THIRD = 'sk-live-th1rdKey0000000000003'
const LABELS = { [FIRST]: 'first', [SECOND]: 'second', [THIRD]: 'third' }

/** What each key is answered, by its label; a status, or a function that answers. */
let answers = {}
const said = (response) =>
  response
    .writeHead(200, { 'content-type': 'application/json', 'keyhold-tried': 'forged' })
    .end(JSON.stringify({ model: 'm-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }))
const server = await provider((request, response) => {
  request.key = LABELS[request.headers.authorization?.slice('Bearer '.length)]
  const answer = answers[request.key] ?? said
  if (typeof answer === 'function') return answer(response, request)
  response.writeHead(answer, { 'content-type': 'application/json', 'retry-after': '3' })
  return response.end(JSON.stringify({ error: { message: `refused: ${request.key}` } }))
})
after(() => server.close())

async function vault(t, { on = true } = {}) {
  answers = {}
  server.requests.length = 0
  const browser = new Browser({ real: true })
  t.after(() => browser.close())
  const tab = await browser.open()
  await tab.create(passphrase())
  const { id: endpoint } = await tab.addEndpoint('Stand-in', `${server.base}v1/`)
  const ids = {}
  for (const secret of [FIRST, SECOND, THIRD]) {
    const label = LABELS[secret]
    const { key: stored } = await tab.add({ provider: endpoint, label, secret: key(secret), unchecked: true })
    ids[label] = stored.id
  }
  if (on) await tab.setFailover(endpoint, true)
  return { browser, tab, endpoint, ids }
}
const post = (tab, init = {}) =>
  tab.fetch(`${server.base}v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'one' },
    body: '{"model":"m-1","messages":[]}',
    ...init,
  })
const asked = () => server.requests.map((request) => request.key).join(' ')

test('with the next key after 402, 429 and 5xx, in the user’s order; the answer declares it', async (t) => {
  const { tab, ids } = await vault(t)
  await tab.setOrder([ids.third, ids.second, ids.first])
  await tab.setDefault(ids.second)
  answers = { second: 429, third: 503 }
  const answer = await post(tab)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('keyhold-tried'), '429, 503')
  assert.equal((await answer.json()).model, 'm-1')
  assert.equal(asked(), 'second third first')
  const [one, ...others] = server.requests.map(({ method, url, body, headers }) => {
    const { authorization: _, ...rest } = headers
    return { method, url, body: body.toString(), rest }
  })
  for (const other of others) assert.deepEqual(other, one)
  // Every key that was used says so.
  for (const { lastUsedAt } of await tab.keys()) assert.notEqual(lastUsedAt, null)
})

test('the last key’s answer is the answer, whatever it is', async (t) => {
  const { tab } = await vault(t)
  answers = { first: 429, second: 402, third: 429 }
  const answer = await post(tab)
  assert.equal(answer.status, 429)
  assert.equal(answer.headers.get('keyhold-tried'), '429, 402')
  assert.equal((await answer.json()).error.message, 'refused: third')
})

test('what the request itself is refused for, or the key, goes back as it is', async (t) => {
  const { tab } = await vault(t)
  for (const status of [400, 401, 403, 404, 413]) {
    server.requests.length = 0
    answers = { first: status }
    const answer = await post(tab)
    assert.equal(answer.status, status)
    assert.equal(answer.headers.get('keyhold-tried'), null)
    assert.equal((await answer.json()).error.message, 'refused: first')
    assert.equal(asked(), 'first')
  }
  // Also by the second.
  answers = { first: 500, second: 401 }
  assert.equal((await post(tab)).status, 401)
})

test('not unless it is switched on, nor for a key that was named, nor when the network fails', async (t) => {
  const { tab, endpoint, ids } = await vault(t, { on: false })
  answers = { first: 429 }
  assert.equal((await post(tab)).status, 429)
  await tab.setFailover(endpoint, true)
  assert.deepEqual(
    (await tab.keys()).map(({ failover }) => failover),
    [true, true, true],
  )
  assert.equal((await post(tab)).status, 200)
  assert.equal(asked(), 'first first second')
  const named = await tab.fetchWith(ids.first)(`${server.base}v1/models`)
  assert.equal(named.status, 429)
  answers = { first: (response) => response.destroy() }
  await assert.rejects(post(tab))
  await tab.setFailover(endpoint, false)
  answers = { first: 429 }
  assert.equal((await post(tab)).status, 429)
  await assert.rejects(tab.setFailover('nobody', true), (error) => error.code === 'ERR_NOT_FOUND')
})

test('an abort and a lock between two keys end the call', async (t) => {
  const { tab } = await vault(t)
  const held = []
  answers = { first: 429, second: (response) => held.push(response) }
  const abort = new AbortController()
  const aborted = assert.rejects(post(tab, { signal: abort.signal }), { name: 'AbortError' })
  while (held.length === 0) await tick()
  abort.abort()
  await aborted
  while (!server.requests.at(-1).closed) await tick()
  const locked = post(tab)
  while (held.length === 1) await tick()
  await tab.lock()
  assert.equal((await locked.catch((error) => error)).status ?? 'rejected', 423)
  assert.equal(server.requests.filter((request) => request.key === 'third').length, 0)
})

test('a body that goes out as it is goes out again', async (t) => {
  const { tab } = await vault(t)
  answers = { first: 500 }
  const form = new FormData()
  form.set('model', 'whisper-1')
  form.set('file', new Blob([new Uint8Array(100_000).fill(7)]), 'a.wav')
  const answer = await tab.fetch(`${server.base}v1/audio/transcriptions`, { method: 'POST', body: form })
  assert.equal(answer.status, 200)
  assert.equal(asked(), 'first second')
  assert.ok(server.requests[0].body.length > 100_000)
  assert.ok(server.requests[0].body.equals(server.requests[1].body))
})

test('nothing of a refused answer is kept: many in a row leave no call open', async (t) => {
  const { tab } = await vault(t)
  const endless = (response) => response.writeHead(503, { 'content-type': 'text/plain' }).write('x'.repeat(50_000))
  answers = { first: endless, second: endless }
  for (let i = 0; i < 10; i += 1) assert.equal((await post(tab)).status, 200)
  assert.equal(server.requests.length, 30)
  while (server.requests.some(({ closed }) => !closed)) await tick()
})
