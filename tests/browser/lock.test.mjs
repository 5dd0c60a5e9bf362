// lock: how long after a lock in one tab does another know? Less than 200 ms, each of ten times, whether the tabs share a
// worker or each has its own.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPlain } from './support/chromium.mjs'
import { at, createOwn, unlock } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'
import { OWN_WORKERS, PASSPHRASE } from './support/used-vault.mjs'

const TIMES = 10
const BOUND_MS = 200
const KINDS = { 'one worker for both': undefined, 'a worker each': OWN_WORKERS }

let browser

before(async () => {
  browser = await openPlain()
})
after(() => browser?.close())

for (const [kind, init] of Object.entries(KINDS)) {
  test(`${kind}: ${TIMES} locks reach the other tab in less than ${BOUND_MS} ms each`, { timeout: 240_000 }, () =>
    onTabs({ init, path: 'driver.html' }, async (one, other) => {
      for (const page of [one, other]) {
        await page.waitForFunction(() => window.keyhold)
        await page.evaluate(connect)
      }
      await one.evaluate(
        (text) => window.engine.create(window.keyhold.passphraseBytes(text)).then(() => {}),
        PASSPHRASE,
      )
      const took = []
      for (let time = 0; time < TIMES; time += 1) {
        for (const page of [one, other]) await page.evaluate(opened, PASSPHRASE)
        const told = other.evaluate(() => window.told)
        const begun = await one.evaluate(async () => {
          const begun = performance.timeOrigin + performance.now()
          await window.engine.lock()
          return begun
        })
        took.push((await told) - begun)
        for (const page of [one, other])
          assert.equal(await page.evaluate(async () => (await window.engine.status()).state), 'locked')
      }
      console.log(`${kind}: ${took.map((ms) => ms.toFixed(1)).join(', ')} ms`)
      for (const ms of took) assert.ok(ms > 0 && ms < BOUND_MS, `${ms} ms`)
    }),
  )

  test(`${kind}: the other tab shows its locked screen`, { timeout: 60_000 }, () =>
    onTabs({ init, path: '' }, async (one, other) => {
      // A page behind another draws nothing, and cannot be clicked.
      await one.bringToFront()
      await createOwn(one, PASSPHRASE)
      await other.bringToFront()
      if (init) {
        await other.reload()
        await unlock(other, PASSPHRASE)
      }
      await other.waitForSelector(at('keys'))
      await one.bringToFront()
      await one.click(at('lock'))
      for (const page of [one, other]) {
        await page.bringToFront()
        await page.waitForSelector(at('passphrase'))
        assert.equal(await page.locator(at('keys')).isVisible(), false)
      }
    }),
  )
}

/** Runs in the page. */
async function connect() {
  window.engine = await window.keyhold.KeyholdEngine.connect()
}

/** Runs in the page: unlocked, by itself or because the other tab was, and listening. */
async function opened(passphrase) {
  const { engine, keyhold } = window
  if ((await engine.status()).state !== 'unlocked') await engine.unlock(keyhold.passphraseBytes(passphrase))
  window.told = new Promise((resolve) => {
    const off = engine.on('locked', () => {
      off()
      resolve(performance.timeOrigin + performance.now())
    })
  })
}

async function onTabs({ init, path }, use) {
  const site = await startTestSite()
  const pages = [await browser.context.newPage(), await browser.context.newPage()]
  try {
    for (const page of pages) {
      page.setDefaultTimeout(20_000)
      if (init) await page.addInitScript(init)
      await page.goto(site.url + path)
    }
    await use(...pages)
    assert.deepEqual(site.broken(), [])
  } finally {
    await Promise.all(pages.map((page) => page.close()))
    await site.stop()
  }
}
