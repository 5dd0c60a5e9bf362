// app-key-hosts: a page of another origin whose app has a keyhold-server: by whose key its calls go, and that it learns nothing of
// the vault from that. With the client as such a page has it, at the real worker and engine.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { bundle } from './support/bundle.mjs'
import { keyhold } from './support/load.mjs'
import { spoken } from './support/port.mjs'
import { provider } from './support/provider.mjs'

// Of a page's events, the client waits for its end.
globalThis.addEventListener ??= () => {}
globalThis.removeEventListener ??= () => {}
const { Acquainted, Vault, messagePort } = await bundle(`
  export { Acquainted } from './web/src/client/acquainted'
  export { Vault } from './web/src/client/index'
  export { messagePort } from './web/src/wire/port'`)

const KEEPING = new URL('../../build/wasm/keeping.wasm', import.meta.url)
const OWN = 'sk-live-0wnKey0000000000000001'
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.dGhlIHVzZXI.c2lnbmF0dXJl'
const APP = 'https://app.example'
const VAULT = 'https://vault.example'
const answer = JSON.stringify({ model: 'm-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } })
const ok = (_, response) => response.writeHead(200, { 'content-type': 'application/json', date: 'x' }).end(answer)
const far = await provider(ok)
const near = await provider(ok)
const app = await provider(ok)
after(() => Promise.all([far.close(), near.close(), app.close()]))

const CHAT = `${far.base}v1/chat/completions`
const SITE = {
  providers: [
    { id: 'far', name: 'Far', base: `${far.base}v1/` },
    { id: 'near', name: 'Near', base: `${near.base}v1/` },
  ],
  server: { url: app.base },
}
const INIT = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"model":"m-1","messages":[]}',
}
const TERMS = { providers: ['far'], models: [], scopes: [], dayMicroUsd: null, monthMicroUsd: null, expiresAt: null }

/** What a browser keeps for the page; `broken` is thrown by the methods named. */
function storage(broken = []) {
  const kept = new Map()
  const method = (name, work) => [
    name,
    (...args) => {
      if (broken.includes(name)) throw new DOMException('no', 'QuotaExceededError')
      return work(...args)
    },
  ]
  return Object.assign(
    Object.fromEntries([
      method('getItem', (name) => kept.get(name) ?? null),
      method('setItem', (name, value) => void kept.set(name, value)),
      method('removeItem', (name) => void kept.delete(name)),
    ]),
    { kept },
  )
}
const withStorage = (t, value) => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'localStorage')
  t.after(() => {
    if (before) Object.defineProperty(globalThis, 'localStorage', before)
    else delete globalThis.localStorage
  })
  Object.defineProperty(globalThis, 'localStorage', { configurable: true, get: value })
}

/** A vault in this state, with keys of these providers, and pages of APP that can be opened. */
async function vault(t, { state = 'unlocked', keys = ['far'], config = SITE } = {}) {
  far.requests.length = near.requests.length = app.requests.length = 0
  const browser = new Browser({ real: true, config })
  t.after(() => browser.close())
  const tab = await browser.open()
  if (state !== 'absent') {
    await tab.create(passphrase())
    for (const one of keys) await tab.add({ provider: one, label: 'mine', secret: key(OWN), unchecked: true })
  }
  if (state === 'locked') {
    await tab.lock()
    // In a worker of its own, behind the one that ended.
    assert.equal((await tab.status()).state, 'locked')
    await tick(100)
  }
  let last = 1
  /** The vault's own page, anew: a lock has ended the ports before it. */
  const own = async () => {
    const spokenPort = spoken(browser.rawPort())
    t.after(() => spokenPort.port.close())
    const ask = (message, transfer) => spokenPort.say({ ...message, id: (last += 1) }, transfer)
    await ask({ op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' })
    return ask
  }
  const admit = async (ask, origin = APP) => {
    const { port1, port2 } = new MessageChannel()
    t.after(() => port1.close())
    port1.start()
    await ask({ op: 'admit', origin, port: port2 }, [port2])
    return port1
  }
  const raw = async (origin) => {
    const page = spoken(await admit(await own(), origin))
    let number = 0
    const ask = (message, transfer) => page.say({ ...message, id: (number += 1) }, transfer)
    await ask({ op: 'helloHost', protocol: keyhold.HOST_PROTOCOL_VERSION })
    return { ...page, ask }
  }
  /** As the app has it. */
  const page = (fallback = { url: app.base, getToken: () => TOKEN }) => {
    const frame = {
      openPort: () => {
        const { port1, port2 } = new MessageChannel()
        t.after(() => port1.close())
        own().then((ask) => ask({ op: 'admit', origin: APP, port: port2 }, [port2]))
        return messagePort(port1)
      },
      show() {},
      close() {},
    }
    const one = new Vault(frame, VAULT, fallback)
    t.after(() => one.close())
    return one
  }
  const decide = async (terms) => {
    const ask = await own()
    for (;;) {
      const [question] = (await ask({ op: 'questions' })).value
      if (question) return ask({ op: 'decide', question: question.id, terms })
      await tick(2)
    }
  }
  const allow = async (client, terms = TERMS) => {
    const asked = client.requestAccess({ providers: terms?.providers ?? ['far'] })
    const [access] = await Promise.all([asked, decide(terms)])
    return access
  }
  return { browser, tab, page, raw, allow }
}

/** Everything that a page can see of an answer. */
async function seen(call) {
  try {
    const response = await call
    return { status: response.status, headers: [...response.headers], text: await response.text(), url: response.url }
  } catch (error) {
    return { name: error.name, message: error.message, code: error.cause?.code }
  }
}
const brief = ({ status, headers, text, name, code }) =>
  status === undefined
    ? `${name} ${code}`
    : [status, new Map(headers).get('keyhold-source') ?? JSON.parse(text).code].join(' ')
const ask = async (client, url = CHAT) => brief(await seen(client.fetch(url, INIT)))

test('a newcomer’s calls go by the app, and are the same byte for byte whatever the vault is', async (t) => {
  withStorage(t, () => storage())
  const states = [['absent'], ['locked'], ['unlocked'], ['unlocked', []]]
  const answers = []
  for (const [state, keys] of states) {
    const { page, raw } = await vault(t, { state, keys })
    const client = page()
    const all = [await seen(client.fetch(CHAT, INIT))]
    all.push(await seen(client.fetch(`${far.base}v1/models`)))
    all.push(await seen(client.fetch(CHAT, { ...INIT, body: '{' })))
    all.push(await seen(client.fetch('https://nobody.example/', INIT)))
    all.push(await client.status())
    // And to a page that does without the client.
    const port = await raw(APP)
    const offer = { server: app.base, chosen: true, newcomer: true }
    const reply = port.ask({
      op: 'fetch',
      call: 1,
      url: CHAT,
      method: 'POST',
      headers: [['content-type', 'application/json']],
      body: new TextEncoder().encode(INIT.body),
      key: null,
      app: offer,
    })
    while (port.events.length === 0) await tick(2)
    all.push([...port.events])
    await port.ask({ op: 'token', call: 1, token: null })
    all.push((await reply).error)
    answers.push(all.map((one) => ({ ...one, headers: one.headers?.filter(([name]) => name !== 'date') })))
    assert.equal(brief(answers.at(-1)[0]), '200 app', state)
    assert.equal(far.requests.length, 0)
    assert.ok(app.requests.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`))
    assert.ok(app.requests.every(({ url }) => url === '/v1/relay/far/chat/completions'))
    client.close()
  }
  for (const one of answers) assert.deepEqual(one, answers[0])
})

test('control: a page that was allowed something is told that the vault is locked, and its calls go nowhere', async (t) => {
  const kept = storage()
  withStorage(t, () => kept)
  const { tab, page, allow } = await vault(t)
  const client = page()
  assert.equal(await ask(client), '200 app')
  await allow(client)
  assert.equal(await ask(client), '200 user')
  assert.equal(far.requests[0].headers.authorization, `Bearer ${OWN}`)
  await tab.lock()
  await tick(120)
  assert.equal(await ask(client), '423 ERR_NEEDS_USER')
  // On its next visit, too.
  assert.equal(await ask(page()), '423 ERR_NEEDS_USER')
  assert.equal(app.requests.length, 1)
  assert.equal(far.requests.length, 1)
})

test('allowed: the user’s key; of a provider without one the app’s; of one that is not allowed none', async (t) => {
  withStorage(t, () => storage())
  const { tab, page, allow } = await vault(t, { keys: ['far'] })
  const client = page()
  await allow(client, { ...TERMS, providers: ['far'] })
  const nearby = `${near.base}v1/chat/completions`
  assert.equal(await ask(client), '200 user')
  assert.equal(await ask(client, nearby), '403 ERR_NOT_GRANTED')
  await allow(client, { ...TERMS, providers: ['far', 'near'] })
  assert.equal(await ask(client, nearby), '200 app')
  assert.equal(app.requests[0].url, '/v1/relay/near/chat/completions')
  // What the user decided holds for pages, too; and no page can say that they chose otherwise just now.
  await tab.setAppKeyUse('near', 'ask')
  assert.equal(await ask(client, nearby), '402 ERR_ASK_FIRST')
  await tab.setAppKeyUse('near', 'never')
  assert.equal(await ask(client, nearby), '402 ERR_NO_KEY')
  assert.equal(near.requests.length, 0)
  assert.equal(app.requests.length, 1)
})

test('a page that says that a person chose, or that nobody ever allowed it anything, gains nothing', async (t) => {
  withStorage(t, () => storage())
  const { tab, page, raw, allow } = await vault(t)
  await allow(page())
  await tab.setAppKeyUse('far', 'ask')
  const port = await raw(APP)
  const call = (number, app) =>
    port.ask({
      op: 'fetch',
      call: number,
      url: CHAT,
      method: 'POST',
      headers: [['content-type', 'application/json']],
      body: new TextEncoder().encode(INIT.body),
      key: null,
      app,
    })
  const offer = { server: app.base, chosen: true, newcomer: true }
  // With a key: by the key.
  assert.equal(new Map((await call(1, offer)).value.headers).get('keyhold-source'), 'user')
  const [{ id }] = await tab.keys()
  await tab.delete(id)
  assert.equal((await call(2, offer)).error.code, 'ERR_ASK_FIRST')
  await tab.setAppKeyUse('far', 'never')
  assert.equal((await call(3, offer)).error.code, 'ERR_NO_KEY')
  assert.equal((await call(4, { ...offer, server: 'https://evil.example/' })).error.code, 'ERR_NOT_PERMITTED_BY_SITE')
  assert.equal(app.requests.length, 0)
})

test('refused by its user, a page is a newcomer again', async (t) => {
  const kept = storage()
  withStorage(t, () => kept)
  const { tab, page, allow } = await vault(t)
  const client = page()
  await allow(client)
  assert.equal(kept.kept.get(`keyhold ${VAULT}`), 'yes')
  const ids = await tab.grants()
  for (const { id } of ids) await tab.revoke(id)
  assert.equal(await ask(client), '423 ERR_NEEDS_USER')
  await assert.rejects(allow(client, null), { code: 'ERR_ACCESS_DENIED' })
  assert.equal(kept.kept.size, 0)
  assert.equal(await ask(client), '200 app')
})

test('without a place to remember in, it lasts as long as the page; one that fails breaks nothing', async (t) => {
  const throws = () => {
    throw new DOMException('no', 'SecurityError')
  }
  for (const [what, place] of [
    ['none', () => undefined],
    ['forbidden', throws],
    ['full', () => storage(['setItem'])],
    ['broken', () => storage(['getItem', 'setItem', 'removeItem'])],
  ]) {
    await t.test(what, async (t) => {
      withStorage(t, place)
      const one = new Acquainted(VAULT)
      assert.equal(one.is, false)
      one.remember()
      assert.equal(one.is, true)
      one.forget()
      assert.equal(one.is, false)
      const { tab, page, allow } = await vault(t)
      const client = page()
      assert.equal(await ask(client), '200 app')
      await allow(client)
      assert.equal(await ask(client), '200 user')
      await tab.lock()
      await tick(120)
      assert.equal(await ask(client), '423 ERR_NEEDS_USER')
      assert.equal(await ask(page()), '200 app')
    })
  }
})

test('what is remembered is of one vault', (t) => {
  const kept = storage()
  withStorage(t, () => kept)
  new Acquainted(VAULT).remember()
  assert.equal(new Acquainted(VAULT).is, true)
  assert.equal(new Acquainted('https://other.example').is, false)
  kept.kept.set('keyhold https://other.example', 'no')
  assert.equal(new Acquainted('https://other.example').is, false)
})

test('tokens for calls that wait for none do nothing; one too long is refused, and the call with it', async (t) => {
  withStorage(t, () => storage())
  const { raw, page } = await vault(t, { state: 'absent' })
  const port = await raw(APP)
  for (const number of [0, 1, 77]) {
    assert.deepEqual(await port.ask({ op: 'token', call: number, token: TOKEN }).then(({ ok }) => ok), true)
  }
  const offer = { server: app.base, chosen: false, newcomer: true }
  const reply = port.ask({
    op: 'fetch',
    call: 1,
    url: CHAT,
    method: 'POST',
    headers: [['content-type', 'application/json']],
    body: new TextEncoder().encode(INIT.body),
    key: null,
    app: offer,
  })
  while (port.events.length === 0) await tick(2)
  assert.deepEqual(port.events, [{ event: 'call', call: 1, part: { type: 'token' } }])
  assert.equal(app.requests.length, 0, 'the one that came before is forgotten')
  assert.equal((await port.ask({ op: 'token', call: 1, token: 'x'.repeat(8_193) })).error.code, 'ERR_BAD_INPUT')
  assert.equal((await port.ask({ op: 'token', call: 2, token: TOKEN })).ok, true)
  await tick(20)
  assert.equal(app.requests.length, 0)
  await port.ask({ op: 'token', call: 1, token: 'x'.repeat(8_000) })
  // A second one comes too late.
  await port.ask({ op: 'token', call: 1, token: TOKEN })
  assert.equal((await reply).ok, true)
  assert.equal(app.requests[0].headers.authorization, `Bearer ${'x'.repeat(8_000)}`)
  await port.ask({ op: 'token', call: 1, token: TOKEN })
  assert.equal(app.requests.length, 1)

  for (const token of ['x'.repeat(8_193), 5, {}, Symbol('t'), () => TOKEN]) {
    const client = page({ url: app.base, getToken: () => token })
    assert.equal(await ask(client), '401 ERR_NO_TOKEN', String(token).slice(0, 20))
    client.close()
  }
  assert.equal(app.requests.length, 1)
})

test('a lock ends a call that waits for its token', async (t) => {
  withStorage(t, () => storage())
  const { tab } = await vault(t, { keys: [] })
  let wanted = () => {}
  const asked = new Promise((resolve) => (wanted = resolve))
  tab.fallback = { url: app.base, getToken: () => (wanted(), new Promise(() => {})) }
  const call = ask(tab)
  await asked
  await tab.lock()
  assert.equal(await Promise.race([call, tick(2_000).then(() => 'still waits')]), '423 ERR_LOCKED')
})

test('calls given up before their token was asked for take no place from others', async (t) => {
  withStorage(t, () => storage())
  const { browser, tab } = await vault(t, { state: 'absent' })
  let load
  const loaded = new Promise((resolve) => (load = resolve))
  browser.options.keeping = () => loaded.then(() => new Response(readFileSync(KEEPING)))
  tab.fallback = { url: app.base, getToken: () => TOKEN }
  const stop = new AbortController()
  const calls = Array.from({ length: keyhold.MAX_CALLS }, () => seen(tab.fetch(CHAT, { ...INIT, signal: stop.signal })))
  while (browser.keepingLoads === 0) await tick(2)
  await tick(20)
  stop.abort()
  for (const call of calls) assert.equal((await call).name, 'AbortError')
  load()
  assert.equal(await Promise.race([ask(tab), tick(3_000).then(() => 'no place')]), '200 app')
  assert.equal(app.requests.length, 1)
})
