// app-key: whose key a call goes by, and what it is refused with: by what the user decided, what is stored, and what came back.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { provider } from './support/provider.mjs'

const OWN = 'sk-live-0wnKey0000000000000001'
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.dGhlIHVzZXI.c2lnbmF0dXJl'

/** What the provider answers to the user's own key, and what the app's server answers. */
let ownAnswer = 200
let relayAnswer = 200
let cut = false
const body = (usage) => JSON.stringify({ model: 'm-1', choices: [], usage })
const far = await provider((request, response) => {
  if (cut) return response.destroy()
  response.writeHead(ownAnswer, { 'content-type': 'application/json', 'keyhold-source': 'app' })
  response.end(ownAnswer === 200 ? body({ prompt_tokens: 5, completion_tokens: 2 }) : '{"error":{"message":"no"}}')
})
const app = await provider((request, response) => {
  if (request.url === '/v1/account') {
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ plan: 'free', for: request.headers.authorization ?? '' }))
  }
  if (relayAnswer !== 200) {
    const [status, name] = relayAnswer
    response.writeHead(status, { 'content-type': 'application/problem+json', 'x-should-retry': 'false' })
    return response.end(JSON.stringify({ type: `urn:keyhold:${name}`, status, add_key: 'https://app.example/keys' }))
  }
  response.writeHead(200, { 'content-type': 'application/json', 'keyhold-source': 'app' })
  response.end(body({ prompt_tokens: 5, completion_tokens: 2 }))
})
after(() => Promise.all([far.close(), app.close()]))

const CHAT = `${far.base}v1/chat/completions`
const SITE = {
  providers: [{ id: 'far', name: 'Far', base: `${far.base}v1/` }],
  server: { url: app.base },
}

async function page(t, { vault = true, owns = false, use, config = SITE, fallback = {} } = {}) {
  ownAnswer = relayAnswer = 200
  cut = false
  far.requests.length = app.requests.length = 0
  const browser = new Browser({ real: true, config })
  t.after(() => browser.close())
  const tab = await browser.open()
  const asked = []
  const getToken = () => {
    asked.push('token')
    return TOKEN
  }
  tab.fallback = { url: app.base, getToken, ...fallback }
  if (vault) await tab.create(passphrase())
  if (owns) await tab.add({ provider: 'far', label: 'mine', secret: key(OWN), unchecked: true })
  if (use !== undefined) await tab.setAppKeyUse('far', use)
  return { browser, tab, asked }
}

const INIT = {
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer the-caller-s-own' },
  body: '{"model":"m-1","messages":[]}',
}
/** "200 user", or "402 ERR_NO_KEY", or "402 quota_exceeded app". */
async function outcome(call) {
  try {
    const answer = await call
    const text = await answer.text()
    const problem = answer.headers.get('content-type')?.includes('problem') ? JSON.parse(text) : {}
    const name = problem.type?.replace('urn:keyhold:', '')
    return [answer.status, name, answer.headers.get('keyhold-source')].filter(Boolean).join(' ')
  } catch (error) {
    return `${error.name} ${error.cause?.code ?? ''}`
  }
}
const ask = (tab, init = {}, url = CHAT) => outcome(tab.fetch(url, { ...INIT, ...init }))

test('no key: by the app’s server, with the user’s token where a key would be, and what the caller sent', async (t) => {
  const { tab, asked } = await page(t)
  assert.equal(await ask(tab), '200 app')
  assert.equal(far.requests.length, 0)
  const [request] = app.requests
  assert.equal(request.url, '/v1/relay/far/chat/completions')
  assert.equal(request.headers.authorization, `Bearer ${TOKEN}`)
  assert.deepEqual(JSON.parse(request.body), JSON.parse(INIT.body))
  assert.deepEqual(asked, ['token'])
})

test('a vault that does not exist holds no key; a locked one is not one without keys', async (t) => {
  const { tab } = await page(t, { vault: false })
  assert.equal(await ask(tab), '200 app')
  await tab.create(passphrase())
  await tab.lock()
  assert.equal(await ask(tab), '423 ERR_LOCKED')
  assert.equal(app.requests.length, 1)
})

test('the matrix: what the user decided × what there is', async (t) => {
  const refused = (status) => ({ owns: true, own: status })
  const situations = [
    {},
    { owns: true },
    refused(401),
    refused(402),
    refused(429),
    refused(503),
    { owns: true, offline: true },
    { offline: true },
  ]
  const expected = {
    undecided: ['200 app', '200 user', '401 user', '402 user', '429 user', '503 user', 'TypeError', 'TypeError'],
    never: [
      '402 ERR_NO_KEY',
      '200 user',
      '401 user',
      '402 user',
      '429 user',
      '503 user',
      'TypeError',
      '402 ERR_NO_KEY',
    ],
    ask: [
      '402 ERR_ASK_FIRST',
      '200 user',
      '401 user',
      '402 user',
      '429 user',
      '503 user',
      'TypeError',
      '402 ERR_ASK_FIRST',
    ],
    auto: ['200 app', '200 user', '401 user', '200 app', '200 app', '200 app', 'TypeError', 'TypeError'],
  }
  for (const [use, row] of Object.entries(expected)) {
    await t.test(use, async (t) => {
      for (const [at, { owns = false, own = 200, offline = false }] of situations.entries()) {
        const name = `${owns ? `own key, ${own}` : 'no key'}${offline ? ', offline' : ''}`
        const { tab, browser } = await page(t, { owns, use: use === 'undecided' ? undefined : use })
        ownAnswer = own
        if (offline) browser.options.online = () => false
        if (offline) browser.options.send = () => Promise.reject(new TypeError('offline'))
        const seen = await ask(tab)
        assert.equal(seen.replace(/^TypeError .*/, 'TypeError'), row[at], name)
        // Who was asked is who is said to have answered.
        if (seen === '200 app') assert.equal(app.requests.length, 1, name)
        else assert.equal(app.requests.length, 0, name)
      }
    })
  }
})

test('its own key used up, an answer by the app’s says what the key was answered', async (t) => {
  const { tab } = await page(t, { owns: true, use: 'auto' })
  ownAnswer = 429
  const answer = await tab.fetch(CHAT, INIT)
  assert.equal(answer.headers.get('keyhold-tried'), '429')
  assert.equal(answer.headers.get('keyhold-source'), 'app')
  assert.equal(far.requests[0].headers.authorization, `Bearer ${OWN}`)
  // What is the user's goes to nobody else.
  assert.ok(!JSON.stringify(app.requests.map(({ headers, url }) => ({ headers, url }))).includes(OWN))
})

test('quota gone: the server’s 402 as it came; a key added, the same request goes by that', async (t) => {
  const { tab } = await page(t)
  relayAnswer = [402, 'quota_exceeded']
  const answer = await tab.fetch(CHAT, INIT)
  assert.equal(answer.status, 402)
  assert.equal(answer.headers.get('x-should-retry'), 'false')
  assert.equal((await answer.json()).add_key, 'https://app.example/keys')
  await tab.add({ provider: 'far', label: 'mine', secret: key(OWN), unchecked: true })
  assert.equal(await ask(tab), '200 user')
  assert.equal(far.requests.at(-1).headers.authorization, `Bearer ${OWN}`)
})

test('chosen by a person for one call, also where there is a key; but never where they said never', async (t) => {
  const { tab } = await page(t, { owns: true, use: 'ask' })
  assert.equal(await outcome(tab.fetchByApp(CHAT, INIT)), '200 app')
  await tab.setAppKeyUse('far', 'never')
  assert.equal(await outcome(tab.fetchByApp(CHAT, INIT)), '402 ERR_NO_KEY')
  assert.deepEqual(await tab.appKeyUses(), { far: 'never' })
})

test('refused, and nothing sent: no token, another server, what is no question, a page without a server', async (t) => {
  for (const getToken of [() => null, () => '', () => Promise.reject(new Error('logged out')), undefined]) {
    const { tab } = await page(t, { fallback: { getToken } })
    assert.equal(await ask(tab), '401 ERR_NO_TOKEN')
  }
  const { tab } = await page(t, { fallback: { url: 'https://other.example/' } })
  assert.equal(await ask(tab), '403 ERR_NOT_PERMITTED_BY_SITE')
  const { tab: none } = await page(t, { config: { providers: SITE.providers } })
  assert.equal(await ask(none), '403 ERR_NOT_PERMITTED_BY_SITE')
  const { tab: models } = await page(t)
  assert.equal(await ask(models, { method: 'GET', body: undefined }, `${far.base}v1/models`), '402 ERR_NO_KEY')
  const { tab: without } = await page(t)
  without.fallback = null
  assert.equal(await ask(without), '402 ERR_NO_KEY')
  assert.equal(app.requests.length, 0)
})

test('an abort while the page looks for its token ends the call', async (t) => {
  const { tab } = await page(t, { fallback: { getToken: () => new Promise(() => {}) } })
  const stop = new AbortController()
  const call = ask(tab, { signal: stop.signal })
  await tick(100)
  stop.abort()
  assert.match(await call, /^AbortError/)
  tab.fallback = { url: app.base, getToken: () => TOKEN }
  assert.equal(await ask(tab), '200 app')
})

test('what a call cost whom is kept apart: the app’s, with no key', async (t) => {
  const { tab } = await page(t, { owns: true, use: 'auto' })
  await ask(tab)
  ownAnswer = 429
  await ask(tab)
  const seen = JSON.stringify(await tab.usage(Date.now(), Date.now()))
  assert.match(seen, /"user"/)
  assert.match(seen, /"app"/)
})

test('a question of the vault’s own page: an answer, and what the server refused in plain words', async (t) => {
  const { tab } = await page(t, { vault: false })
  const question = {
    app: { provider: 'far', fallback: tab.fallback },
    model: 'm-1',
    messages: [{ role: 'user', text: 'hi' }],
  }
  const chat = async () => {
    const parts = []
    for await (const part of tab.chat(question)) parts.push(part)
    return parts.at(-1).summary
  }
  const summary = await chat()
  assert.equal(summary.source, 'app')
  assert.equal(summary.provider, 'far')
  const codes = {
    quota_exceeded: [402, 'ERR_QUOTA'],
    plan_required: [402, 'ERR_PLAN'],
    plan_lapsed: [402, 'ERR_PLAN'],
    app_key_exhausted: [402, 'ERR_APP_KEY'],
    unauthorized: [401, 'ERR_NO_TOKEN'],
    quota_held: [429, 'ERR_RATE_LIMITED'],
    unavailable: [503, 'ERR_PROVIDER_DOWN'],
    upstream_timeout: [504, 'ERR_TIMEOUT'],
    unbounded_cost: [400, 'ERR_PROVIDER_REFUSED'],
  }
  for (const [name, [status, code]] of Object.entries(codes)) {
    relayAnswer = [status, name]
    await assert.rejects(chat(), { code }, name)
  }
})

test('what the server knows of the user', async (t) => {
  const { tab } = await page(t)
  const { status, body } = await tab.askServer('v1/account')
  assert.equal(status, 200)
  assert.deepEqual(JSON.parse(body), { plan: 'free', for: `Bearer ${TOKEN}` })
})
