// app-key: in the real page and worker, with a real keyhold-server: whose key a call goes by and what it is refused with, for all
// that a user may have decided and all that may have happened; and that their own key goes to nobody but its provider.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { APP_KEY, command, configOf, plan, startProvider, startServer, token } from '../server/support/server.mjs'
import { openChromium } from './support/chromium.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const OWN = 'sk-live-0wnKeyOfTheUser0000000001'
const WORDS = ['undecided', 'never', 'ask', 'auto']
const BODY = JSON.stringify({ model: 'm-1', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] })

/** What there is -> what happens for each of WORDS: whose answer it is, or what it is refused with. */
const MATRIX = {
  'no key': { no: 'key', expected: ['200 app', '402 ERR_NO_KEY', '402 ERR_ASK_FIRST', '200 app'] },
  'an own key': { expected: WORDS.map(() => '200 user') },
  'own key answered 401': { status: 401, expected: WORDS.map(() => '401 user') },
  'own key answered 402': { status: 402, expected: ['402 user', '402 user', '402 user', '200 app'] },
  'own key answered 429': { status: 429, expected: ['429 user', '429 user', '429 user', '200 app'] },
  'own key answered 500': { status: 500, expected: ['500 user', '500 user', '500 user', '200 app'] },
  'own key answered 503': { status: 503, expected: ['503 user', '503 user', '503 user', '200 app'] },
  // A provider far away: of what is on this computer, a network is not what is missing.
  offline: { offline: true, provider: 'openai', expected: WORDS.map(() => 'TypeError ERR_OFFLINE') },
  'offline, no key': {
    no: 'key',
    offline: true,
    expected: [
      'TypeError ERR_LOCAL_NOT_RUNNING',
      '402 ERR_NO_KEY',
      '402 ERR_ASK_FIRST',
      'TypeError ERR_LOCAL_NOT_RUNNING',
    ],
  },
  locked: { locked: true, expected: WORDS.map(() => '423 ERR_LOCKED') },
}

const config = { providers: [{ id: 'mock', name: 'Mock', base: '' }], server: { url: 'http://127.0.0.1:1' } }
let upstream
let own
let site
let server
let browser
let context
let page

before(async () => {
  upstream = await startProvider()
  own = await startOwnProvider()
  config.providers[0].base = own.base
  site = await startTestSite(config)
  const { origin } = new URL(site.url)
  // A call of m-1 with five tokens of answer costs no more than some cents here.
  const plans = [plan(), plan({ id: 'small', name: 'Small', limitUsd: 0.000001 })]
  server = await startServer(configOf(upstream, { origins: [origin], plans }))
  // Of the same object: what is served from now on names it.
  config.server.url = server.url
  // Whatever a test does: nothing of it leaves this computer.
  browser = await openChromium({
    args: ['--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'],
  })
  context = await browser.newContext()
  // A worker for this page alone: being offline is emulated for that, and not for one that is shared.
  await context.addInitScript(() => delete globalThis.SharedWorker)
  page = await context.newPage()
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => globalThis.keyhold)
  await page.evaluate(makeVault, {
    passphrase: PASSPHRASE,
    url: server.url,
    token: await token('ada', { expires: '1h' }),
  })
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await server?.stop()
  await own?.stop()
  await upstream?.stop()
})

/** The user's provider, as pages may call it. */
async function startOwnProvider() {
  const provider = { requests: [], status: 200 }
  const http = createServer(async (request, response) => {
    const text = Buffer.concat(await request.toArray()).toString()
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('access-control-allow-headers', 'authorization, content-type')
    if (request.method === 'OPTIONS') return response.writeHead(204).end()
    provider.requests.push({ url: request.url, headers: request.headers, text })
    // What it says of itself is not passed on.
    response.writeHead(provider.status, { 'content-type': 'application/json', 'keyhold-source': 'app' })
    response.end('{"model":"m-1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}')
  })
  await listen(http, 0)
  return Object.assign(provider, { base: `http://127.0.0.1:${http.address().port}/v1/`, stop: () => stop(http) })
}

/** In the page. */
async function makeVault({ passphrase, url, token }) {
  const { KeyholdEngine, passphraseBytes } = globalThis.keyhold
  globalThis.engine = await KeyholdEngine.connect({ fallback: { url, getToken: () => token } })
  await globalThis.engine.create(passphraseBytes(passphrase))
}

/** In the page: `200 user`, `402 ERR_NO_KEY`, `TypeError ERR_OFFLINE`. */
async function ask({ url, body }) {
  try {
    const response = await globalThis.engine.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const text = await response.text()
    const problem = response.headers.get('content-type')?.startsWith('application/problem+json') && JSON.parse(text)
    const name = problem && problem.type.replace('urn:keyhold:', '')
    const source = response.headers.get('keyhold-source')
    return {
      seen: [response.status, name, source].filter(Boolean).join(' '),
      tried: response.headers.get('keyhold-tried'),
      problem,
    }
  } catch (error) {
    return { seen: `${error.name} ${error.cause?.code}` }
  }
}
const FAR = 'https://api.openai.com/v1/'
const call = (provider = 'mock') =>
  page.evaluate(ask, { url: `${provider === 'mock' ? own.base : FAR}chat/completions`, body: BODY })
const setKey = (secret) =>
  page.evaluate(async (text) => {
    const { engine, keyhold } = globalThis
    for (const { id } of await engine.keys()) await engine.delete(id)
    if (text === null) return
    for (const provider of ['mock', 'openai'])
      await engine.add({ provider, label: 'mine', secret: keyhold.keyBytes(text), unchecked: true })
  }, secret)
const decide = (use) =>
  page.evaluate(async (word) => {
    for (const provider of ['mock', 'openai']) await globalThis.engine.setAppKeyUse(provider, word)
  }, use)
const lock = () => page.evaluate(() => globalThis.engine.lock())
const unlock = () =>
  page.evaluate((text) => globalThis.engine.unlock(globalThis.keyhold.passphraseBytes(text)), PASSPHRASE)
/** All that reached the app's server's provider, or the user's own, since this was asked before. */
const arrived = () => ({ app: upstream.requests.splice(0), own: own.requests.splice(0) })
const counts = ({ app, own: asked }) => ({ app: app.length, own: asked.length })
const textOf = (requests) => JSON.stringify(requests.map(({ url, headers, text }) => ({ url, headers, text })))

for (const [at, word] of WORDS.entries()) {
  test(`decided: ${word}`, async (t) => {
    if (word !== 'undecided') await decide(word)
    for (const [what, { no, status = 200, offline = false, locked = false, provider, expected }] of Object.entries(
      MATRIX,
    )) {
      await t.test(what, async () => {
        await setKey(no === 'key' ? null : OWN)
        own.status = status
        arrived()
        if (locked) await lock()
        if (offline) await context.setOffline(true)
        try {
          const { seen, tried } = await call(provider)
          assert.equal(seen, expected[at])
          const { app, own: asked } = arrived()
          // Who is said to have answered was asked, and nobody else, but for a key that was refused before.
          const byApp = seen === '200 app'
          assert.equal(app.length, byApp ? 1 : 0)
          assert.equal(asked.length, no === 'key' || offline || locked ? 0 : 1)
          assert.equal(tried ?? null, byApp && status !== 200 ? String(status) : null)
          for (const { headers } of app) assert.equal(headers.authorization, `Bearer ${APP_KEY}`)
          for (const { headers } of asked) assert.equal(headers.authorization, `Bearer ${OWN}`)
          assert.ok(!textOf(app).includes(OWN))
          assert.ok(!textOf(asked).includes(APP_KEY))
        } finally {
          if (offline) await context.setOffline(false)
          if (locked) await unlock()
        }
      })
    }
  })
}

test('quota used up: 402 with where a key can be added; then the same request goes with the user’s', async () => {
  await setKey(null)
  await decide('auto')
  own.status = 200
  arrived()
  assert.equal((await command(server.folder, 'plan', 'set', 'bob', 'small')).code, 0)
  const small = await token('bob', { expires: '1h' })
  await page.evaluate((text) => (globalThis.engine.fallback.getToken = () => text), small)
  const { seen, problem } = await call()
  assert.equal(seen, '402 quota_exceeded app')
  assert.equal(problem.add_key, 'https://app.example.com/keys')
  assert.deepEqual(counts(arrived()), { app: 0, own: 0 })
  await setKey(OWN)
  assert.equal((await call()).seen, '200 user')
  const { app, own: asked } = arrived()
  assert.equal(app.length, 0)
  assert.deepEqual(JSON.parse(asked[0].text), JSON.parse(BODY))
})

test('who is logged out of the app, or is nobody to its server, is told so', async () => {
  await setKey(null)
  await page.evaluate(() => (globalThis.engine.fallback.getToken = () => null))
  assert.equal((await call()).seen, '401 ERR_NO_TOKEN')
  await page.evaluate(() => (globalThis.engine.fallback.getToken = () => 'no.such.token'))
  assert.equal((await call()).seen, '401 unauthorized app')
  assert.deepEqual(counts(arrived()), { app: 0, own: 0 })
})

test('the policy of the page was not broken by any of it', () => {
  assert.deepEqual(site.broken(), [])
})
