// memory: what is left of a vault in memory after a lock? The vault worker's WebAssembly memory and every array of bytes of
// its script are searched between wipe and end, and heap snapshots of worker and page. The same searches find the secrets
// before the lock, and after it where a wipe was taken away.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { formsIn } from './support/canary.mjs'
import { openChromium } from './support/chromium.mjs'
import { snapshotOfPage, snapshotsOfWorkers, WHOLE_STRINGS } from './support/heap-snapshot.mjs'
import { photograph, secretsIn, startDarkroom } from './support/memory.mjs'
import { at, beginKey, createOwn, keyId } from './support/page.mjs'
import { ANSWERED, allowReading, startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'
import { KEY, key, onUsedVault, OWN_WORKERS, PASSPHRASE, phrase, secretsOf } from './support/used-vault.mjs'
import { HOLD, HOLD_IN_PAGE, TRAP, WITHOUT } from './support/worker-faults.mjs'

const SUBKEYS = ['record', 'manifest', 'audit', 'ledger', 'settings'].map((name) => `the ${name} key as bytes in heap`)

let browser
let providers
let darkroom

before(async () => {
  // The answer to one model begins and does not end.
  providers = await startProviders(({ body }, outgoing) => {
    if (!body.includes('model-without-end')) return null
    allowReading(outgoing)
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.write(': wait\n\n')
    return ANSWERED
  })
  darkroom = await startDarkroom()
  const toProviders = `--host-resolver-rules=MAP * 127.0.0.1:${providers.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`
  browser = await openChromium({ args: [WHOLE_STRINGS, toProviders, '--ignore-certificate-errors'] })
})
after(async () => {
  await browser?.close()
  await providers?.stop()
  await darkroom?.stop()
})

/** @returns what was found before the lock and after it, with an answer under way that needs the key. */
function foundAround(lock, { init, prelude = '' } = {}) {
  darkroom.photos.clear()
  return onVault({ init, prelude: `${darkroom.prelude};${prelude}` }, async (page) => {
    const secrets = await secretsOf(page)
    await page.evaluate(() => {
      const question = { key: window.key, model: 'model-without-end', messages: [{ role: 'user', text: 'Wait.' }] }
      window.outcome = (async () => {
        for await (const part of window.engine.chat(question)) void part
      })().catch(({ code }) => code)
    })
    const asked = () => providers.requests.some(({ method, body }) => method === 'POST' && body.includes('without-end'))
    for (const until = Date.now() + 10_000; !asked(); await new Promise((resolve) => setTimeout(resolve, 20)))
      assert.ok(Date.now() < until, 'the question was never sent')
    providers.requests.length = 0
    const open = secretsIn(await photograph(page, darkroom, 'open'), secrets)
    await page.evaluate(lock)
    const outcome = await page.evaluate(() => window.outcome)
    const photo = darkroom.photos.get('locked')
    assert.ok(photo.heap.length >= 2 ** 20 && photo.arrays.length >= 2 ** 10, 'there is something in the picture')
    return { open, locked: secretsIn(photo, secrets), outcome }
  })
}

/** Each runs in the page, and ends when the page was told of the lock. */
const LOCK = () => window.engine.lock()
const TRAPPED = async () => {
  const locked = new Promise((resolve) => window.engine.on('locked', resolve))
  new BroadcastChannel('test-trap').postMessage('now')
  const again = setInterval(() => window.engine.keys().catch(() => {}), 20)
  await locked
  clearInterval(again)
}

describe('the vault worker between wipe and end', () => {
  const foundOpen = [...SUBKEYS, 'the API key as raw in heap']

  for (const [name, init] of Object.entries({ 'a shared worker': undefined, "a tab's own": OWN_WORKERS })) {
    test(`${name}: keys are in its memory while an answer arrives, and none after the lock`, async () => {
      const { open, locked, outcome } = await foundAround(LOCK, { init })
      for (const one of foundOpen) assert.ok(open.includes(one), `control: ${one}; found ${open}`)
      assert.ok(!open.some((one) => /passphrase|root/.test(one)), 'neither is kept even then')
      assert.deepEqual(locked, [])
      assert.equal(outcome, 'ERR_LOCKED')
    })
  }

  test('after a trap of the engine: none', async () => {
    const { open, locked } = await foundAround(TRAPPED, { prelude: TRAP })
    for (const one of foundOpen) assert.ok(open.includes(one), `control: ${one}; found ${open}`)
    assert.deepEqual(locked, [])
  })

  test('without the zeros over arrays, the key and what opens the vault are found', async () => {
    const { locked } = await foundAround(LOCK, { prelude: WITHOUT.arrays })
    assert.ok(locked.includes('the API key as raw in arrays'), locked.join())
    assert.ok(locked.includes('the slot key as bytes in arrays'), locked.join())
  })

  test("without the zeros over the engine's memory, all keys are found after a trap", async () => {
    const { locked } = await foundAround(TRAPPED, { prelude: `${TRAP};${WITHOUT.zeros}` })
    for (const one of foundOpen) assert.ok(locked.includes(one), `${one}; found ${locked}`)
  })

  test("at a lock the engine's memory is wiped twice: either is enough, without both all keys are found", async () => {
    for (const one of ['zeros', 'engine'])
      assert.deepEqual((await foundAround(LOCK, { prelude: WITHOUT[one] })).locked, [], `without ${one}`)
    const { locked } = await foundAround(LOCK, { prelude: `${WITHOUT.zeros};${WITHOUT.engine}` })
    for (const one of foundOpen) assert.ok(locked.includes(one), `${one}; found ${locked}`)
  })

  test('control: a passphrase that came there would be found', () => {
    darkroom.photos.clear()
    return onVault({ prelude: darkroom.prelude }, async (page) => {
      await page.evaluate((text) => {
        const bytes = new TextEncoder().encode(text)
        new BroadcastChannel('keyhold-lock').postMessage({
          bytes,
          wide: new Uint8Array(Uint16Array.from(bytes).buffer),
        })
      }, PASSPHRASE)
      const found = secretsIn(await photograph(page, darkroom, 'sent'), { passphrase: phrase })
      assert.deepEqual(found, ['passphrase as raw in arrays', 'passphrase as UTF-16 in arrays'])
    })
  })
})

describe('heap snapshots after a lock have no key and no passphrase in them', () => {
  const found = (...texts) => {
    assert.ok(texts.length > 0)
    for (const text of texts) assert.ok(JSON.parse(text).strings.length > 1_000, 'a snapshot of something')
    const bytes = Buffer.from(texts.join(' '))
    return Object.entries({ key, phrase }).flatMap(([name, marker]) =>
      formsIn(bytes, marker).map((form) => `${name} as ${form}`),
    )
  }
  /** Runs in the vault worker: keeps the string that goes into a header. */
  const KEEPER = `{
    globalThis.kept = []
    const { set } = Headers.prototype
    Headers.prototype.set = function (name, value) {
      kept.push(value)
      return set.call(this, name, value)
    }
  }`

  for (const [name, shared] of Object.entries({ 'a shared worker': true, "a tab's own": false })) {
    const holding = (prelude, use) =>
      onVault(
        { prelude: `${HOLD};${prelude}`, init: shared ? () => {} : `(${OWN_WORKERS})();(${HOLD_IN_PAGE})()` },
        use,
      )

    test(`${name}, and its page`, () =>
      holding('', async (page) => {
        await page.evaluate(() => window.engine.lock().then(() => window.engine.close()))
        assert.deepEqual(found(...(await snapshotsOfWorkers(browser, page, shared))), [])
        assert.deepEqual(found(await snapshotOfPage(page)), [])
        await page.evaluate((text) => (window.kept = text), `${KEY} ${PASSPHRASE}`)
        assert.deepEqual(found(await snapshotOfPage(page)), ['key as raw', 'phrase as raw'], 'control: what is kept')
      }))

    test(`${name} that keeps what it puts into a header is found out`, () =>
      holding(KEEPER, async (page) => {
        await page.evaluate(() => window.engine.lock().then(() => window.engine.close()))
        assert.deepEqual(found(...(await snapshotsOfWorkers(browser, page, shared))), ['key as raw'])
      }))
  }

  test("Keyhold's page, after a key was typed and the vault locked", async () => {
    const site = await startTestSite()
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      page.setDefaultTimeout(30_000)
      await page.goto(site.url)
      await createOwn(page, PASSPHRASE)
      await beginKey(page, 'openai', { key: KEY, label: 'One' })
      await page.click(at('save'))
      await keyId(page, 'One')
      await page.evaluate((text) => (window.kept = text), KEY)
      assert.ok(found(await snapshotOfPage(page)).includes('key as raw'), 'control: what is kept')
      await page.evaluate(() => delete window.kept)
      await page.click(at('lock'))
      await page.waitForSelector(at('passphrase'))
      assert.deepEqual(found(await snapshotOfPage(page)), [])
    } finally {
      await context.close()
      await site.stop()
    }
  })
})

const onVault = (options, use) => onUsedVault({ browser, providers, ...options }, use)
