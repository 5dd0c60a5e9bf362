// page-restore: can a person bring keys back, from a file or by camera from another device? With the fake vault behind the
// page.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileOf } from '../page-fake/screens-keeping.mjs'
import { openVault, screens } from '../page-fake/screens.mjs'
import { onSoundPage as onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const stored = (page, name) => page.evaluate((key) => sessionStorage.getItem(key), name)

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
