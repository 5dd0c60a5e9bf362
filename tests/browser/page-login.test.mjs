// page-login: what the page does about a login besides following it: it makes links anew, stops waiting, and keeps a key that came
// after the dialog was left. With a fake vault.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comeBack, LOGIN_STATE } from '../page-fake/screens-login.mjs'
import { screens } from '../page-fake/screens.mjs'
import { onSoundPage, site } from './support/fake-page.mjs'

const at = (name) => `[data-test=${name}]`
const MINUTE = 60_000

test('nobody comes back: after ten minutes the page stops waiting and says so', () =>
  onSoundPage(async (page) => {
    await page.clock.install()
    await screens['login-waiting'](page, site.url)
    await page.clock.runFor(5 * MINUTE)
    assert.equal(await page.locator(at('login-problem')).count(), 0, 'control: not before')
    await page.waitForSelector(`${at('login-waits')}:visible`)
    await page.clock.runFor(5 * MINUTE)
    await page.waitForSelector(at('login-problem'))
    assert.match(await page.locator(at('login-problem')).textContent(), /too old.*Start the login again/s)
    await page.waitForSelector(`${at('login')}:visible`)
  }))

test('a link that is not followed is made anew before its login is too old', () =>
  onSoundPage(async (page) => {
    await page.clock.install()
    await screens['login-offered'](page, site.url)
    await page.evaluate(() => {
      window.made = 0
      const link = document.querySelector('[data-test=login]')
      new MutationObserver(() => window.made++).observe(link, { attributes: true, attributeFilter: ['href'] })
    })
    await page.clock.runFor(4 * MINUTE)
    assert.equal(await page.evaluate(() => window.made), 0)
    await page.clock.runFor(2 * MINUTE)
    await page.waitForFunction(() => window.made > 0)
    await page.waitForSelector(`${at('login')}:visible`)
  }))

test("another tab's news, and news of no form at all, are not taken for this login's", () =>
  onSoundPage(async (page) => {
    await screens['login-waiting'](page, site.url)
    await page.evaluate((own) => {
      const channel = new BroadcastChannel('keyhold-login')
      for (const news of [{ state: 'T'.repeat(43), code: 'good' }, { heard: own }, {}, { code: 'good' }])
        channel.postMessage(news)
    }, LOGIN_STATE)
    await page.waitForTimeout(500)
    await page.waitForSelector(`${at('login-waits')}:visible`)
    await comeBack(page, { code: 'good' })
    await page.waitForSelector(`${at('toast')}:has-text("is sealed")`)
  }))

test('a key that comes after the dialog was left is kept, and said', () =>
  onSoundPage(async (page) => {
    await screens['login-fetching'](page, site.url)
    const before = await page.locator(at('key')).count()
    await page.click(`${at('key-dialog')} ${at('cancel')}`)
    await page.waitForSelector(`${at('toast')}:has-text("OpenRouter: Key 2 is sealed")`)
    assert.equal(await page.locator(at('key')).count(), before + 1)
    assert.equal(await page.evaluate(() => sessionStorage.getItem('keyhold-login')), null)
  }))

test('where a key may have been made it is said until somebody has looked, also after the page was loaded anew', () =>
  onSoundPage(async (page) => {
    await screens['login-failed'](page, site.url)
    await page.click(at('dialog-close'))
    assert.equal(await page.locator(at('lost-login')).count(), 0, 'control: a refused login made none')
    await screens['login-lost'](page, site.url)
    await page.reload()
    await page.fill('#passphrase', 'open sesame')
    await page.click(at('unlock'))
    await page.waitForSelector(at('lost-login'))
    await page.click(at('lost-login-done'))
    await page.waitForSelector(at('lost-login'), { state: 'detached' })
    assert.equal(await page.evaluate(() => sessionStorage.getItem('keyhold-login')), null)
  }))
