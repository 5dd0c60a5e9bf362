// receipts: what an app's server signs that a call cost, asked for, checked and kept by the worker, whatever the server does.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { after, test } from 'node:test'
import { Browser, passphrase, tick } from './support/browser.mjs'
import { provider } from './support/provider.mjs'

const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.dGhlIHVzZXI.c2lnbmF0dXJl'
const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x } = publicKey.export({ format: 'jwk' })
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url')
  return { privateKey, x, kid, jwk: { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x } }
}
const own = newKey()

const SAID = {
  sub: 'ada',
  call: '42',
  provider: 'far',
  model: 'm-1',
  charged_micro_usd: 123,
  figures: 'reported',
  http_status: 200,
  created_at: 1,
  ended_at: 2,
}
function jws({ key = own, head = {}, ...said } = {}) {
  const text = `${b64({ alg: 'EdDSA', kid: key.kid, typ: 'keyhold-receipt+jwt', ...head })}.${b64({ ...SAID, ...said })}`
  return `${text}.${sign(null, Buffer.from(text), key.privateKey).toString('base64url')}`
}

/** What the server answers to what is asked of its receipts, each time anew. */
let answers
const json = (response, status, value, headers = {}) =>
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(typeof value === 'string' ? value : JSON.stringify(value))
const gives = (receipt) => (_, response) => json(response, 200, { receipt })
const keysOf =
  (...keys) =>
  (_, response) =>
    json(response, 200, { keys: keys.map(({ jwk }) => jwk) })

const elsewhere = await provider((_, response) => json(response, 200, { receipt: jws() }))
const app = await provider((request, response) => {
  if (request.url === '/v1/receipts/keys') return answers.keys(request, response)
  if (request.url.startsWith('/v1/receipts/')) return answers.receipt(request, response)
  response.writeHead(200, { 'content-type': 'application/json', ...answers.headers })
  response.end(JSON.stringify({ model: 'm-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }))
})
after(() => Promise.all([elsewhere.close(), app.close()]))

const SITE = {
  providers: [{ id: 'far', name: 'Far', base: `${elsewhere.base}v1/` }],
  server: { url: app.base },
}

async function page(t, given = {}) {
  answers = { headers: { 'keyhold-call': '42' }, receipt: gives(jws()), keys: keysOf(own), ...given }
  app.requests.length = elsewhere.requests.length = 0
  const browser = new Browser({ real: true, config: SITE })
  t.after(() => browser.close())
  const tab = await browser.open()
  tab.fallback = { url: app.base, getToken: () => TOKEN }
  await tab.create(passphrase())
  return { browser, tab }
}
async function call(tab) {
  const answer = await tab.fetch(`${elsewhere.base}v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"m-1","messages":[]}',
  })
  await answer.text()
}
async function kept(tab, count = 1, withinMs = 5_000) {
  for (const until = Date.now() + withinMs; ; await tick(20)) {
    const { entries } = await tab.receipts()
    if (entries.length >= count || Date.now() > until) return entries
  }
}
const asked = () => app.requests.map(({ url }) => url).filter((url) => url.startsWith('/v1/receipts'))
const audited = async (tab) => (await tab.audit()).entries.filter(({ action }) => action === 'receipt-refused')

test('a receipt is asked for with the user’s token, checked by the server’s key, and kept', async (t) => {
  const { tab } = await page(t)
  assert.deepEqual((await tab.receipts()).entries, [])
  await call(tab)
  const [[at, number, from, model, , charged, state, text, key], ...more] = await kept(tab)
  assert.deepEqual([number, from, model, charged, state, more.length], ['42', 'far', 'm-1', 123, 'signed', 0])
  assert.ok(Math.abs(at - Date.now()) < 60_000)
  assert.equal(text, jws())
  assert.equal(key, own.x)
  const [, receipt, keys] = app.requests
  assert.equal(receipt.url, '/v1/receipts/42')
  assert.equal(receipt.headers.authorization, `Bearer ${TOKEN}`)
  assert.equal(keys.url, '/v1/receipts/keys')
  assert.equal(keys.headers.authorization, undefined)
  assert.equal(elsewhere.requests.length, 0)
  assert.equal((await audited(tab)).length, 0)
})

test('it stays with the vault: there after the next unlock, in the raw export, gone when wiped', async (t) => {
  const { browser, tab } = await page(t)
  await call(tab)
  await kept(tab)
  await tab.lock()
  const again = await browser.open()
  await assert.rejects(again.receipts(), ({ code }) => code === 'ERR_LOCKED')
  await again.unlock(passphrase())
  assert.equal((await again.receipts()).entries[0][6], 'signed')
  assert.ok(Buffer.from(await again.exportRaw()).includes('receipts-00'))
  await again.wipe('delete')
  // The worker ends after its answer; another is there then.
  await tick(400)
  const fresh = await browser.open()
  await fresh.create(passphrase())
  assert.deepEqual((await fresh.receipts()).entries, [])
})

test('the server’s keys are asked for once, and again for a key that is not among them', async (t) => {
  const { tab } = await page(t)
  await call(tab)
  await kept(tab)
  await call(tab)
  await kept(tab, 2)
  assert.deepEqual(asked(), ['/v1/receipts/42', '/v1/receipts/keys', '/v1/receipts/42'])
  const next = newKey()
  Object.assign(answers, { receipt: gives(jws({ key: next })), keys: keysOf(next, own) })
  await call(tab)
  const entries = await kept(tab, 3)
  assert.deepEqual(
    entries.map((one) => one[8]),
    [next.x, own.x, own.x],
  )
  assert.equal(asked().filter((url) => url.endsWith('keys')).length, 2)
})

test('what is no receipt, of another call, or not signed by the server’s key, is refused and said so', async (t) => {
  const other = newKey()
  const forged = { ...other, kid: own.kid }
  const wrong = {
    form: [
      gives(7),
      gives('a.b.c'),
      gives(jws({ head: { alg: 'none' } })),
      gives(jws({ head: { alg: 'HS256' } })),
      gives(jws({ head: { typ: 'JWT' } })),
      gives(jws({ pad: 'x'.repeat(2_048) })),
      (_, response) => json(response, 200, `{"receipt":"${jws()}"${' '.repeat(20_000)}}`),
      (_, response) => json(response, 200, '<html>'),
    ],
    call: [gives(jws({ call: '41' }))],
    provider: [gives(jws({ provider: 'near' }))],
    model: [gives(jws({ model: 'm-2' }))],
    key: [gives(jws({ key: other }))],
    signature: [gives(jws({ key: forged })), gives(jws().replace(/.{4}$/, 'AAAA'))],
  }
  const { tab } = await page(t)
  let count = 0
  for (const [state, cases] of Object.entries(wrong)) {
    for (const receipt of cases) {
      answers.receipt = receipt
      await call(tab)
      const [newest] = await kept(tab, (count += 1))
      assert.equal(newest[6], state)
      assert.deepEqual([newest[5], newest[7], newest[8]], [-1, '', ''], state)
    }
  }
  await tick(50)
  const entries = await audited(tab)
  assert.equal(entries.length, count)
  assert.equal(entries[0].provider, 'far')
  assert.equal(entries[0].label, 'form')
})

test('a browser without Ed25519 keeps it as not checked', async (t) => {
  const { tab } = await page(t)
  const { subtle } = crypto
  t.mock.method(subtle, 'importKey', async () => {
    throw new DOMException('no', 'NotSupportedError')
  })
  await call(tab)
  const [[, , , , , charged, state, text]] = await kept(tab)
  assert.deepEqual([charged, state, text], [123, 'unchecked', jws()])
})

test('a call that is still held is asked after again', async (t) => {
  let times = 0
  const receipt = (request, response) =>
    (times += 1) === 1
      ? json(response, 409, { type: 'urn:keyhold:call_not_over' }, { 'retry-after': '1' })
      : gives(jws())(request, response)
  const { tab } = await page(t, { receipt })
  await call(tab)
  assert.equal((await kept(tab))[0][6], 'signed')
  assert.equal(times, 2)
})

test('where there is none, nothing is kept, and the call is what it was', async (t) => {
  const nothing = {
    'none given': (_, response) => json(response, 404, { type: 'urn:keyhold:receipts_off' }),
    'a fault': (_, response) => json(response, 503, {}),
    'cut off': (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"receipt":"')
      setTimeout(() => response.destroy(), 10)
    },
    'a redirect': (_, response) => response.writeHead(307, { location: `${elsewhere.base}v1/receipts/42` }).end(),
  }
  const { tab } = await page(t)
  for (const [name, receipt] of Object.entries(nothing)) {
    answers.receipt = receipt
    const before = asked().length
    await call(tab)
    while (asked().length === before) await tick(10)
    await tick(100)
    assert.equal(asked().length, before + 1, name)
    assert.deepEqual((await tab.receipts()).entries, [], name)
  }
  assert.equal(elsewhere.requests.length, 0, 'the token goes nowhere else')
})

test('no number, or none that is one: nothing is asked', async (t) => {
  const { tab } = await page(t)
  for (const number of [undefined, '', 'keys', '../account', '1e3', '12345678901234567890']) {
    answers.headers = number === undefined ? {} : { 'keyhold-call': number }
    await call(tab)
  }
  await tick(100)
  assert.deepEqual(asked(), [])
})

test('a lock meanwhile ends it, and nothing is written', async (t) => {
  let held
  const { browser, tab } = await page(t, { receipt: (_, response) => (held = response) })
  await call(tab)
  while (asked().length === 0) await tick(5)
  await tab.lock()
  json(held, 200, { receipt: jws() })
  await tick(50)
  const [{ module }] = browser.workers
  assert.ok(module.HEAPU8.every((byte) => byte === 0))
  const again = await browser.open()
  await again.unlock(passphrase())
  assert.deepEqual((await again.receipts()).entries, [])
})

test('a call that was given up has its receipt, too', async (t) => {
  const { tab } = await page(t)
  const stop = new AbortController()
  answers.headers = { 'keyhold-call': '42', 'content-length': '1000000' }
  const answer = await tab.fetch(`${elsewhere.base}v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"m-1","messages":[]}',
    signal: stop.signal,
  })
  stop.abort()
  await assert.rejects(answer.text())
  assert.equal((await kept(tab))[0][6], 'signed')
})
