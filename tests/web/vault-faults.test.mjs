// vault-faults: the engine comes to its end, or throws what it should not: who is told what, and what is left in memory.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { fakes, trap } from './support/fake-engine.mjs'
import { keyhold } from './support/load.mjs'
import { hello, spoken } from './support/port.mjs'

const { RECONNECT_AFTER_MS } = keyhold
const rejects = (promise, code) => assert.rejects(promise, (error) => error.code === code)
const add = (tab) => tab.add({ provider: 'fake', label: 'x', secret: key(), unchecked: true })

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

test('a trap in the engine ends the worker: ERR_INTERNAL, locked, heap wiped, and the next worker works', async () => {
  const tab = await opened({ engine: { providers: trap } })
  const { module } = browser.workers[0]
  let locked = 0
  tab.on('locked', () => (locked += 1))
  await rejects(tab.providers(), 'ERR_INTERNAL')
  await tick(RECONNECT_AFTER_MS)
  assert.equal(locked, 1)
  assert.ok(module.HEAPU8.every((byte) => byte === 0))
  assert.equal((await tab.status()).state, 'locked')
  assert.equal(browser.workers.length, 2)
})

test('a trap while the copy is sealed, which nobody waits for, ends the worker as any other does', async () => {
  let traps = false
  const tab = await opened({ engine: { copy: () => (traps ? trap() : new Uint8Array()) } })
  const { module } = browser.workers[0]
  const locked = new Promise((done) => tab.on('locked', done))
  await tick(5)
  traps = true
  await add(tab)
  await locked
  assert.ok(module.HEAPU8.every((byte) => byte === 0))
})

test('a trap while the last rows are sealed keeps no lock from wiping the heap and being told', async () => {
  let traps = false
  const tab = await opened({ engine: { takeLedger: () => (traps ? trap() : []) } })
  const { module } = browser.workers[0]
  const heard = new Promise((done) => tab.on('locked', () => done(module.HEAPU8.every((byte) => byte === 0))))
  traps = true
  browser.workers[0].host.running().then(({ vault }) => vault.lock())
  assert.equal(await heard, true)
})

test('a trap in the middle of a stream is a failed body, then the same end', async () => {
  const tab = await opened({ send: async () => new Response('TRAP') })
  const response = await tab.fetch('http://127.0.0.1:1/x')
  await assert.rejects(response.text(), ({ cause }) => cause.code === 'ERR_INTERNAL')
  assert.equal((await tab.status()).state, 'locked')
})

test('an exception that is not a refusal is ERR_INTERNAL without its text', async () => {
  const secretText = 'a secret in an exception'
  const engine = {
    providers() {
      throw new TypeError(secretText)
    },
  }
  const tab = await opened({ engine })
  const port = spoken(browser.rawPort())
  await port.say(hello)
  const reply = await port.say({ id: 2, op: 'providers' })
  assert.deepEqual(reply, { id: 2, ok: false, error: { code: 'ERR_INTERNAL' } })
  assert.equal((await tab.status()).state, 'unlocked')
  port.port.close()
})
