// page-keeping: can a person carry a vault through its life? Backup, the record, repair, deletion, and what keys say of their
// age; with the fake vault behind the page. Bringing keys back: page-restore. Every screen for itself: page.test.mjs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { openVault, screens } from '../page-fake/screens.mjs'
import { onSoundPage as onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const stored = (page, name) => page.evaluate((key) => sessionStorage.getItem(key), name)
const focused = (page) => page.evaluate(() => document.activeElement?.dataset.test ?? document.activeElement?.id)

describe('backup', () => {
  test('words, then proof, then a file; it is saved once more on demand, and no field keeps anything', async () => {
    await onPage(async (page) => {
      await screens['backup-make'](page, site.url)
      const words = (await page.locator(at('file-word')).allTextContents()).join(' ')
      assert.ok(await page.locator(at('backup-make')).isDisabled())
      await page.check(at('file-written'))
      await page.click(at('backup-make'))
      await page.fill('#proof-passphrase', 'open sesame')
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(at('proof-action'))])
      assert.match(download.suggestedFilename(), /^keyhold-\d{4}-\d\d-\d\d\.keyhold$/)
      const first = readFileSync(await download.path())
      assert.equal(first.subarray(0, 3).toString(), 'KH1')
      const [again] = await Promise.all([page.waitForEvent('download'), page.click(at('save-again'))])
      assert.deepEqual(readFileSync(await again.path()), first)
      assert.equal(await stored(page, 'fake-file-passphrase'), words)
      await page.click(at('backup-finish'))
      assert.equal(await page.getByText(words.split(' ')[0], { exact: true }).count(), 0)
      assert.equal(await page.inputValue('#proof-passphrase'), '')
      assert.equal((await page.textContent(at('backup-since'))).trim(), 'Nothing has changed since.')
    })
  })

  test('a passphrase of one’s own must be strong and the same twice', async () => {
    await onPage(async (page) => {
      await screens['backup-own'](page, site.url)
      assert.ok(await page.locator(at('backup-make')).isDisabled())
      await page.fill('#file-repeat', 'violet tractor hums quietly')
      await page.click(`${at('backup-make')}:enabled`)
      await page.fill('#proof-passphrase', 'open sesame')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('backup-done'))
      assert.equal(await stored(page, 'fake-file-passphrase'), 'violet tractor hums quietly')
    })
  })

  test('thinking better of the proof, or a wrong one, makes no file and keeps the words', async () => {
    await onPage(async (page) => {
      await screens['backup-proof'](page, site.url)
      await page.keyboard.press('Escape')
      await page.waitForSelector('#proof-dialog', { state: 'hidden' })
      assert.equal(await stored(page, 'fake-file-passphrase'), null)
      const words = await page.locator(at('file-word')).allTextContents()
      await page.click(at('backup-make'))
      await page.fill('#proof-passphrase', 'not it')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('proof-problem'))
      await page.click(at('proof-cancel'))
      assert.deepEqual(await page.locator(at('file-word')).allTextContents(), words)
    })
  })

  test('a file of one’s choice: words, picker, proof; then it is shown as up to date, and saving can be stopped', async () => {
    await onPage(async (page) => {
      await screens['auto-save-choose'](page, site.url)
      const words = (await page.locator(at('file-word')).allTextContents()).join(' ')
      await page.check(at('file-written'))
      await page.click(at('backup-make'))
      await page.fill('#proof-passphrase', 'open sesame')
      await page.click(at('proof-action'))
      await page.waitForSelector(at('backup-done'))
      assert.equal((await page.textContent(at('backup-name'))).trim(), 'keyhold-backup.keyhold')
      assert.equal(await page.locator(at('save-again')).isVisible(), false)
      assert.equal(await stored(page, 'fake-file-passphrase'), words)
      await page.click(at('backup-finish'))
      await page.waitForSelector(`${at('auto-save')}[data-state=saved]`)
      await page.click(at('auto-save-stop'))
      await page.waitForSelector(`${at('auto-save')}[data-state=off]`)
      await page.waitForSelector(at('toast'))
    })
  })

  test('thinking better of the picker keeps the words, and nothing is asked or saved', async () => {
    await onPage(async (page) => {
      await screens['auto-save-choose'](page, site.url)
      const words = await page.locator(at('file-word')).allTextContents()
      await page.evaluate(() => {
        globalThis.showSaveFilePicker = async () => {
          throw new DOMException('', 'AbortError')
        }
      })
      await page.check(at('file-written'))
      await page.click(at('backup-make'))
      await page.click(`${at('backup-make')}:enabled`)
      assert.equal(await page.locator('#proof-dialog').isVisible(), false)
      assert.deepEqual(await page.locator(at('file-word')).allTextContents(), words)
    })
  })

  test('a file that waits for permission is named above the keys, and saved from there in two clicks', async () => {
    await onPage(async (page) => {
      await screens['keys-auto-save'](page, site.url)
      await page.click(at('auto-save-see'))
      await page.click(at('auto-save-again'))
      await page.waitForSelector(`${at('auto-save')}[data-state=saved]`)
      assert.equal(await page.locator(at('auto-save-again')).isVisible(), false)
      await page.click(at('nav-keys'))
      assert.equal(await page.locator(at('auto-save-waits')).count(), 0)
    })
  })

  test('the reminder comes with a key and no backup, goes on demand, and leads to the backup', async () => {
    await onPage(async (page) => {
      await openVault(page, site.url, 'backup=never')
      assert.equal(await page.locator(at('backup-reminder')).count(), 0)
      await screens['keys-reminder'](page, site.url)
      await page.click(at('remind-backup'))
      await page.waitForSelector(at('file-word'))
      await page.keyboard.press('Escape')
      await page.click(at('remind-later'))
      await page.waitForSelector(at('backup-reminder'), { state: 'detached' })
    })
  })
})

describe('activity', () => {
  test('ten thousand entries: fifty drawn, narrowed quickly, paged, and saved with the verification last', async () => {
    await onPage(async (page) => {
      await screens.activity(page, site.url)
      const rows = page.locator(at('activity-row'))
      assert.equal(await rows.count(), 50)
      assert.equal(await rows.first().getAttribute('data-seq'), '12345')
      assert.match(await page.textContent(at('trimmed')), /2,345 oldest/)
      const begun = Date.now()
      await page.fill('#activity-text', 'research')
      await page.waitForSelector('text=1–50 of 1,000 found')
      assert.ok(Date.now() - begun < 1500)
      await page.click(at('activity-older'))
      await page.waitForSelector('text=51–100 of 1,000 found')
      await page.fill('#activity-text', '')
      await page.check(at('activity-failures'))
      await page.selectOption('#activity-provider', 'google')
      await page.waitForSelector('text=1–50 of 1,000 found')
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(at('activity-save'))])
      assert.match(download.suggestedFilename(), /^keyhold-activity-.*\.jsonl$/)
      const lines = readFileSync(await download.path(), 'utf8')
        .trimEnd()
        .split('\n')
      assert.equal(lines.length, 10_001)
      const { verification } = JSON.parse(lines.at(-1))
      assert.deepEqual([verification.ok, verification.entries, verification.firstSeq], [true, 10_000, 2346])
    })
  })

  test('a broken chain is named with its place', async () => {
    await onPage(async (page) => {
      await screens['activity-broken'](page, site.url)
      assert.match(await page.textContent(at('chain-sentence')), /^Broken at entry 37/)
    })
  })

  test('nothing found leads back to everything', async () => {
    await onPage(async (page) => {
      await screens['activity-nothing'](page, site.url)
      await page.click(at('activity-clear'))
      assert.equal(await page.locator(at('activity-row')).count(), 50)
    })
  })
})

describe('repair and the end', () => {
  test('all repaired: the warnings are gone; partly: what is left says so', async () => {
    await onPage(async (page) => {
      await openVault(page, site.url, 'keys=many&findings')
      await page.click(at('repair'))
      await page.waitForSelector(at('findings'), { state: 'detached' })
      await screens['repair-part'](page, site.url)
      assert.match(await page.textContent(at('repair-outcome')), /^1 of 2 repaired/)
      assert.equal(await page.locator(at('finding')).count(), 1)
    })
  })

  test('what is left of a damaged key is deleted only when confirmed', async () => {
    await onPage(async (page) => {
      await openVault(page, site.url, 'keys=many&findings')
      await page.locator(at('finding-delete')).first().click()
      await page.waitForSelector(`${at('confirm-subject')}:has-text("Anthropic: Main")`)
      await page.click(at('confirm-action'))
      await page.waitForSelector('[data-key=k3]', { state: 'detached' })
      assert.equal(await page.locator(at('finding')).count(), 1)
    })
  })

  test('everything as it lies is a file', async () => {
    await onPage(async (page) => {
      await openVault(page, site.url, 'keys=many&findings')
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(at('save-raw'))])
      assert.match(download.suggestedFilename(), /^keyhold-as-it-lies-/)
    })
  })

  test('a vault that is gone comes back from its copy, and is unlocked as before', async () => {
    await onPage(async (page) => {
      await screens['welcome-copy'](page, site.url)
      await page.click(at('recover-copy'))
      await page.fill('#passphrase', 'open sesame')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('keys'))
    })
  })

  test('while its copy is there, no empty vault takes its place without being asked for', async () => {
    await onPage(async (page) => {
      await screens['welcome-copy'](page, site.url)
      assert.equal(await page.locator(at('make')).count(), 0)
      await page.click(at('begin-anew'))
      await page.waitForSelector(at('make'))
      assert.equal(await page.locator(at('anew')).count(), 0)
      assert.equal(await page.evaluate(() => document.activeElement.id), 'create-title')
    })
  })

  test('deleting wants the word, and ends at the welcome screen', async () => {
    await onPage(async (page) => {
      await screens.wipe(page, site.url)
      assert.equal(await focused(page), 'wipe-word')
      await page.keyboard.type('delet')
      await page.keyboard.press('Enter')
      assert.ok(await page.locator(at('wipe-action')).isDisabled())
      await page.keyboard.type('e')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('welcome'))
    })
  })
})

describe('keys', () => {
  test('expiry is entered, shown, and taken away again', async () => {
    await onPage(async (page) => {
      await screens.rename(page, site.url)
      const soon = new Date(Date.now() + 5 * 86_400_000)
      const two = (part) => String(part).padStart(2, '0')
      await page.fill('#new-expiry', `${soon.getFullYear()}-${two(soon.getMonth() + 1)}-${two(soon.getDate())}`)
      await page.waitForSelector('#expiry-hint:text-is("Expires in 5 days.")')
      await page.click(at('rename-save'))
      await page.waitForSelector(`[data-key=k2] ${at('expiry-badge')}:text-is("Expires in 5 days")`)
      await page.click(`[data-key=k2] ${at('more')}`)
      await page.click(`[data-key=k2] ${at('rename')}`)
      await page.click(at('clear-expiry'))
      await page.click(at('rename-save'))
      await page.waitForSelector(`[data-key=k2] ${at('expiry-badge')}`, { state: 'hidden' })
    })
  })

  test('expired, forgotten and far off are each said', async () => {
    await onPage(async (page) => {
      await screens['keys-ages'](page, site.url)
      assert.match(await page.textContent(`[data-key=k4] ${at('expiry-badge')}`), /Expired 3 days ago/)
      assert.match(await page.textContent(`[data-key=k3] ${at('unused-hint')}`), /Not used for 118 days/)
      assert.match(await page.textContent(`[data-key=k1] ${at('expiry-date')}`), /Expires on/)
    })
  })

  test('order by keyboard: the key moves, the button keeps the focus, and says where the key is', async () => {
    await onPage(async (page) => {
      await openVault(page, site.url)
      await page.focus(`[data-key=k2] ${at('more')}`)
      await page.keyboard.press('Enter')
      await page.waitForSelector(`[data-key=k2] ${at('move-up')}:visible`)
      await page.focus(`[data-key=k2] ${at('move-up')}`)
      await page.keyboard.press('Enter')
      await page.waitForSelector(`${at('toast')}:has-text("is now 1 of 2")`)
      await page.waitForFunction(() => document.activeElement.dataset.test === 'move-up')
      assert.equal(await page.locator(at('key')).first().getAttribute('data-key'), 'k2')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.waitForSelector(`${at('toast')}:has-text("is now 2 of 2")`)
      assert.equal(await page.locator(at('key')).first().getAttribute('data-key'), 'k1')
    })
  })
})
