// page-use: does each step do what it says? Create, unlock, keys and playground by mouse and keyboard, with a fake vault
// behind the page, so that answers may be slow, wrong or never come.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openVault, screens } from '../page-fake/screens.mjs'
import { onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

describe('create', () => {
  test('six words, typed back with slips of spaces and capitals, make the vault with the words as offered', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens.welcome(page, site.url)
      const words = await page.locator(at('word')).allTextContents()
      assert.equal(words.length, 6)
      await page.check(at('written-down'))
      await page.click(at('continue'))
      await page.fill('#confirm-passphrase', ` ${words.join('  ').toUpperCase()} `)
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('keys'))
      assert.equal(await page.evaluate(() => sessionStorage.getItem('fake-passphrase')), words.join(' '))
      assert.equal(await page.getByText(words.join(' ')).count(), 0)
      assert.deepEqual(wrongs, [])
    })
  })

  test('another passphrase is another, and must be confirmed as written down anew', async () => {
    await onPage({}, async (page) => {
      await screens.welcome(page, site.url)
      const before = await page.locator(at('words')).textContent()
      await page.check(at('written-down'))
      await page.click(at('regenerate'))
      await page.waitForFunction((old) => document.querySelector('[data-test=words]').textContent !== old, before)
      assert.ok(await page.locator(at('continue')).isDisabled())
    })
  })

  test("a weak passphrase of one's own, or a repeat that differs, cannot be used; a strong one can", async () => {
    await onPage({}, async (page) => {
      await screens['welcome-own-weak'](page, site.url)
      await page.fill('#own-repeat', 'password1234')
      assert.ok(await page.locator(at('create')).isDisabled())
      await page.fill('#own-passphrase', 'violet tractor hums quietly')
      await page.waitForSelector('.lit-good')
      assert.ok(await page.locator(at('create')).isDisabled())
      await page.fill('#own-repeat', 'violet tractor hums quietly')
      await page.click(`${at('create')}:enabled`)
      await page.waitForSelector(at('keys'))
      assert.equal(await page.evaluate(() => sessionStorage.getItem('fake-passphrase')), 'violet tractor hums quietly')
    })
  })
})

describe('unlock', () => {
  test('the field has the focus, is emptied when sent, and has it again after a wrong passphrase', async () => {
    await onPage({}, async (page) => {
      await screens['unlock-wrong'](page, site.url)
      assert.equal(await page.inputValue('#passphrase'), '')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'passphrase')
      await page.keyboard.type('open sesame')
      assert.equal(await page.locator(at('unlock-problem')).count(), 0)
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('keys'))
      assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Your keys')
    })
  })

  test('Ctrl+Shift+L locks, and the page that comes back knows nothing', async () => {
    await onPage({}, async (page) => {
      await openVault(page, site.url)
      await page.evaluate(() => (window.same = true))
      await page.keyboard.press('Control+Shift+L')
      await page.waitForSelector(at('passphrase'))
      assert.equal(await page.evaluate(() => window.same), undefined)
    })
  })
})

describe('keys', () => {
  test('delete names the key, begins at Cancel, and deletes only when confirmed', async () => {
    await onPage({}, async (page) => {
      await screens.delete(page, site.url)
      assert.match(await page.textContent(at('confirm-subject')), /OpenAI · Work: the shared one.* · •••• 9kLm/)
      assert.equal(await page.evaluate(() => document.activeElement.dataset.test), 'confirm-cancel')
      await page.keyboard.press('Enter')
      assert.equal(await page.locator('[data-key=k2]').count(), 1)
      await page.click(`[data-key=k2] ${at('more')}`)
      await page.click(`[data-key=k2] ${at('delete')}`)
      await page.click(at('confirm-action'))
      await page.waitForSelector('[data-key=k2]', { state: 'detached' })
    })
  })

  test('rename and default', async () => {
    await onPage({}, async (page) => {
      await screens.rename(page, site.url)
      await page.fill('#new-label', 'Lab')
      await page.keyboard.press('Enter')
      await page.waitForSelector(`[data-key=k2] ${at('key-label')}:text-is("Lab")`)
      await page.click(`[data-key=k2] ${at('more')}`)
      await page.click(`[data-key=k2] ${at('make-default')}`)
      await page.waitForSelector(`[data-key=k2] ${at('default-badge')}:visible`)
      assert.equal(await page.locator(`[data-key=k1] ${at('default-badge')}:visible`).count(), 0)
    })
  })

  test('keys that stand in for each other: one box for a provider with several, and a refusal undoes it', async () => {
    await onPage({}, async (page) => {
      await openVault(page, site.url)
      const box = page.locator(at('failover'))
      assert.equal(await box.count(), 1, 'only where there are several keys')
      await box.focus()
      await page.keyboard.press('Space')
      await page.getByText('Keys of OpenAI now stand in for each other.').waitFor()
      assert.ok(await box.isChecked())
      await box.uncheck()
      await page.getByText('Each key of OpenAI stands alone.').waitFor()
    })
    await onPage({}, async (page) => {
      await openVault(page, site.url, 'keys=many&failover=ERR_STORAGE')
      await page.click(at('failover'))
      await page.waitForSelector(at('failover-problem'))
      assert.equal(await page.isChecked(at('failover')), false)
    })
  })

  test('the menu of a key works by keyboard and gives the focus back', async () => {
    await onPage({}, async (page) => {
      await openVault(page, site.url)
      await page.focus(`[data-key=k2] ${at('more')}`)
      await page.keyboard.press('Enter')
      await page.locator(`[data-key=k2] ${at('update')}`).waitFor()
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate(() => document.activeElement.dataset.test), 'update')
      await page.keyboard.press('Escape')
      await page.locator(`[data-key=k2] ${at('update')}`).waitFor({ state: 'hidden' })
      assert.equal(await page.evaluate(() => document.activeElement.dataset.test), 'more')
    })
  })

  test('the demo: one click to the playground, one more to an answer', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens.empty(page, site.url)
      await page.click(at('demo'))
      await page.click(`${at('send')}:enabled`)
      await page.waitForSelector(at('tokens-in'))
      assert.match(await page.textContent(at('paid-by')), /your key “Demo” at Demo provider/)
      assert.deepEqual(wrongs, [])
    })
  })
})

describe('playground', () => {
  test('what a model says is text, whatever it is', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens['playground-answered'](page, site.url)
      await page.fill('#draft', 'html please')
      await page.keyboard.press('Enter')
      const answer = page.locator(at('answer-text')).nth(1)
      await answer.filter({ hasText: 'stays text' }).waitFor()
      assert.match(await answer.textContent(), /^<b>bold<\/b> <img src=x onerror=alert\(1\)>/)
      assert.equal(await page.locator(`${at('conversation')} img`).count(), 0)
      assert.deepEqual(wrongs, [])
    })
  })

  test('stop keeps what has come; tokens that were not reported are said to be so', async () => {
    await onPage({}, async (page) => {
      await screens['playground-streaming'](page, site.url)
      await page.click(at('stop'))
      await page.waitForSelector(`${at('stopped')}:visible`)
      assert.match(await page.textContent(at('answer-text')), /^A lock holds/)
      assert.equal(await page.textContent(at('tokens-out')), 'not reported')
      assert.equal(await page.evaluate(() => document.activeElement.id), 'draft')
    })
  })

  test('a failure is said where the answer would be, and can be tried again', async () => {
    await onPage({}, async (page) => {
      await screens['playground-failed'](page, site.url)
      assert.match(
        await page.textContent(at('answer-problem')),
        /too many requests\.\s+You can try again in 42 seconds\./,
      )
      await page.click(at('retry'))
      await page.waitForSelector(at('retry'))
      assert.equal(await page.locator(at('question')).count(), 1)
      assert.equal(await page.locator(at('answer')).count(), 1)
    })
  })

  test('Enter sends, Shift+Enter does not; a model is chosen by keyboard, or typed', async () => {
    await onPage({}, async (page) => {
      await screens.playground(page, site.url)
      await page.focus('#model')
      await page.keyboard.press('ArrowDown')
      // There may be none to go through yet.
      await page.waitForSelector(at('model-option'))
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      assert.equal(await page.inputValue('#model'), 'gpt-5.2-mini')
      await page.fill('#model', 'one-of-my-own')
      await page.focus('#draft')
      await page.keyboard.type('two')
      await page.keyboard.press('Shift+Enter')
      await page.keyboard.type('lines')
      assert.equal(await page.inputValue('#draft'), 'two\nlines')
      await page.keyboard.press('Enter')
      await page.waitForSelector(`${at('answer-model')}:text-is("one-of-my-own")`)
      assert.equal(await page.textContent(at('question')).then((text) => text.trim()), 'two\nlines')
    })
  })
})
