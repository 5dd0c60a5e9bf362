// sleep: does an open vault notice that time went by unseen? The page is frozen, the clocks of its worker are moved, the page
// goes on: the first thing asked of the vault is refused, and by then its memory is clean.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPlain } from './support/chromium.mjs'
import { photograph, secretsIn, startDarkroom } from './support/memory.mjs'
import { at, createOwn } from './support/page.mjs'
import { startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'
import { baseOf, onUsedVault, OWN_WORKERS, PASSPHRASE, secretsOf } from './support/used-vault.mjs'
import { CLOCK } from './support/worker-faults.mjs'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const FROZEN_MS = 1_500
const KINDS = { 'a shared worker': undefined, "a tab's own worker": OWN_WORKERS }

let browser
let providers
let darkroom

before(async () => {
  providers = await startProviders()
  darkroom = await startDarkroom()
  browser = await openPlain()
})
after(async () => {
  await browser?.close()
  await providers?.stop()
  await darkroom?.stop()
})

/** Runs in the page. @returns `answered`, or with what the call was refused */
const CALLS = (base) => {
  window.call = {
    keys: () =>
      window.engine.keys().then(
        () => 'answered',
        ({ code }) => code,
      ),
    async chat() {
      try {
        const question = { key: window.key, model: 'model-1', messages: [{ role: 'user', text: 'Awake?' }] }
        for await (const part of window.engine.chat(question)) void part
        return 'answered'
      } catch ({ code }) {
        return code
      }
    },
    async fetch() {
      const response = await window.engine.fetch(`${base}models`)
      return response.ok ? 'answered' : `${response.status} ${(await response.json()).code}`
    },
  }
}

describe('frozen, and resumed an hour later', { timeout: 240_000 }, () => {
  for (const [kind, init] of Object.entries(KINDS)) {
    for (const [first, refusal] of Object.entries({
      keys: 'ERR_LOCKED',
      chat: 'ERR_LOCKED',
      fetch: '423 ERR_LOCKED',
    })) {
      test(`${kind}: the first call, ${first}, is refused, with nothing left in memory`, () =>
        asleep({ init, first, by: { wall: HOUR } }, async ({ outcome, secrets }) => {
          assert.equal(outcome, refusal)
          // The news that it is locked is what the page refuses by; the worker's own answer may come too late to be seen.
          assert.ok(darkroom.photos.get('locked')?.heap.length >= 2 ** 20)
          for (const [when, photo] of darkroom.photos) assert.deepEqual(secretsIn(photo, secrets), [], when)
        }))
    }

    test(`${kind}: control: resumed at once, the call is answered and the keys are in memory`, () =>
      asleep({ init, first: 'chat', by: { wall: 0 } }, async ({ outcome, page, secrets }) => {
        assert.equal(outcome, 'answered')
        const found = secretsIn(await photograph(page, darkroom, 'awake'), secrets)
        assert.ok(found.includes('the record key as bytes in heap'), found.join())
      }))

    test(`${kind}: Keyhold's page shows its locked screen by itself`, async () => {
      const site = await startTestSite({}, CLOCK)
      const other = await browser.context.newPage()
      const page = await browser.context.newPage()
      try {
        if (init) await page.addInitScript(init)
        await other.goto(`${site.url}keyhold.config.json`)
        page.setDefaultTimeout(20_000)
        await page.goto(site.url)
        await createOwn(page, PASSPHRASE)
        await other.bringToFront()
        await frozen(page, () => move(other, { wall: HOUR }))
        await page.bringToFront()
        await page.waitForSelector(at('passphrase'), { timeout: 5_000 })
        assert.equal(await page.locator(at('keys')).isVisible(), false)
      } finally {
        await Promise.all([page.close(), other.close()])
        await site.stop()
      }
    })
  }
})

describe('a clock that moves while the page is awake', { timeout: 240_000 }, () => {
  const cases = {
    'the wall clock on by 16 minutes': [{ wall: 16 * MINUTE }, 'ERR_LOCKED'],
    'the other clock on by 16 minutes': [{ mono: 16 * MINUTE }, 'ERR_LOCKED'],
    'the wall clock back by 3 minutes': [{ wall: -3 * MINUTE }, 'ERR_LOCKED'],
    'control: the wall clock on by 14 minutes': [{ wall: 14 * MINUTE }, 'answered'],
    'control: the wall clock back by 1 minute': [{ wall: -MINUTE }, 'answered'],
  }
  for (const [name, [by, expected]] of Object.entries(cases)) {
    test(`${name}: ${expected}`, () =>
      onVault({}, async (page) => {
        const moved = moveAwaited(page)
        await move(page, by)
        await moved
        assert.equal(await page.evaluate(() => window.call.keys()), expected)
      }))
  }

  test('locks the vault within 20 seconds, asked or not', () =>
    onVault({}, async (page) => {
      await page.evaluate(() => void (window.told = new Promise((resolve) => window.engine.on('locked', resolve))))
      const secrets = await secretsOf(page)
      // What is still being written a moment after a use looks at the clock as well.
      await new Promise((resolve) => setTimeout(resolve, 3_000))
      await move(page, { wall: HOUR })
      const begun = performance.now()
      const late = new Promise((resolve) => setTimeout(() => resolve('late'), 20_000).unref())
      assert.notEqual(await Promise.race([page.evaluate(() => window.told), late]), 'late')
      console.log(`locked unasked after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
      assert.deepEqual(secretsIn(darkroom.photos.get('locked'), secrets), [])
    }))
})

/** A vault whose page is frozen, and resumed after the clock was moved; `outcome` is of the first call it then makes. */
function asleep({ init, first, by }, use) {
  return onVault({ init }, async (page, site) => {
    const other = await page.context().newPage()
    await other.goto(`${site.url}keyhold.config.json`)
    const secrets = await secretsOf(page)
    await page.evaluate((first) => {
      window.seen = { ticks: [] }
      setInterval(() => window.seen.ticks.push(performance.now()), 20)
      for (const type of ['freeze', 'resume'])
        document.addEventListener(type, () => (window.seen[type] = performance.now()))
      const channel = new BroadcastChannel('test-clock')
      const moved = new Promise((resolve) =>
        channel.addEventListener('message', ({ data }) => data === 'moved' && resolve()),
      )
      window.outcome = new Promise((resolve) =>
        document.addEventListener('resume', () => void moved.then(() => resolve(window.call[first]()))),
      )
    }, first)
    await frozen(page, () => move(other, by))
    const outcome = await page.evaluate(() => window.outcome)
    const { freeze, resume, ticks } = await page.evaluate(() => window.seen)
    assert.ok(resume - freeze >= FROZEN_MS * 0.9, `frozen for ${resume - freeze} ms`)
    assert.deepEqual(
      ticks.filter((tick) => tick > freeze && tick < resume),
      [],
      'the page stood still',
    )
    await other.close()
    await use({ outcome, page, secrets })
  })
}

async function frozen(page, meanwhile) {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state: 'frozen' })
  await meanwhile()
  await new Promise((resolve) => setTimeout(resolve, FROZEN_MS))
  await session.send('Page.setWebLifecycleState', { state: 'active' })
  await session.detach()
}

/** By way of any page of the worker's origin. */
function move(page, by) {
  return page.evaluate((by) => new BroadcastChannel('test-clock').postMessage(by), by)
}

function moveAwaited(page) {
  return page.evaluate(() => {
    const channel = new BroadcastChannel('test-clock')
    return new Promise((resolve) => channel.addEventListener('message', ({ data }) => data === 'moved' && resolve()))
  })
}

function onVault({ init }, use) {
  darkroom.photos.clear()
  const prelude = `${darkroom.prelude};${CLOCK}`
  return onUsedVault({ context: browser.context, providers, init, prelude }, async (page, site) => {
    await page.evaluate(CALLS, baseOf(providers))
    await use(page, site)
  })
}
