// tabs: several pages at once: what one writes the other does not undo, whether they share a worker or not, with Web
// Locks or without; and an engine that fails takes nothing with it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startDemo } from '../../scripts/demo.mjs'
import { openChromium } from './support/chromium.mjs'
import { at, createOwn, unlock } from './support/page.mjs'
import { connect, OWN_WORKERS, PASSPHRASE, WORKERS, withTabs } from './support/tabs.mjs'
import { until } from './support/until.mjs'
import { TRAP } from './support/worker-faults.mjs'

const ADDS = 20

let demo
let browser

before(async () => {
  demo = await startDemo({ fast: true })
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

const onSite = (how, use) => withTabs({ browser, demo, ...how }, use)

describe(`two tabs add ${ADDS} keys each at the same time, and all ${2 * ADDS} are there`, () => {
  for (const [name, { init, prelude }] of Object.entries(WORKERS)) {
    test(name, () =>
      onSite({ init, prelude }, async (open) => {
        const one = await open()
        await connect(one, 'create')
        const other = await open()
        await connect(other, 'unlock')
        const begun = performance.now()
        const again = await Promise.all([add(one, 'one'), add(other, 'other')])
        const took = performance.now() - begun
        console.log(`${name}: ${(took / 2 / ADDS).toFixed(1)} ms a key, ${again[0] + again[1]} asked to try again`)

        const third = await open()
        const { findings } = await connect(third, 'unlock')
        assert.deepEqual(findings, [])
        for (const page of [one, other, third]) {
          await until(page, async (count) => (await window.engine.keys()).length === count, 2 * ADDS)
          assert.equal(new Set(await page.evaluate(labels)).size, 2 * ADDS)
        }
      }),
    )
  }
})

test('with a worker each, a lock in one tab locks the other', () =>
  onSite({ init: OWN_WORKERS }, async (open) => {
    const one = await open('')
    await createOwn(one, PASSPHRASE)
    const other = await open('')
    await unlock(other, PASSPHRASE)
    await other.waitForSelector(at('keys'))
    await one.click(at('lock'))
    await Promise.all([one, other].map((page) => page.waitForSelector(at('passphrase'))))
  }))

test('an engine that traps locks the vault; the next one opens it with all that was stored', () =>
  onSite({ prelude: TRAP }, async (open) => {
    const page = await open()
    await connect(page, 'create')
    await add(page, 'kept')
    const outcome = await page.evaluate(async () => {
      const locked = new Promise((resolve) => window.engine.on('locked', resolve))
      new BroadcastChannel('test-trap').postMessage('now')
      let code = null
      // The message to arm it may arrive a moment later.
      while (code === null)
        code = await window.engine.keys().then(
          () => null,
          (error) => error.code,
        )
      await locked
      return { code, state: (await window.engine.status()).state }
    })
    console.log(`a trap was answered with ${outcome.code}`)
    assert.match(outcome.code, /^ERR_(INTERNAL|LOCKED|WORKER)$/)
    assert.equal(outcome.state, 'locked')
    const { findings } = await page.evaluate(
      (passphrase) => window.engine.unlock(window.keyhold.passphraseBytes(passphrase)),
      PASSPHRASE,
    )
    assert.deepEqual(findings, [])
    assert.equal((await page.evaluate(labels)).length, ADDS)
  }))

/** @returns how often it was told that others had been faster, and tried again */
function add(page, who) {
  return page.evaluate(
    async ([who, count]) => {
      let again = 0
      for (let n = 0; n < count;) {
        const secret = window.keyhold.keyBytes(`secret-of-${who}-${1000 + n}`)
        try {
          await window.engine.add({ provider: 'demo', label: `${who} ${n}`, secret, unchecked: true })
          n += 1
        } catch (error) {
          if (error.code !== 'ERR_STALE') throw error
          again += 1
        }
      }
      return again
    },
    [who, ADDS],
  )
}

async function labels() {
  return (await window.engine.keys()).map(({ label }) => label)
}
