// client: how a page finds the worker, finds it again after a lock, and lets go of secrets.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'

const { KeyholdEngine, KeyholdError, passphraseBytes, keyBytes, MAX_PASSPHRASE_BYTES, ERROR_TEXT } = keyhold
const failsWith = (code) => (error) => error instanceof KeyholdError && error.code === code
const bytesOf = (text) => [...passphraseBytes(text)]

let browser
afterEach(() => browser?.close())

test('a worker that starts slowly is waited for, and started once', async () => {
  browser = new Browser({ slowStartMs: 1_200 })
  const tab = await browser.open()
  assert.equal((await tab.status()).state, 'absent')
  assert.equal(browser.workers.length, 1)
})

test('a port that is never answered is followed by another after half a second', async () => {
  browser = new Browser()
  const launcher = browser.launcher()
  let opened = 0
  const dead = { post() {}, onMessage() {}, onGone() {}, close() {} }
  const tab = await KeyholdEngine.connectBy({
    ...launcher,
    openPort: () => ((opened += 1), opened === 1 ? dead : launcher.openPort()),
  })
  browser.tabs.push(tab)
  assert.equal(opened, 2)
})

test('a script that cannot be loaded is ERR_WORKER, soon', async () => {
  browser = new Browser()
  const failing = { post() {}, onMessage() {}, onGone: (listener) => void setTimeout(listener, 5), close() {} }
  const began = performance.now()
  await assert.rejects(
    KeyholdEngine.connectBy({ ...browser.launcher(), openPort: () => failing }),
    failsWith('ERR_WORKER'),
  )
  assert.ok(performance.now() - began < 1_000)
  const throwing = () => {
    throw new TypeError('refused by the policy')
  }
  await assert.rejects(KeyholdEngine.connectBy({ ...browser.launcher(), openPort: throwing }), failsWith('ERR_WORKER'))
})

test('what the worker refuses hello with is told at once', async () => {
  browser = new Browser({ startEngine: () => Promise.reject(new keyhold.Failure('ERR_SELF_TEST')) })
  await assert.rejects(browser.open(), failsWith('ERR_SELF_TEST'))
})

test('every tab hears of an unlock and of a lock, and goes on by itself', async () => {
  browser = new Browser()
  const [tab, other] = [await browser.open(), await browser.open()]
  const heard = []
  for (const event of ['changed', 'unlocked', 'locked']) other.on(event, () => heard.push(event))
  const off = other.on('locked', () => heard.push('taken off'))
  off()
  await tab.create(passphrase())
  await tick(5)
  await tab.lock()
  assert.equal((await other.status()).state, 'locked')
  await tab.unlock(passphrase())
  await tick(5)
  assert.deepEqual(heard, ['changed', 'unlocked', 'locked', 'unlocked'])
  assert.equal(browser.workers.length, 2, 'both tabs met in one new worker')
})

test('a lock by another tab just before is no error for lock()', async () => {
  browser = new Browser()
  const [tab, other] = [await browser.open(), await browser.open()]
  await tab.create(passphrase())
  await Promise.all([tab.lock(), other.lock()])
  assert.equal((await tab.status()).state, 'locked')
})

test('a worker that dies without a word is ERR_WORKER after a while, not a wait for ever', async (t) => {
  browser = new Browser()
  const launcher = browser.launcher()
  let dead = false
  const tab = await KeyholdEngine.connectBy({
    ...launcher,
    openPort() {
      const port = launcher.openPort()
      return { ...port, post: (message, transfer) => dead || port.post(message, transfer) }
    },
  })
  browser.tabs.push(tab)
  dead = true
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const asked = assert.rejects(tab.keys(), failsWith('ERR_WORKER'))
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  t.mock.timers.tick(200_000)
  await asked
})

test('a page that closed asks nothing more', async () => {
  browser = new Browser()
  const tab = await browser.open()
  tab.close()
  await assert.rejects(tab.status(), failsWith('ERR_WORKER'))
})

test('secret bytes leave the caller at once, also when nothing can be done with them', async () => {
  browser = new Browser()
  const tab = await browser.open()
  const [chosen, stored] = [passphrase(), key()]
  const creating = tab.create(chosen)
  assert.equal(chosen.byteLength, 0)
  await creating
  const adding = tab.add({ provider: 'fake', label: '', secret: stored, unchecked: true })
  assert.equal(stored.byteLength, 0)
  await adding
  // A view into a larger buffer: the rest of the buffer stays, these bytes do not.
  const shared = new Uint8Array(40).fill(9)
  await tab.add({ provider: 'fake', label: '', secret: shared.subarray(4, 30), unchecked: true })
  assert.deepEqual([...shared.subarray(4, 30)], Array(26).fill(0))
  tab.close()
  const late = key()
  await assert.rejects(tab.add({ provider: 'fake', label: '', secret: late }), failsWith('ERR_WORKER'))
  assert.equal(late.byteLength, 0)
})

test('the vault worker never sees the passphrase', async () => {
  browser = new Browser()
  const seen = []
  const launcher = browser.launcher()
  const tab = await KeyholdEngine.connectBy({
    ...launcher,
    openPort() {
      const port = launcher.openPort()
      return { ...port, post: (message, transfer) => (seen.push(Object.keys(message)), port.post(message, transfer)) }
    },
  })
  browser.tabs.push(tab)
  await tab.create(passphrase())
  assert.deepEqual(seen.at(-1).sort(), ['call', 'id', 'kdf', 'op'])
})

test('a KDF worker that dies is ERR_WORKER, and the next unlock works', async () => {
  browser = new Browser()
  const tab = await browser.open()
  await tab.create(passphrase())
  await tab.lock()
  const launcher = browser.launcher()
  const dying = { start() {}, onFailed: (listener) => void setTimeout(listener, 5), terminate() {} }
  const unlucky = await KeyholdEngine.connectBy({ ...launcher, openKdf: () => dying })
  browser.tabs.push(unlucky)
  await assert.rejects(unlucky.unlock(passphrase()), failsWith('ERR_WORKER'))
  assert.equal((await tab.unlock(passphrase())).state, 'unlocked')
})

test('a passphrase is NFKC and UTF-8: the same letters are the same bytes, and a NUL is a letter', () => {
  assert.deepEqual(bytesOf('p\u00e4ssw\u00f6rd\u{1F511}'), bytesOf('pa\u0308sswo\u0308rd\u{1F511}'))
  assert.deepEqual(bytesOf('\uFF21'), [0x41])
  assert.deepEqual(bytesOf('a\0b'), [0x61, 0, 0x62])
})

test('half a surrogate, nothing at all and too much are ERR_BAD_PASSPHRASE', () => {
  for (const text of ['', 'a\uD83D', '\uDD11b', 'x\uDC00\uD800']) {
    assert.throws(() => passphraseBytes(text), failsWith('ERR_BAD_PASSPHRASE'))
  }
  assert.equal(passphraseBytes('x'.repeat(MAX_PASSPHRASE_BYTES)).length, MAX_PASSPHRASE_BYTES)
  assert.throws(() => passphraseBytes('x'.repeat(MAX_PASSPHRASE_BYTES + 1)), failsWith('ERR_BAD_PASSPHRASE'))
})

test('a pasted key loses the blanks around it and nothing else', () => {
  assert.equal(new TextDecoder().decode(keyBytes(' \n sk-a b\t\r\n')), 'sk-a b')
})

test('an error has a sentence and a next step for a person, and its code for a program', () => {
  for (const code of Object.keys(ERROR_TEXT)) {
    const error = new KeyholdError({ code, status: 429, retryAfterS: 7 })
    assert.ok(error instanceof Error && error.message.length > 10)
    assert.deepEqual([error.code, error.status, error.retryAfterS, error.name], [code, 429, 7, 'KeyholdError'])
    assert.equal(error.next, ERROR_TEXT[code].next)
  }
})
