// receipts: in the real page and worker, with a real keyhold-server: each call by the app's key gets a receipt that another key's
// signature, another amount or another call's cannot stand in for.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, request as forward } from 'node:http'
import { after, before, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { account, configOf, startProvider, startServer, token } from '../server/support/server.mjs'
import { openChromium } from './support/chromium.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const BODY = JSON.stringify({ model: 'm-1', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] })
const WITHIN_MS = 15_000
const STATE = 6
const config = { providers: [{ id: 'mock', name: 'Mock', base: '' }], server: { url: 'http://127.0.0.1:1' } }
let upstream
let site
let server
let between
let browser
let page

before(async () => {
  upstream = await startProvider()
  config.providers[0].base = upstream.base
  site = await startTestSite(config)
  const { origin } = new URL(site.url)
  server = await startServer(configOf(upstream, { origins: [origin], receipts: { keyEnv: 'TEST_RECEIPT_KEY' } }), {
    env: { TEST_RECEIPT_KEY: randomBytes(32).toString('base64url') },
  })
  between = await startBetween(server)
  config.server.url = between.url
  browser = await openChromium({
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'],
  })
  page = await browser.newPage()
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => globalThis.keyhold)
  await page.evaluate(
    async ({ passphrase, url, token }) => {
      const { KeyholdEngine, passphraseBytes } = globalThis.keyhold
      globalThis.engine = await KeyholdEngine.connect({ fallback: { url, getToken: () => token } })
      await globalThis.engine.create(passphraseBytes(passphrase))
    },
    { passphrase: PASSPHRASE, url: between.url, token: await token('ada', { expires: '1h' }) },
  )
})
after(async () => {
  await browser?.close()
  await between?.stop()
  await site?.stop()
  await server?.stop()
  await upstream?.stop()
})

/** The server, as whoever stands between could alter it: `alter` gets the path and the text of an answer about receipts. */
async function startBetween(server) {
  const proxy = { alter: (_, text) => text, asked: [] }
  const http = createServer((request, response) => {
    const { method, url, headers } = request
    const onward = forward({ port: server.port, method, path: url, headers }, async (answer) => {
      if (!url.startsWith('/v1/receipts/') || method !== 'GET') {
        response.writeHead(answer.statusCode, answer.headers)
        return answer.pipe(response)
      }
      proxy.asked.push({ url, authorization: headers.authorization })
      const text = proxy.alter(url, Buffer.concat(await answer.toArray()).toString())
      const { 'content-length': _, ...rest } = answer.headers
      response.writeHead(answer.statusCode, rest).end(text)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  await listen(http, 0)
  return Object.assign(proxy, { url: `http://127.0.0.1:${http.address().port}/`, stop: () => stop(http) })
}

const call = () =>
  page.evaluate(
    async ({ url, body }) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      const response = await globalThis.engine.fetch(url, init)
      await response.text()
      return { status: response.status, source: response.headers.get('keyhold-source') }
    },
    { url: `${upstream.base}chat/completions`, body: BODY },
  )
const entries = () => page.evaluate(async () => (await globalThis.engine.receipts()).entries)

/** Calls once. @returns the newest entry, once there is one more */
async function receiptOfCall() {
  const before = (await entries()).length
  assert.deepEqual(await call(), { status: 200, source: 'app' })
  for (const until = Date.now() + WITHIN_MS; ;) {
    const now = await entries()
    if (now.length > before) return now[0]
    assert.ok(Date.now() < until, 'no receipt came')
    await new Promise((done) => setTimeout(done, 100))
  }
}

const altered = (text, change) => {
  const { receipt } = JSON.parse(text)
  const [head, payload, signature] = receipt.split('.')
  const said = change(JSON.parse(Buffer.from(payload, 'base64url').toString()))
  return JSON.stringify({
    receipt: [head, Buffer.from(JSON.stringify(said)).toString('base64url'), signature].join('.'),
  })
}

test('what was charged is signed, checked and kept, and adds up to what the server counts', async () => {
  const rows = [await receiptOfCall(), await receiptOfCall()]
  for (const [, , provider, model, , , state] of rows)
    assert.deepEqual([provider, model, state], ['mock', 'm-1', 'signed'])
  const { settled } = await account(server, 'ada')
  assert.equal(
    rows.reduce((sum, [, , , , , charged]) => sum + charged, 0),
    settled,
  )
  assert.ok(settled > 0)
  // The token goes with the question for a receipt, and not with that for the keys, which was asked once.
  const keys = between.asked.filter(({ url }) => url.endsWith('/keys'))
  assert.deepEqual(
    keys.map(({ authorization }) => authorization),
    [undefined],
  )
  assert.ok(between.asked.some(({ authorization }) => authorization?.startsWith('Bearer ')))
})

for (const [what, change, state] of [
  ['another amount', (said) => ({ ...said, charged_micro_usd: said.charged_micro_usd + 1 }), 'signature'],
  ['another user', (said) => ({ ...said, sub: 'eve' }), 'signature'],
  ['another call', (said) => ({ ...said, call: '999' }), 'call'],
  ['another provider', (said) => ({ ...said, provider: 'openai' }), 'provider'],
  ['another model', (said) => ({ ...said, model: 'm-2' }), 'model'],
])
  test(`a receipt that was altered to say ${what} is refused, and not kept as one`, async () => {
    between.alter = (url, text) => (url.endsWith('/keys') || !text.includes('"receipt"') ? text : altered(text, change))
    try {
      const [, , , , , charged, said, jws] = await receiptOfCall()
      assert.deepEqual([charged, said, jws], [-1, state, ''])
    } finally {
      between.alter = (_, text) => text
    }
    // Control: unaltered, the next is good.
    assert.equal((await receiptOfCall())[STATE], 'signed')
  })

test('locked and unlocked, all of it is still there', async () => {
  const before = await entries()
  await page.evaluate(() => globalThis.engine.lock())
  await page.evaluate((text) => globalThis.engine.unlock(globalThis.keyhold.passphraseBytes(text)), PASSPHRASE)
  assert.deepEqual(await entries(), before)
})

test('the policy of the page was not broken by any of it', () => {
  assert.deepEqual(site.broken(), [])
})
