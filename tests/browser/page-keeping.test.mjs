// page-keeping: can a person carry a vault through its life? Backup, restore, moving by camera, the record, repair, deletion,
// and what keys say of their age; with the fake vault behind the page. Every screen for itself: page.test.mjs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileOf } from '../page-fake/screens-keeping.mjs'
import { openVault, screens } from '../page-fake/screens.mjs'
import { onPage as onAnyPage, site } from './support/fake-page.mjs'

const at = (name) => `[data-test=${name}]`
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

describe('restore', () => {
  test('each key as chosen; a replaced one is announced; the list shows them', async () => {
    await onPage(async (page) => {
      await screens['restore-review'](page, site.url)
      const choices = page.locator(at('review-choice'))
      assert.deepEqual(await choices.evaluateAll((all) => all.map(({ value }) => value)), ['add', 'add', 'skip'])
      await page.click(at('all-none'))
      assert.ok(await page.locator(at('restore')).isDisabled())
      await page.click(at('all-replace'))
      assert.equal(await page.textContent(at('restore')), 'Add 2 keys, replace 1 key')
      await choices.first().selectOption('skip')
      assert.equal(await page.textContent(at('restore')), 'Add 1 key, replace 1 key')
      await page.click(at('restore'))
      await page.waitForSelector('text=1 key added, 1 key replaced, 3 keys left out.')
      await page.click(at('restore-finish'))
      await page.waitForSelector(`${at('key-label')}:text-is("Main, renewed")`)
      assert.equal(await page.locator(`${at('provider-group')}[data-provider=groq]`).count(), 1)
      assert.equal(await page.locator(`${at('provider-group')}[data-provider=mistral]`).count(), 0)
    })
  })

  test('a wrong passphrase is tried again without choosing the file again; a damaged file changes nothing', async () => {
    await onPage(async (page) => {
      await screens['restore-wrong'](page, site.url)
      assert.equal(await page.inputValue('#restore-passphrase'), '')
      await page.fill('#restore-passphrase', 'the right one')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('review'))
      await page.click(at('restore-back'))
      assert.equal(await stored(page, 'fake-import-closed'), 'yes')
      await page.setInputFiles('#restore-file', fileOf('a.keyhold', 'BAD'))
      await page.fill('#restore-passphrase', 'the right one')
      await page.keyboard.press('Enter')
      await page.waitForSelector('text=This is not a whole Keyhold backup.')
      await page.waitForSelector('text=Nothing in your vault was changed.')
    })
  })

  test('a file that wants much memory is opened only when asked for, without typing again', async () => {
    await onPage(async (page) => {
      await screens['restore-large'](page, site.url)
      await page.click(at('open-large'))
      await page.waitForSelector(at('review'))
    })
  })

  test('a file dropped on the dialog is read; closing the dialog forgets what was opened', async () => {
    await onPage(async (page) => {
      await screens['restore-choose'](page, site.url)
      const data = await page.evaluateHandle(() => {
        const transfer = new DataTransfer()
        transfer.items.add(new File(['A_KEY=abc'], 'mine.env'))
        return transfer
      })
      await page.dispatchEvent(at('drop'), 'drop', { dataTransfer: data })
      await page.waitForSelector('text=Lines 1, 4, and 9 held no key')
      await page.keyboard.press('Escape')
      await page.waitForFunction(() => sessionStorage.getItem('fake-import-closed') === 'yes')
    })
  })

  test('from the welcome screen: first a vault, then the file', async () => {
    await onPage(async (page) => {
      await screens['welcome-restore'](page, site.url)
      const words = await page.locator(at('word')).allTextContents()
      await page.check(at('written-down'))
      await page.click(at('continue'))
      await page.fill('#confirm-passphrase', words.join(' '))
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('restore-choose'))
      await page.keyboard.press('Escape')
      await page.waitForSelector(at('empty'))
    })
  })
})

describe('moving by camera', () => {
  test('the codes one device shows are the file the other one opens', async () => {
    await onPage(async (page) => {
      await screens['move-codes'](page, site.url)
      const [, total] = /of (\d+)/.exec(await page.textContent(at('code-position')))
      const codes = []
      for (let shown = 0; shown < Number(total); shown++) {
        await page.waitForTimeout(60)
        codes.push(await page.evaluate(() => document.getElementById('code-canvas').toDataURL().split(',')[1]))
        await page.click(at('code-next'))
      }
      assert.equal(new Set(codes).size, Number(total))

      await onPage(async (other) => {
        await other.addInitScript(filmOf, codes)
        await openVault(other, site.url)
        await other.click(at('nav-security'))
        await other.click(at('scan-codes'))
        await other.waitForSelector('#restore-passphrase', { timeout: 60_000 })
        assert.equal(await other.evaluate(() => window.cameraStopped), true)
        await other.fill('#restore-passphrase', 'six words')
        await other.keyboard.press('Enter')
        await other.waitForSelector(at('review'))
        assert.equal(await stored(other, 'fake-opened-bytes'), '5200')
      })
    })
  })

  test('the film runs by itself, stops and steps; closing it ends it', async () => {
    await onPage(async (page) => {
      await screens['move-codes'](page, site.url)
      const position = () => page.textContent(at('code-position'))
      const paused = await position()
      await page.waitForTimeout(900)
      assert.equal(await position(), paused)
      await page.click(at('code-play'))
      await page.waitForFunction(
        (old) => document.querySelector('[data-test=code-position]').textContent !== old,
        paused,
      )
      await page.click(at('codes-done'))
      await page.waitForSelector(at('codes'), { state: 'detached' })
    })
  })

  test('without a camera the way by file is offered', async () => {
    await onPage(async (page) => {
      await screens['restore-no-camera'](page, site.url)
      await page.click(at('scan-file'))
      await page.waitForSelector(at('restore-choose'))
    })
  })

  test('closing the dialog lets go of the camera', async () => {
    await onPage(async (page) => {
      await page.addInitScript(filmOf, [])
      await openVault(page, site.url)
      await page.click(at('nav-security'))
      await page.click(at('scan-codes'))
      await page.waitForSelector('text=Point the camera at the codes')
      await page.keyboard.press('Escape')
      await page.waitForFunction(() => window.cameraStopped === true)
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

/** In the page: a camera that sees these pictures one after another, again and again. */
function filmOf(pictures) {
  const film = document.createElement('canvas')
  film.width = film.height = 800
  const context = film.getContext('2d')
  navigator.mediaDevices.getUserMedia = async () => {
    const bitmaps = await Promise.all(
      pictures.map((base64) =>
        createImageBitmap(new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))])),
      ),
    )
    let next = 0
    const paint = () => {
      context.fillStyle = '#777'
      context.fillRect(0, 0, film.width, film.height)
      const bitmap = bitmaps[next++ % bitmaps.length]
      if (bitmap !== undefined) context.drawImage(bitmap, 60, 40, 640, 640)
    }
    paint()
    setInterval(paint, 250)
    const stream = film.captureStream(20)
    for (const track of stream.getTracks()) {
      const stop = track.stop.bind(track)
      track.stop = () => {
        window.cameraStopped = true
        stop()
      }
    }
    return stream
  }
}

/** A fresh page; nothing may go wrong on its console, and no policy may be broken. */
function onPage(use) {
  return onAnyPage({ viewport: { width: 1280, height: 860 } }, async (page, wrongs) => {
    page.setDefaultTimeout(15_000)
    await use(page)
    assert.deepEqual(wrongs, [])
  })
}
