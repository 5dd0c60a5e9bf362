// tabs: several tabs of one browser, each with the real engine's client, on one worker or with a worker each.
import assert from 'node:assert/strict'
import { demoConfig } from '../../../scripts/demo.mjs'
import { watch } from './chromium.mjs'
import { startTestSite } from './site.mjs'

export const PASSPHRASE = 'violet tractor hums quietly at noon'
export const OWN_WORKERS = () => delete window.SharedWorker
const NO_LOCKS = `Object.defineProperty(navigator, 'locks', { value: undefined })`

export const WORKERS = {
  'with one worker for all': {},
  'with a worker each': { init: OWN_WORKERS },
  'with a worker each and no Web Locks': { init: OWN_WORKERS, prelude: NO_LOCKS },
}

/** A site, a context and its pages, for one test; `init` runs in each page, `prelude` in each vault worker. */
export async function withTabs({ browser, demo, init, prelude }, use) {
  const site = await startTestSite(demoConfig(demo), prelude)
  const context = await browser.newContext()
  try {
    const noted = await watch(context)
    if (init) await context.addInitScript(init)
    const open = async (path = 'driver.html') => {
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(site.url + path)
      return page
    }
    await use(open)
    // A worker of the tab's own says on the tab's console that its look at its policy was blocked, as it should be.
    assert.deepEqual(
      noted.wrongs.filter((text) => !/data:,canary/.test(text)),
      [],
    )
    assert.deepEqual(site.broken(), [])
  } finally {
    await context.close()
    await site.stop()
  }
}

/** @param {'create' | 'unlock'} how, unless the tab joins a worker whose vault is open */
export async function connect(page, how) {
  await page.waitForFunction(() => window.keyhold)
  return page.evaluate(
    async ([how, passphrase]) => {
      const { KeyholdEngine, passphraseBytes } = window.keyhold
      window.engine = await KeyholdEngine.connect()
      if (window.engine.hello.status.state === 'unlocked') return window.engine.status()
      return window.engine[how](passphraseBytes(passphrase))
    },
    [how, PASSPHRASE],
  )
}
