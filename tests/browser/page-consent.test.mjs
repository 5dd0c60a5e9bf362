// page-consent: what a page of another origin asks is answered by a person who looked at it, and by nobody and nothing else.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { screens } from '../page-fake/screens.mjs'
import { onSoundPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const decided = (page) => page.evaluate(() => JSON.parse(sessionStorage.getItem('fake-decided') ?? '"nothing"'))
const until = (page) => page.waitForFunction(() => sessionStorage.getItem('fake-decided') !== null)
const isOff = (page, name) => page.locator(at(name)).isDisabled()

const closed = (page) => page.evaluate(() => sessionStorage.getItem('closed') === 'yes')

describe('the buttons wait', () => {
  test('for 700 ms of focus and a movement: neither alone is enough, and a late movement is', async () => {
    await onSoundPage(async (page) => {
      await screens['consent-fresh'](page, site.url)
      await page.waitForTimeout(1_200)
      assert.ok(await isOff(page, 'consent-allow'), 'focus alone')
      assert.ok(await isOff(page, 'consent-cancel'))
      await page.mouse.move(200, 200)
      await page.mouse.move(220, 210)
      await page.waitForSelector(`${at('consent-allow')}:enabled`)
      // Whoever goes on by keyboard is on Cancel.
      assert.equal(await page.evaluate(() => document.activeElement.id), 'consent-cancel')
    })
  })

  test('events that a script made do not count', async () => {
    await onSoundPage(async (page) => {
      await screens['consent-fresh'](page, site.url)
      await page.evaluate(() => {
        for (let index = 0; index < 50; index += 1)
          document.body.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, movementX: 9, movementY: 9 }))
        document.body.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, key: 'a' }))
      })
      await page.waitForTimeout(1_200)
      assert.ok(await isOff(page, 'consent-allow'))
    })
  })
})

test('a page that named no limit is offered a dollar a day; the window closes when it is answered', async () => {
  await onSoundPage(async (page) => {
    await screens.consent(page, site.url)
    assert.equal(await page.inputValue(at('consent-day')), '1')
    await page.click(at('consent-allow'))
    await until(page)
    const terms = await decided(page)
    assert.deepEqual(terms, {
      providers: ['openai'],
      models: [],
      scopes: [],
      dayMicroUsd: 1_000_000,
      monthMicroUsd: null,
      expiresAt: null,
    })
    await page.waitForFunction(() => sessionStorage.getItem('closed') === 'yes')
  })
})

test('what was asked for can be lowered and not raised', async () => {
  await onSoundPage(async (page) => {
    await screens['consent-much'](page, site.url)
    for (const [field, value] of [
      ['consent-day', '2.6'],
      ['consent-day', ''],
      ['consent-month', '20.01'],
      ['consent-until', '2099-01-01'],
      ['consent-until', ''],
      ['consent-until', '2020-01-01'],
    ]) {
      const before = await page.inputValue(at(field))
      await page.fill(at(field), value)
      assert.ok(await isOff(page, 'consent-allow'), `${field}: ${value}`)
      await page.fill(at(field), before)
      assert.ok(!(await isOff(page, 'consent-allow')), `${field}: ${before}`)
    }
    await page.fill(at('consent-day'), '0.25')
    await page.click(at('consent-allow'))
    await until(page)
    const { dayMicroUsd, monthMicroUsd, models, scopes } = await decided(page)
    assert.deepEqual([dayMicroUsd, monthMicroUsd], [250_000, 20_000_000])
    assert.deepEqual(models, ['gpt-5*', 'claude-sonnet-4-5'])
    assert.deepEqual(scopes, ['files', 'images', 'audio', 'batch'])
  })
})

test('Escape is a no, and closes the window', async () => {
  await onSoundPage(async (page) => {
    await screens.consent(page, site.url)
    await page.keyboard.press('Escape')
    await until(page)
    assert.equal(await decided(page), null)
    await page.waitForFunction(() => sessionStorage.getItem('closed') === 'yes')
  })
})

test('without a key for it, one is added first, and the question is still there', async () => {
  await onSoundPage(async (page) => {
    await screens['consent-lacking'](page, site.url)
    assert.ok(await isOff(page, 'consent-allow'))
    await page.click(at('consent-add'))
    await page.fill(at('key-field'), 'a-key-of-mistral-0123456789')
    await page.click(at('save'))
    await page.waitForSelector(`${at('consent-dialog')}[open]`)
    await page.mouse.move(300, 300)
    await page.mouse.move(310, 310)
    await page.waitForSelector(`${at('consent-allow')}:enabled`)
    assert.equal(await page.locator(at('consent-lacking')).isVisible(), false)
  })
})

test('a question taken back leaves, and the same page in a tab asks nothing', async () => {
  await onSoundPage(async (page) => {
    await screens.consent(page, site.url)
    await page.evaluate(() => window.fakeVault.asks([]))
    await page.waitForSelector(`${at('consent-dialog')}:not([open])`, { state: 'attached' })
    await page.waitForSelector('text=took its question back')
    assert.equal(await decided(page), 'nothing')
    assert.equal(await closed(page), false)
  })
  await onSoundPage(async (page) => {
    await page.goto(`${site.url}?state=locked&keys=many&asks=little`)
    await page.fill('#passphrase', 'open sesame')
    await page.click(at('unlock'))
    await page.waitForSelector(at('keys'))
    await page.waitForTimeout(300)
    assert.equal(await page.locator(`${at('consent-dialog')}[open]`).count(), 0)
  })
})

test('what a page may do is listed and can be revoked, after a look', async () => {
  await onSoundPage(async (page) => {
    await screens['pages-some'](page, site.url)
    const row = page.locator(at('page-row')).first()
    assert.equal(await row.locator(at('page-origin')).textContent(), 'https://chat.example')
    assert.equal(await row.locator(at('page-spend')).textContent(), 'At most $1.00 a day')
    assert.match(await page.locator(at('page-until')).nth(2).textContent(), /^Ended on/)
    await row.locator(at('page-revoke')).click()
    assert.equal(await page.textContent(at('confirm-subject')), 'https://chat.example')
    await page.click(at('confirm-cancel'))
    assert.equal(await page.locator(at('page-row')).count(), 3)
    await row.locator(at('page-revoke')).click()
    await page.click(at('confirm-action'))
    await page.waitForFunction(() => document.querySelectorAll('[data-test=page-row]').length === 2)
  })
})
