// page-mark: the words and colour by which a person knows their own vault.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { screens } from '../page-fake/screens.mjs'
import { onSoundPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const words = (page) => page.textContent(at('mark-words'))
const stored = (page) => page.evaluate(() => localStorage.getItem('keyhold-mark'))
const store = (page, text) => page.evaluate((text) => localStorage.setItem('keyhold-mark', text), text)
const atTheDoor = async (page) => {
  await page.goto(`${site.url}?state=locked`)
  await page.waitForSelector('#passphrase')
}

describe('mark', () => {
  test('whoever makes a vault is given one, may have another, and meets the same at the door', async () => {
    await onSoundPage(async (page) => {
      await screens['welcome-confirm'](page, site.url)
      await page.waitForSelector(`${at('mark-words')}:visible`)
      const given = await words(page)
      assert.match(given, /^[a-z]{3,8} [a-z]{3,8}$/)
      await page.click(at('mark-another'))
      await page.waitForFunction(
        ([selector, before]) => document.querySelector(selector).textContent !== before,
        [at('mark-words'), given],
      )
      const chosen = await words(page)
      await atTheDoor(page)
      await page.waitForSelector(`${at('mark')}:visible`)
      assert.equal(await words(page), chosen)
    })
  })

  test('without one the door says nothing of it, and Security offers one', async () => {
    await onSoundPage(async (page) => {
      await atTheDoor(page)
      assert.equal(await page.isVisible(at('mark')), false)
      await screens['security-view'](page, site.url)
      assert.equal((await page.textContent(at('mark-another'))).trim(), 'Choose a mark')
      await page.click(at('mark-another'))
      await page.waitForSelector(`${at('own-mark')} ${at('mark-words')}:visible`)
      assert.notEqual(await stored(page), null)
    })
  })

  test('what is no mark is none: not text, not markup, not too long, not a colour there is not', async () => {
    await onSoundPage(async (page) => {
      await atTheDoor(page)
      const long = 'x'.repeat(41)
      const wrong = ['{', 'null', '[]', '{"words":"a b"}', '{"words":"a b","colour":6}', '{"words":"","colour":0}']
      for (const text of [...wrong, JSON.stringify({ words: long, colour: 0 })]) {
        await store(page, text)
        await page.reload()
        await page.waitForSelector('#passphrase')
        assert.equal(await page.isVisible(at('mark')), false, text)
      }
      // Control: what is one is shown, and as text.
      await store(page, JSON.stringify({ words: '<b>amber</b> otter', colour: 5 }))
      await page.reload()
      await page.waitForSelector(`${at('mark')}:visible`)
      assert.equal(await words(page), '<b>amber</b> otter')
    })
  })

  test('it goes with the vault', async () => {
    await onSoundPage(async (page) => {
      await screens.wipe(page, site.url)
      await store(page, JSON.stringify({ words: 'amber otter', colour: 1 }))
      await page.fill('#wipe-word', 'delete')
      await page.click(at('wipe-action'))
      await page.waitForSelector(at('welcome'))
      assert.equal(await stored(page), null)
    })
  })
})
