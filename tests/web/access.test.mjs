// access: what a page of another origin is told and may do on its port, as the worker serves it: with the real engine, and
// nothing of the client, which a hostile page would not use.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'
import { spoken } from './support/port.mjs'
import { provider } from './support/provider.mjs'

const SECRET = 'sk-live-Zq3v7Xw9LmN2pRt5YbC8'
const APP = 'https://app.example'
const needsUser = { state: 'needs-user' }
const held = []
const server = await provider((request, response) => {
  if (request.url.endsWith('/hold')) return held.push(response)
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ model: 'm-1', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }))
})
after(() => server.close())
const site = { providers: [{ id: 'stand-in', name: 'Stand-in', base: `${server.base}v1/` }] }
const wish = {
  providers: ['stand-in'],
  models: [],
  scopes: [],
  dayMicroUsd: null,
  monthMicroUsd: null,
  expiresAt: null,
}
/** A reply without the number that it goes by. */
const unnumbered = ({ ok, value, error }) => (ok ? { ok, value } : { ok, error })
const code = (reply) => (reply.ok ? 'ok' : reply.error.code)

/** A vault, its own page's port, and a way to have ports admitted for others. */
async function vault(t, { create = true } = {}) {
  const browser = new Browser({ real: true, config: site })
  t.after(() => browser.close())
  const tab = await browser.open()
  const own = ownPort(t, browser)
  assert.ok((await own.ask({ op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' })).ok)
  if (create) {
    await tab.create(passphrase())
    await tab.add({ provider: 'stand-in', label: 'secret label', secret: key(SECRET), unchecked: true })
  }
  const admit = async (origin) => {
    const { port1, port2 } = new MessageChannel()
    port1.start()
    const reply = await own.ask({ op: 'admit', origin, port: port2 }, [port2])
    t.after(() => port1.close())
    return { reply, ...numbered(spoken(port1)) }
  }
  const host = async (origin = APP) => {
    const page = await admit(origin)
    assert.ok(page.reply.ok)
    return { ...page, greeted: await page.ask({ op: 'helloHost', protocol: keyhold.HOST_PROTOCOL_VERSION }) }
  }
  const decide = async (terms) => {
    const question = await waitFor(async () => (await own.ask({ op: 'questions' })).value[0])
    return own.ask({ op: 'decide', question: question.id, terms })
  }
  return { browser, tab, own, admit, host, decide }
}

/** Of the vault's own page. Open, it would keep this process. */
function ownPort(t, browser) {
  const port = browser.rawPort()
  t.after(() => port.close())
  return numbered(spoken(port))
}

function numbered(port) {
  let last = 1
  return { ...port, ask: (ask, transfer) => port.say({ ...ask, id: ++last }, transfer) }
}

async function waitFor(look) {
  for (;;) {
    const found = await look()
    if (found) return found
    await tick()
  }
}

const call = (number, path = 'chat/completions', more = {}) => ({
  op: 'fetch',
  call: number,
  url: `${server.base}v1/${path}`,
  method: 'POST',
  headers: [['content-type', 'application/json']],
  body: new TextEncoder().encode('{"model":"m-1","messages":[]}'),
  key: null,
  app: null,
  ...more,
})
/** Everything that was said on the port, as text in which a secret would be seen. */
const said = (...messages) =>
  JSON.stringify(messages, (_, value) => (value instanceof Uint8Array ? new TextDecoder().decode(value) : value))

test('before a grant a page learns nothing, whether there is no vault, a locked one, an open one or one with a key', async (t) => {
  const answers = []
  const look = async ({ host }) => {
    const page = await host()
    const replies = [page.greeted, await page.ask({ op: 'access' }), await page.ask(call(7))]
    answers.push(replies.map(unnumbered))
    assert.deepEqual(page.events, [])
  }
  const absent = await vault(t, { create: false })
  await look(absent)
  const open = await vault(t)
  await look(open)
  await open.tab.lock()
  const locked = await open.browser.open()
  assert.equal((await locked.status()).state, 'locked')
  const own = ownPort(t, open.browser)
  await own.ask({ op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' })
  const { port1, port2 } = new MessageChannel()
  port1.start()
  await own.ask({ op: 'admit', origin: APP, port: port2 }, [port2])
  const page = numbered(spoken(port1))
  const replies = [
    await page.ask({ op: 'helloHost', protocol: keyhold.HOST_PROTOCOL_VERSION }),
    await page.ask({ op: 'access' }),
    await page.ask(call(7)),
  ]
  answers.push(replies.map(unnumbered))
  port1.close()
  assert.deepEqual(answers[0], answers[1])
  assert.deepEqual(answers[1], answers[2])
  assert.deepEqual(answers[0][1], { ok: true, value: needsUser })
  assert.deepEqual(answers[0][2], { ok: false, error: { code: 'ERR_NEEDS_USER' } })
  assert.equal(server.requests.length, 0)
})

test('a page asks, the user decides, and its calls go out; the page is told no label, no id and no key', async (t) => {
  const { tab, host, decide, own } = await vault(t)
  const page = await host()
  const other = await host('https://other.example')
  const asked = page.ask({ op: 'requestAccess', call: 1, wish })
  const question = await waitFor(async () => (await own.ask({ op: 'questions' })).value[0])
  assert.deepEqual({ origin: question.origin, wish: question.wish }, { origin: APP, wish })
  assert.ok(own.events.some(({ event }) => event === 'asked'))
  assert.equal(code(await decide({ ...wish, dayMicroUsd: 5_000_000 })), 'ok')
  const { value } = await asked
  assert.deepEqual(value, {
    state: 'granted',
    ...wish,
    dayMicroUsd: 5_000_000,
    providers: [{ id: 'stand-in', ready: true }],
    dayLeftMicroUsd: 5_000_000,
    monthLeftMicroUsd: null,
  })
  // Its price is not known, so under a cap it is not made.
  assert.equal(code(await page.ask(call(2))), 'ERR_CAP_UNBOUNDED')
  await decideAgain()
  const answered = await page.ask(call(3))
  assert.equal(answered.value.status, 200)
  await waitFor(() => page.events.find(({ part }) => part?.type === 'end'))
  assert.equal(server.requests.at(-1).headers.authorization, `Bearer ${SECRET}`)
  assert.deepEqual(other.events, [])
  assert.equal(code(await other.ask(call(4))), 'ERR_NEEDS_USER')
  const [{ id, hint }] = await tab.keys()
  const heard = said(page.events, answered, value)
  for (const hidden of [SECRET, 'secret label', id, hint, 'other.example']) assert.ok(!heard.includes(hidden), hidden)
  assert.ok(said(await tab.keys()).includes('secret label'), 'control: the vault page is told')
  const { entries } = await tab.audit()
  assert.ok(entries.some(({ action, label }) => action === 'grant' && label === APP))
  const { days } = await tab.usage(0, Date.now())
  assert.ok(said(days).includes(APP))

  async function decideAgain() {
    const again = page.ask({ op: 'requestAccess', call: 9, wish: { ...wish, scopes: ['files'] } })
    assert.equal(code(await decide(wish)), 'ok')
    assert.ok((await again).ok)
  }
})

test('what is granted already is not asked again; a refusal is ERR_ACCESS_DENIED; a question can be taken back', async (t) => {
  const { host, decide, own } = await vault(t)
  const page = await host()
  const refused = page.ask({ op: 'requestAccess', call: 1, wish })
  await decide(null)
  assert.equal(code(await refused), 'ERR_ACCESS_DENIED')
  const dropped = page.ask({ op: 'requestAccess', call: 2, wish })
  await waitFor(async () => (await own.ask({ op: 'questions' })).value[0])
  await page.ask({ op: 'abort', call: 2 })
  assert.equal(code(await dropped), 'ERR_CANCELLED')
  assert.deepEqual((await own.ask({ op: 'questions' })).value, [])
  assert.equal(code(await own.ask({ op: 'decide', question: 2, terms: wish })), 'ERR_NOT_FOUND')
  const allowed = page.ask({ op: 'requestAccess', call: 3, wish })
  await decide(wish)
  assert.ok((await allowed).ok)
  assert.ok((await page.ask({ op: 'requestAccess', call: 4, wish })).ok)
  assert.deepEqual((await own.ask({ op: 'questions' })).value, [])
})

test('revoked, a page is stopped at once, calls under way included, and told', async (t) => {
  const { host, decide, own } = await vault(t)
  const page = await host()
  const asked = page.ask({ op: 'requestAccess', call: 1, wish })
  await decide({ ...wish, providers: ['stand-in'] })
  await asked
  const before = held.length
  const pending = page.ask(call(2, 'chat/completions', { url: `${server.base}v1/hold` }))
  // An address that is not in the catalogue's list of calls is refused; the stand-in knows chat only.
  assert.equal(code(await pending), 'ERR_PATH_NOT_ALLOWED')
  assert.equal(held.length, before)
  const [grant] = (await own.ask({ op: 'grants' })).value
  assert.equal(grant.origin, APP)
  assert.equal(code(await own.ask({ op: 'revoke', grant: grant.id })), 'ok')
  await waitFor(() => page.events.find(({ event }) => event === 'access'))
  assert.deepEqual((await page.ask({ op: 'access' })).value, needsUser)
  assert.equal(code(await page.ask(call(3))), 'ERR_NEEDS_USER')
  assert.equal(code(await own.ask({ op: 'revoke', grant: grant.id })), 'ERR_NOT_FOUND')
})

test("a page may ask only what is a page's to ask, and the vault's own page not that", async (t) => {
  const { host, own } = await vault(t)
  const page = await host()
  const { port1, port2 } = new MessageChannel()
  t.after(() => port1.close())
  for (const ask of [
    { op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' },
    { op: 'status' },
    { op: 'keys' },
    { op: 'providers' },
    { op: 'exportRaw' },
    { op: 'audit' },
    { op: 'questions' },
    { op: 'grants' },
    { op: 'decide', question: 1, terms: wish },
    { op: 'wipe', word: 'delete' },
    call(1, 'chat/completions', { key: 'k' }),
  ]) {
    assert.equal(code(await page.ask(ask)), 'ERR_BAD_INPUT', ask.op)
  }
  assert.equal(code(await page.ask({ op: 'admit', origin: null, port: port2 }, [port2])), 'ERR_BAD_INPUT')
  for (const ask of [{ op: 'helloHost', protocol: 1 }, { op: 'access' }, { op: 'requestAccess', call: 1, wish }]) {
    assert.equal(code(await own.ask(ask)), 'ERR_BAD_INPUT', ask.op)
  }
  assert.equal(code(await own.ask({ op: 'keys' })), 'ok', 'control')
})

test('what is no origin is not admitted, nor are more pages of one than there may be', async (t) => {
  const { admit } = await vault(t, { create: false })
  for (const origin of ['null', 'app.example', 'https://app.example/', 'https://APP.example', ' https://app.example']) {
    assert.equal(code((await admit(origin)).reply), 'ERR_BAD_INPUT', origin)
  }
  for (let i = 0; i < 16; i += 1) assert.equal(code((await admit(APP)).reply), 'ok')
  assert.equal(code((await admit(APP)).reply), 'ERR_TOO_MANY')
  assert.equal(code((await admit('https://other.example')).reply), 'ok')
})

test('a lock ends the port of a page that had something, with one word; another hears nothing', async (t) => {
  const { tab, host, decide } = await vault(t)
  const page = await host()
  const other = await host('https://other.example')
  const asked = page.ask({ op: 'requestAccess', call: 1, wish })
  await decide(wish)
  await asked
  await tab.lock()
  await waitFor(() => page.events.find(({ event }) => event === 'locked'))
  assert.deepEqual(page.events.at(-1), { event: 'locked', epoch: 0 })
  assert.deepEqual(other.events, [])
})
