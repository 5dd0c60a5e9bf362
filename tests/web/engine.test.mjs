// engine: the whole of it but the browser: client, worker, engine.wasm, a database and a provider, each way it can go.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, engineWasm, key, passphrase, tick } from './support/browser.mjs'
import { trap } from './support/fake-engine.mjs'
import { keyhold } from './support/load.mjs'
import { provider } from './support/provider.mjs'

const SECRET = 'sk-live-Zq3v7Xw9LmN2pRt5YbC8'
const OTHER = 'sk-live-0therKeyEntirely12345'
const WORDS = 'pässwörd🔑 with a \0 in it'

const json = (response, status, value, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
const event = (value) => `data: ${JSON.stringify(value)}\n\n`
const delta = (text) => event({ model: 'm-1', choices: [{ index: 0, delta: { content: text } }] })
const usage = event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } })
const done = 'data: [DONE]\n\n'
const stream = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' })

/** How the stand-in answers a chat, by the model asked for. */
const chats = {
  good: (response) => stream(response).end(delta('Hel') + delta('lo') + usage + done),
  slow: (response) => (
    stream(response).write(delta('Hel')),
    setTimeout(() => response.end(delta('lo') + usage + done), 30)
  ),
  silent: () => {},
  reflects: (response) => stream(response).end(delta(`your key is ${SECRET}`)),
  splits: (response) => {
    stream(response).write(delta('x').slice(0, -4) + SECRET.slice(0, 9))
    setTimeout(() => response.end(SECRET.slice(9)), 20)
  },
  header: (response) => response.writeHead(200, { 'x-request-id': SECRET }).end('{}'),
  cut: (response) => (stream(response).write(delta('so')), setTimeout(() => response.destroy(), 20)),
  malformed: (response) => stream(response).end('data: {"choices": [\n\n'),
  endless: (response) => stream(response).end(`data: ${'x'.repeat(10 * 1024 * 1024)}`),
  html: (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>'),
  400: (response) => json(response, 400, { error: { message: 'bad' } }),
  401: (response) => json(response, 401, { error: { message: 'bad key' } }),
  402: (response) => json(response, 402, { error: { message: 'pay' } }),
  403: (response) => json(response, 403, { error: { message: 'no' } }),
  404: (response) => json(response, 404, { error: { message: 'no such model' } }),
  429: (response) => json(response, 429, { error: { message: 'wait' } }, { 'retry-after': '7' }),
  500: (response) => json(response, 500, { error: { message: 'oops' } }),
  503: (response) => response.writeHead(503).end('overloaded'),
}
const server = await provider(({ url, headers, body }, response) => {
  if (![`Bearer ${SECRET}`, `Bearer ${OTHER}`].includes(headers.authorization)) {
    return json(response, 401, { error: { message: 'Incorrect API key provided' } })
  }
  if (url.endsWith('/models')) return json(response, 200, { object: 'list', data: [{ id: 'm-1' }, { id: 'm-2' }] })
  if (url.endsWith('/transcriptions')) return json(response, 200, { text: 'said' })
  return chats[JSON.parse(body).model](response)
})
after(() => server.close())

/** A new vault in a new browser, with one key for the stand-in. */
async function vault(t, options = {}) {
  const browser = new Browser({ real: true, ...options })
  t.after(() => browser.close())
  const tab = await browser.open()
  await tab.create(passphrase(WORDS))
  const { id } = await tab.addEndpoint('Stand-in', `${server.base}v1/`)
  const { key: stored } = await tab.add({ provider: id, label: 'mine', secret: key(SECRET) })
  return { browser, tab, id: stored.id, provider: id, stored }
}
const failsWith = (code) => (error) => error.code === code
async function ask(tab, id, model, signal) {
  let text = ''
  for await (const part of tab.chat({ key: id, model, messages: [{ role: 'user', text: 'hi' }], signal })) {
    if (part.type === 'text') text += part.text
    if (part.type === 'end') return { text, summary: part.summary }
  }
  return { text }
}

test('the shipped engine passes its own known answers, here and in the KDF’s instance', async () => {
  const module = await keyhold.startEngine(engineWasm())
  assert.deepEqual(module.selfTest(), { value: null })
})

test('create, add, list, lock, wrong passphrase, unlock: the key is there again and nothing was found', async (t) => {
  const { tab, stored, id } = await vault(t, { calibrate: true })
  assert.equal(stored.hint, SECRET.slice(-4))
  assert.deepEqual(stored.lastChecked.code, 'ok')
  await tab.lock()
  const locked = await tab.status()
  assert.deepEqual([locked.state, locked.findings, locked.failedAttempts], ['locked', [], 0])
  await assert.rejects(tab.keys(), failsWith('ERR_LOCKED'))
  await assert.rejects(tab.unlock(passphrase('another passphrase')), failsWith('ERR_CANNOT_UNLOCK'))
  await assert.rejects(tab.unlock(passphrase('pässwörd🔑 with a ')), failsWith('ERR_CANNOT_UNLOCK'))
  assert.equal((await tab.status()).failedAttempts, 2)
  const unlocked = await tab.unlock(passphrase(WORDS.normalize('NFD')))
  assert.deepEqual([unlocked.state, unlocked.findings, unlocked.failedAttempts], ['unlocked', [], 0])
  const [again] = await tab.keys()
  assert.deepEqual([again.id, again.label, again.hint, again.isDefault], [id, 'mine', SECRET.slice(-4), true])
})

test('no row on disk holds the key, the passphrase or the label; the header of an envelope it does hold', async (t) => {
  await vault(t)
  const { envelopes, ledger } = await new keyhold.Storage().readAll()
  const disk = Buffer.concat([...envelopes, ...ledger].map(({ bytes }) => Buffer.from(bytes)))
  for (const text of [SECRET, SECRET.slice(5, 20), WORDS, 'mine']) assert.ok(!disk.includes(text), text)
  assert.ok(disk.includes('"purpose"'), 'positive control: the search finds what is there')
})

test('a wrong key is refused with the provider’s meaning and not stored; a right one is checked first', async (t) => {
  const { tab, provider: at } = await vault(t)
  await assert.rejects(
    tab.add({ provider: at, label: 'bad', secret: key('sk-live-not-the-right-one') }),
    (error) => error.code === 'ERR_BAD_KEY' && error.status === 401,
  )
  assert.equal((await tab.keys()).length, 1)
  await assert.rejects(tab.add({ provider: at, label: '', secret: key('with blank s') }), failsWith('ERR_BAD_KEY_TEXT'))
  await assert.rejects(
    tab.add({ provider: 'nobody', label: '', secret: key(SECRET) }),
    failsWith('ERR_UNKNOWN_PROVIDER'),
  )
})

test('a sixth check within a minute is ERR_CHECKED_TOO_OFTEN', async (t) => {
  const { tab, id } = await vault(t)
  for (let i = 0; i < 4; i += 1) assert.deepEqual(await tab.check(id), { ok: true })
  await assert.rejects(tab.check(id), failsWith('ERR_CHECKED_TOO_OFTEN'))
})

test('replace checks first: a bad new key leaves the old one in use, a good one takes its place', async (t) => {
  const { tab, id } = await vault(t)
  await assert.rejects(tab.replace(id, key('sk-live-not-the-right-one')), failsWith('ERR_BAD_KEY'))
  assert.equal((await ask(tab, id, 'good')).text, 'Hello')
  assert.equal(server.requests.at(-1).headers.authorization, `Bearer ${SECRET}`)
  const { key: replaced } = await tab.replace(id, key(OTHER))
  assert.equal(replaced.hint, OTHER.slice(-4))
  await ask(tab, id, 'good')
  assert.equal(server.requests.at(-1).headers.authorization, `Bearer ${OTHER}`)
})

test('labels, defaults, endpoints and deletion survive a lock', async (t) => {
  const { tab, id, provider: at } = await vault(t)
  const { key: second } = await tab.add({ provider: at, label: 'second', secret: key(OTHER), unchecked: true })
  assert.equal(second.isDefault, false)
  await tab.setDefault(second.id)
  await tab.setLabel(id, 'renamed')
  await tab.lock()
  await tab.unlock(passphrase(WORDS))
  const shown = Object.fromEntries((await tab.keys()).map(({ label, isDefault }) => [label, isDefault]))
  assert.deepEqual(shown, { renamed: false, second: true })
  await assert.rejects(tab.removeEndpoint(at), failsWith('ERR_WRONG_STATE'))
  await tab.delete(id)
  await tab.delete(second.id)
  await tab.removeEndpoint(at)
  assert.deepEqual(await tab.keys(), [])
  assert.ok(!(await tab.providers()).some(({ id: known }) => known === at))
  await assert.rejects(tab.check(id), failsWith('ERR_NOT_FOUND'))
})

test('models are listed; a chat streams its text, usage and source', async (t) => {
  const { tab, id } = await vault(t)
  assert.deepEqual(await tab.models(id), ['m-1', 'm-2'])
  const { text, summary } = await ask(tab, id, 'slow')
  assert.equal(text, 'Hello')
  assert.deepEqual(summary.usage, { input: 5, output: 2 })
  assert.deepEqual([summary.source, summary.key, summary.model], ['user', id, 'm-1'])
  assert.ok((await tab.keys())[0].lastUsedAt > 0)
})

test('each way an answer can be bad has its own code, and the next question is answered', async (t) => {
  const { tab, id } = await vault(t)
  const expected = {
    reflects: 'ERR_KEY_REFLECTED',
    splits: 'ERR_KEY_REFLECTED',
    header: 'ERR_KEY_REFLECTED',
    cut: 'ERR_CONNECTION_CUT',
    malformed: 'ERR_BAD_STREAM',
    endless: 'ERR_LINE_TOO_LONG',
    html: 'ERR_BAD_ANSWER',
    400: 'ERR_PROVIDER_REFUSED',
    401: 'ERR_BAD_KEY',
    402: 'ERR_NO_CREDIT',
    403: 'ERR_NO_PERMISSION',
    404: 'ERR_MODEL_NOT_FOUND',
    429: 'ERR_RATE_LIMITED',
    500: 'ERR_PROVIDER_DOWN',
    503: 'ERR_PROVIDER_DOWN',
  }
  const seen = {}
  for (const model of Object.keys(expected)) {
    seen[model] = await ask(tab, id, model).then(
      ({ text }) => `no error: ${text}`,
      ({ code }) => code,
    )
  }
  assert.deepEqual(seen, expected)
  await assert.rejects(ask(tab, id, '429'), (error) => error.status === 429 && error.retryAfterS === 7)
  assert.equal((await ask(tab, id, 'good')).text, 'Hello')
})

test('an aborted chat ends the request to the provider', async (t) => {
  const { tab, id } = await vault(t)
  await assert.rejects(ask(tab, id, 'silent', AbortSignal.timeout(50)), { name: 'TimeoutError' })
  for (let i = 0; i < 50 && !server.requests.at(-1).closed; i += 1) await tick(5)
  assert.equal(server.requests.at(-1).closed, true)
})

test('fetch puts the key in, passes the answer on, and refuses addresses that are nobody’s', async (t) => {
  const { tab } = await vault(t)
  const body = JSON.stringify({ model: 'good', stream: true, messages: [{ role: 'user', content: 'hi' }] })
  const init = {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', authorization: 'Bearer keyhold' },
  }
  const response = await tab.fetch(`${server.base}v1/chat/completions`, init)
  assert.equal(response.status, 200)
  assert.match(await response.text(), /Hel.*lo/s)
  assert.equal(server.requests.at(-1).headers.authorization, `Bearer ${SECRET}`)
  const refusals = {
    'https://unknown.test/v1/chat/completions': [403, 'ERR_UNKNOWN_ENDPOINT'],
    [`${server.base}elsewhere`]: [403, 'ERR_UNKNOWN_ENDPOINT'],
    [`${server.base}v1/api_keys`]: [403, 'ERR_PATH_NOT_ALLOWED'],
    'https://api.openai.com/v1/chat/completions': [402, 'ERR_NO_KEY'],
  }
  for (const [url, [status, code]] of Object.entries(refusals)) {
    const refused = await tab.fetch(url, init)
    assert.deepEqual([refused.status, (await refused.json()).code], [status, code], url)
  }
  const reflected = await tab.fetch(`${server.base}v1/chat/completions`, {
    ...init,
    body: body.replace('good', 'reflects'),
  })
  await assert.rejects(reflected.text(), ({ cause }) => cause.code === 'ERR_KEY_REFLECTED')
})

test('a form goes to a path that takes one, unread, with the key; to another path it does not', async (t) => {
  const { tab } = await vault(t)
  const form = () => {
    const made = new FormData()
    made.append('model', 'whisper')
    made.append('file', new File([Uint8Array.from({ length: 70_000 }, (_, i) => i)], 'a.wav'))
    return made
  }
  const sent = await tab.fetch(`${server.base}v1/audio/transcriptions`, { method: 'POST', body: form() })
  assert.equal(sent.status, 200)
  const { headers, body } = server.requests.at(-1)
  assert.equal(headers.authorization, `Bearer ${SECRET}`)
  const received = await new Response(body, { headers: { 'content-type': headers['content-type'] } }).formData()
  assert.equal(received.get('model'), 'whisper')
  assert.deepEqual(
    new Uint8Array(await received.get('file').arrayBuffer()),
    new Uint8Array(await form().get('file').arrayBuffer()),
  )
  const before = server.requests.length
  for (const [path, init] of [
    ['chat/completions', { body: form() }],
    ['audio/transcriptions', { body: 'no form', headers: { 'content-type': 'multipart/form-data; boundary=x' } }],
    ['audio/transcriptions', { body: 'text' }],
    ['chat/completions', { body: new URLSearchParams({ a: 'b' }) }],
  ]) {
    const refused = await tab.fetch(`${server.base}v1/${path}`, { method: 'POST', ...init })
    assert.deepEqual([refused.status, (await refused.json()).code], [400, 'ERR_BAD_REQUEST'])
  }
  assert.equal(server.requests.length, before)
})

test('an unreachable endpoint is a local server that does not run', async (t) => {
  const { tab } = await vault(t)
  const { id: at } = await tab.addEndpoint('Nobody', 'http://localhost:9/v1/')
  const { key: stored } = await tab.add({ provider: at, label: 'nobody', secret: key(SECRET), unchecked: true })
  const { ok, error } = await tab.check(stored.id)
  assert.deepEqual([ok, error.code], [false, 'ERR_LOCAL_NOT_RUNNING'])
})

test('two tabs with workers of their own write at once: nothing is lost, and both see all', async (t) => {
  const { browser, tab, provider: at } = await vault(t, { shared: false })
  const other = await browser.open()
  await other.unlock(passphrase(WORDS))
  const add = (to, label) => to.add({ provider: at, label, secret: key(OTHER), unchecked: true })
  await Promise.all([add(tab, 'a'), add(other, 'b'), add(tab, 'c'), add(other, 'd')])
  await tick(30)
  const labels = async (of) => (await of.keys()).map(({ label }) => label).sort()
  assert.deepEqual(await labels(tab), ['a', 'b', 'c', 'd', 'mine'])
  assert.deepEqual(await labels(other), await labels(tab))
})

test('a row altered on disk is a finding at unlock; the others are usable', async (t) => {
  const { tab, id, provider: at } = await vault(t)
  const { key: second } = await tab.add({ provider: at, label: 'second', secret: key(OTHER), unchecked: true })
  await tab.lock()
  const storage = new keyhold.Storage()
  const { envelopes } = await storage.readAll()
  const { bytes: base } = envelopes.find((row) => row.key === 'manifest')
  const record = envelopes.find((row) => row.key.endsWith(second.id))
  record.bytes[record.bytes.length - 1] ^= 1
  await storage.write({ base, puts: [record], deletes: [], id: '' })
  const { state, findings } = await tab.unlock(passphrase(WORDS))
  assert.equal(state, 'unlocked')
  assert.deepEqual(
    findings.map(({ code, purpose, id: of }) => [code, purpose, of]),
    [['ERR_TAMPERED', 'record', second.id]],
  )
  assert.equal((await ask(tab, id, 'good')).text, 'Hello')
})

test('after a lock the heap holds neither key nor anything else; while unlocked it holds the vault', async (t) => {
  const { browser, tab, id } = await vault(t)
  const { module } = browser.workers.at(-1)
  const heap = () => Buffer.from(module.HEAPU8)
  assert.ok(heap().includes('Stand-in'), 'positive control: an open vault is in the heap')
  await ask(tab, id, 'good')
  await tab.lock()
  assert.ok(!heap().includes(SECRET))
  assert.ok(heap().every((byte) => byte === 0))
  assert.ok(heap().length <= 4 * 1024 * 1024)
})

test('a trap in the real engine: ERR_INTERNAL, locked, wiped, and the next worker opens the same vault', async (t) => {
  const { browser, tab, id } = await vault(t)
  const { module } = browser.workers.at(-1)
  module.Engine.prototype.providers = trap
  await assert.rejects(tab.providers(), failsWith('ERR_INTERNAL'))
  assert.ok(module.HEAPU8.every((byte) => byte === 0))
  assert.equal((await tab.status()).state, 'locked')
  await tab.unlock(passphrase(WORDS))
  assert.equal((await ask(tab, id, 'good')).text, 'Hello')
})

test('a configuration that is not one is refused at the start', async () => {
  for (const [config, code] of [
    [{ unknown: 1 }, 'ERR_BAD_JSON'],
    ['text', 'ERR_BAD_JSON'],
  ]) {
    const browser = new Browser({ real: true, config })
    await assert.rejects(browser.open(), failsWith(code))
    browser.close()
  }
})
