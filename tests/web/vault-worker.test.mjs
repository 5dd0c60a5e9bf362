// vault-worker: hello, limits, locking, faults and several tabs, with an engine that does as it is told.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { fakes } from './support/fake-engine.mjs'
import { keyhold } from './support/load.mjs'
import { hello, spoken } from './support/port.mjs'

const { MAX_CALLS, MAX_UNDER_WAY, PROTOCOL_VERSION, RECONNECT_AFTER_MS } = keyhold
const start = {
  start: true,
  wasmUrl: 'test:wasm',
  keepingUrl: 'test:keeping',
  pricesUrl: 'test:prices',
  configUrl: 'https://vault.example/keyhold.config.json',
}
const rejects = (promise, code) => assert.rejects(promise, (error) => error.code === code)
const add = (tab, label = 'x') => tab.add({ provider: 'fake', label, secret: key(), unchecked: true })

let browser
afterEach(() => {
  browser.close()
  fakes.buffers.clear()
})
const opened = async (options) => {
  browser = new Browser(options)
  const tab = await browser.open()
  await tab.create(passphrase())
  return tab
}

/** A network that does not answer. */
const never = (_url, { signal } = {}) =>
  new Promise((_, failed) => signal?.addEventListener('abort', () => failed(signal.reason)))

test('nothing is answered before hello, and a hello of another build or protocol is refused', async () => {
  browser = new Browser()
  const { say, port } = spoken(browser.rawPort())
  port.postMessage(start)
  assert.equal((await say({ id: 7, op: 'status' })).error.code, 'ERR_WRONG_STATE')
  assert.equal((await say({ ...hello, build: 'older' })).error.code, 'ERR_VERSION')
  assert.equal((await say({ ...hello, protocol: PROTOCOL_VERSION + 1 })).error.code, 'ERR_VERSION')
  assert.equal((await say({ ...hello, id: 9 })).value.status.state, 'absent')
  assert.equal((await say({ id: 10, op: 'status' })).ok, true)
  port.close()
})

test('a self-test that fails is a refusal to run, for whoever asks', async () => {
  const Failure = keyhold.Failure
  browser = new Browser({ startEngine: () => Promise.reject(new Failure('ERR_SELF_TEST')) })
  await rejects(browser.open(), 'ERR_SELF_TEST')
})

test('the module starter refuses an engine that gives a wrong answer or traps at its own test', async () => {
  await assert.rejects(keyhold.startEngine(new ArrayBuffer(8)), ({ problem }) => problem.code === 'ERR_WORKER')
})

test('the site configuration that cannot be read is a refusal with its own code', async () => {
  browser = new Browser({ engine: { configure: () => ({ error: 'ERR_BAD_JSON' }) } })
  await rejects(browser.open(), 'ERR_BAD_JSON')
})

test('create, add, lock, unlock: states move as the table says, in a new worker after the lock', async () => {
  const tab = await opened()
  assert.equal((await tab.status()).state, 'unlocked')
  await rejects(tab.create(passphrase()), 'ERR_WRONG_STATE')
  await add(tab)
  await tab.lock()
  assert.equal((await tab.status()).state, 'locked')
  assert.equal(browser.workers.length, 2)
  await rejects(tab.keys(), 'ERR_LOCKED')
  await rejects(tab.unlock(passphrase('not the right one')), 'ERR_CANNOT_UNLOCK')
  await tab.unlock(passphrase())
  assert.equal((await tab.keys()).length, 1)
})

test('a secret is in the engine only: the array posted is emptied, the buffer freed, the header value wiped', async () => {
  const sent = []
  const tab = await opened({
    send: async (_url, init) => (sent.push(init.headers.get('authorization')), new Response('{}')),
  })
  const secret = key('sk-once')
  await tab.add({ provider: 'fake', label: '', secret })
  assert.deepEqual(sent.filter(Boolean), ['Bearer sk-once'])
  assert.equal(secret.byteLength, 0)
  assert.equal(fakes.buffers.size, 0)
  assert.ok(fakes.lastSecretValue.every((byte) => byte === 0))
})

test('a key its provider refuses is not stored; unchecked it is', async () => {
  const tab = await opened({ send: async () => new Response('no', { status: 401 }) })
  await assert.rejects(
    tab.add({ provider: 'fake', label: '', secret: key() }),
    (error) => error.code === 'ERR_BAD_KEY' && error.status === 401,
  )
  assert.equal((await tab.keys()).length, 0)
  const { check } = await add(tab)
  assert.equal(check, null)
  assert.deepEqual(await tab.check('k1'), { ok: false, error: { code: 'ERR_BAD_KEY', status: 401 } })
  assert.equal(fakes.buffers.size, 0)
})

test('lock wipes the whole heap before it is told, and reaches every port of the worker', async () => {
  const tab = await opened()
  const second = spoken(browser.rawPort())
  await second.say(hello)
  const { module } = browser.workers[0]
  assert.ok(
    module.HEAPU8.some((byte) => byte !== 0),
    'positive control: the heap is in use',
  )
  const heard = new Promise((done) => tab.on('locked', () => done(module.HEAPU8.every((byte) => byte === 0))))
  await tab.lock()
  assert.equal(await heard, true)
  await tick(5)
  assert.equal(second.events.at(-1).event, 'locked')
  second.port.close()
})

test('who deletes the vault is answered first and told of the lock then, as all others are; a new one can be made', async () => {
  const tab = await opened()
  const other = spoken(browser.rawPort())
  await other.say(hello)
  await rejects(tab.wipe('delet'), 'ERR_BAD_INPUT')
  let locked = false
  tab.on('locked', () => (locked = true))
  const databases = async () => (await indexedDB.databases()).map(({ name }) => name)
  assert.ok((await databases()).includes('keyhold'), 'positive control: there is one')
  await tab.wipe('delete')
  assert.equal(locked, false)
  await tick(5)
  assert.equal(locked, true)
  assert.equal(other.events.at(-1).event, 'locked')
  other.port.close()
  assert.deepEqual(await databases(), [], 'nothing was opened again behind it')
  await tick(RECONNECT_AFTER_MS + 10)
  assert.equal((await tab.status()).state, 'absent')
  await tab.create(passphrase())
})

test('a lock aborts what is under way with ERR_LOCKED: a stream, a check, a KDF that is still working', async () => {
  const tab = await opened({ send: never })
  await add(tab)
  const parts = tab.chat({ key: 'k1', model: 'm', messages: [{ role: 'user', text: 'hi' }] })
  const chat = parts[Symbol.asyncIterator]().next()
  const check = tab.check('k1')
  await tick(5)
  await Promise.all([rejects(chat, 'ERR_LOCKED'), rejects(check, 'ERR_LOCKED'), tab.lock()])
  assert.equal(fakes.calls.size, 0)
})

test('one more connection to a worker that has locked is told at once', async () => {
  const tab = await opened()
  const { host } = browser.workers[0]
  await tab.lock()
  const { port1, port2 } = new MessageChannel()
  const late = spoken(port1)
  port1.start()
  host.admit(port2, { is: 'manage' })
  await tick(5)
  assert.equal(late.events[0].event, 'locked')
  port1.close()
})

test('a change is told to the other ports, not to the one that asked', async () => {
  const tab = await opened()
  const other = await browser.open()
  const heard = []
  tab.on('changed', () => heard.push('tab'))
  other.on('changed', () => heard.push('other'))
  await add(tab)
  await tick(5)
  assert.deepEqual(heard, ['other'])
})

test(`a port has ${MAX_CALLS} calls under way and not one more; a number used twice is refused`, async () => {
  await opened({ send: never })
  const { say, port } = spoken(browser.rawPort())
  await say(hello)
  const fetchAs = (call, id) =>
    say({
      id,
      op: 'fetch',
      call,
      url: 'http://127.0.0.1:1/',
      method: 'GET',
      headers: [],
      body: null,
      key: null,
      app: null,
    })
  for (let call = 1; call <= MAX_CALLS; call += 1) void fetchAs(call, 100 + call)
  assert.equal((await fetchAs(1, 300)).error.code, 'ERR_BAD_INPUT')
  assert.equal((await fetchAs(MAX_CALLS + 1, 301)).error.code, 'ERR_TOO_MANY')
  const aborted = new Promise((done) =>
    port.addEventListener('message', ({ data }) => data.id === 101 && done(data.error.code)),
  )
  await say({ id: 302, op: 'abort', call: 1 })
  assert.equal(await aborted, 'ERR_CANCELLED')
  port.close()
})

test('a port that asks without waiting is refused above its limit, and served again afterwards', async () => {
  browser = new Browser()
  const { say, port } = spoken(browser.rawPort())
  // Without a start message, hello waits.
  const waiting = Array.from({ length: MAX_UNDER_WAY }, (_, i) => say({ ...hello, id: i }))
  const over = await say({ ...hello, id: MAX_UNDER_WAY })
  assert.equal(over.error.code, 'ERR_TOO_MANY')
  port.postMessage(start)
  assert.ok((await Promise.all(waiting)).every(({ ok }) => ok))
  assert.equal((await say({ id: 9_999, op: 'status' })).ok, true)
  port.close()
})

test('a newer build’s format on disk: the change is refused as ERR_VERSION and this worker locks', async () => {
  const tab = await opened()
  const storage = new keyhold.Storage()
  await storage.readAll()
  const { result } = await new Promise((done) =>
    indexedDB.open('keyhold').addEventListener('success', ({ target }) => done(target)),
  )
  result.transaction('meta', 'readwrite').objectStore('meta').put(99, 'format')
  result.close()
  const locked = new Promise((done) => tab.on('locked', done))
  await rejects(add(tab), 'ERR_VERSION')
  await locked
  await rejects(tab.status(), 'ERR_VERSION')
})

test('a stale plan is made anew from what the other tab wrote; nothing of either is lost', async () => {
  const tab = await opened({ shared: false })
  const other = await browser.open()
  await other.unlock(passphrase())
  await Promise.all([add(tab, 'one'), add(other, 'two'), add(tab, 'three'), add(other, 'four')])
  const labels = async (of) => (await of.keys()).map(({ label }) => label).sort()
  // Each hears of the other's last change in its own time.
  for (let n = 0; n < 100 && ((await labels(tab)).length < 4 || (await labels(other)).length < 4); n += 1)
    await tick(20)
  assert.deepEqual(await labels(tab), ['four', 'one', 'three', 'two'])
  assert.deepEqual(await labels(other), await labels(tab))
})

test('a plan that is stale six times is given up with ERR_STALE, and the engine forgets it', async () => {
  let plans = 0
  let abandoned = 0
  const engine = {
    planLabel() {
      plans += 1
      return {
        value: {
          base: new Uint8Array([9]),
          puts: [{ key: 'record/k1', bytes: new Uint8Array(1) }],
          deletes: [],
          id: 'k1',
        },
      }
    },
    abandon: () => (abandoned += 1),
  }
  const tab = await opened({ engine })
  await rejects(tab.setLabel('k1', 'new'), 'ERR_STALE')
  assert.deepEqual([plans, abandoned], [6, 6])
})

test('without SharedWorker a lock in one tab locks every tab', async () => {
  const tab = await opened({ shared: false })
  const other = await browser.open()
  await other.unlock(passphrase())
  const heard = new Promise((done) => other.on('locked', done))
  const asked = performance.now()
  await tab.lock()
  await heard
  assert.ok(performance.now() - asked < 200)
  assert.equal((await other.status()).state, 'locked')
})

test('create and unlock asked at once are done one after the other', async () => {
  browser = new Browser()
  const [tab, other] = [await browser.open(), await browser.open()]
  const results = await Promise.allSettled([tab.create(passphrase()), other.create(passphrase())])
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(results.find(({ reason }) => reason).reason.code, 'ERR_WRONG_STATE')
  assert.equal((await other.status()).state, 'unlocked')
})

test('a KDF port that closes, lies or says too little is ERR_WORKER, and the next unlock is not held up', async () => {
  const tab = await opened()
  await tab.lock()
  await tab.status()
  const page = spoken(browser.rawPort())
  await page.say(hello)
  const answers = [null, 'no', {}, { key: 'text' }, { key: new Uint8Array(31) }, { ms: 1 }, { failed: 'MADE_UP' }]
  for (const [i, answer] of answers.entries()) {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', () => port1.postMessage(answer))
    port1.start()
    const reply = await page.say({ id: 20 + i, op: 'unlock', call: 20 + i, by: { way: 'passphrase', kdf: port2 } }, [
      port2,
    ])
    assert.equal(reply.error.code, 'ERR_WORKER')
    port1.close()
  }
  const { port1, port2 } = new MessageChannel()
  const cut = page.say({ id: 50, op: 'unlock', call: 50, by: { way: 'passphrase', kdf: port2 } }, [port2])
  port1.close()
  assert.equal((await cut).error.code, 'ERR_WORKER')
  const refusing = new MessageChannel()
  refusing.port1.addEventListener('message', () => refusing.port1.postMessage({ failed: 'ERR_KDF_MEMORY' }))
  refusing.port1.start()
  const refused = page.say({ id: 51, op: 'unlock', call: 51, by: { way: 'passphrase', kdf: refusing.port2 } }, [
    refusing.port2,
  ])
  assert.equal((await refused).error.code, 'ERR_KDF_MEMORY')
  refusing.port1.close()
  await tab.unlock(passphrase())
  page.port.close()
})

test('an unlock that nobody answers is given up when the page says so', async () => {
  const tab = await opened()
  await tab.lock()
  const launcher = browser.launcher()
  const silent = { ...launcher, openKdf: () => ({ start() {}, onFailed() {}, terminate() {} }) }
  const page = await keyhold.KeyholdEngine.connectBy(silent)
  browser.tabs.push(page)
  const controller = new AbortController()
  const waiting = page.unlock(passphrase(), { signal: controller.signal })
  await tick(5)
  controller.abort(new Error('changed my mind'))
  await assert.rejects(waiting, { message: 'changed my mind' })
  assert.equal((await tab.unlock(passphrase())).state, 'unlocked')
})

test('ledger rows are written at once, then at most once a second, and before the worker ends', async () => {
  const tab = await opened({ send: async () => new Response('{}') })
  await add(tab)
  const storage = new keyhold.Storage()
  const stored = async () => (await storage.readAll()).ledger.length
  await tab.check('k1')
  await tick(10)
  assert.equal(await stored(), 1)
  await add(tab)
  await tab.check('k2')
  await tick(10)
  assert.equal(await stored(), 1, 'the second waits for its second')
  await tab.lock()
  await tick(20)
  assert.equal(await stored(), 2)
})
