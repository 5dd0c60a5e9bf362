// page: can everybody use every screen? Accessibility, width, policy, theme and what stays on disk, with a fake vault behind
// the page so that every state can be shown.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { openProfile } from '../page-fake/build.mjs'
import { openVault, screens } from '../page-fake/screens.mjs'
import { onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const TOUCH_PX = 44
const WIDE = { width: 1280, height: 800 }
const NARROW = { width: 360, height: 740 }

// Two at a time: much of a screen's test is waiting for it.
describe('every screen', { concurrency: 2 }, () => {
  for (const [name, go] of Object.entries(screens)) {
    test(`${name}: accessible, fits, breaks no policy; wide and light, narrow and dark`, async () => {
      await onPage({ viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce' }, async (page, wrongs) => {
        await go(page, site.url)
        await page.evaluate(axe)
        assert.deepEqual(await violations(page), [])
        await page.emulateMedia({ colorScheme: 'dark' })
        await page.setViewportSize(NARROW)
        assert.deepEqual(await violations(page), [])
        assert.ok((await overflow(page)) <= 0, 'wider than the window')
        assert.deepEqual(await tooSmall(page), [])
        assert.deepEqual(wrongs, [])
      })
    })
  }

  test('control: the same look finds a field without a label, a low contrast, a small button and an overflow', async () => {
    await onPage({ viewport: NARROW }, async (page) => {
      await screens.keys(page, site.url)
      await page.evaluate(() => {
        const wrong = document.createElement('div')
        wrong.append(
          document.createElement('input'),
          Object.assign(document.createElement('button'), { className: 'btn', textContent: 'x' }),
        )
        const faint = Object.assign(document.createElement('p'), { textContent: 'hardly to be read' })
        faint.style.color = '#ddd'
        wrong.style.width = '900px'
        wrong.lastElementChild.style.minHeight = '20px'
        wrong.append(faint)
        document.querySelector('footer').append(wrong)
      })
      await page.evaluate(axe)
      const found = (await violations(page)).join()
      assert.match(found, /label: /)
      assert.match(found, /color-contrast: /)
      assert.equal((await tooSmall(page)).length, 2)
      assert.ok((await overflow(page)) > 0)
    })
  })
})

test('the theme is the only thing kept in localStorage, and holds from the first paint', async () => {
  await onPage({ colorScheme: 'light' }, async (page) => {
    await openVault(page, site.url)
    await page.click(at('theme'))
    await page.click(at('theme'))
    assert.deepEqual(await page.evaluate(() => ({ ...localStorage })), { 'keyhold-theme': 'dark' })
    await page.goto(`${site.url}?fails=never`)
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(15, 20, 18)')
  })
})

test('what is typed into secret fields, hidden or shown, is not in the files of the browser; control: plain text is', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'keyhold-profile-'))
  const context = await openProfile(profile)
  const page = await context.newPage()
  await screens.unlock(page, site.url)
  await page.click(at('passphrase-show'))
  await page.locator('#passphrase').pressSequentially('CANARY-PASSPHRASE')
  await page.evaluate(() =>
    document.querySelector('footer').append(Object.assign(document.createElement('input'), { id: 'plain' })),
  )
  await page.locator('#plain').pressSequentially('CANARY-CONTROL')
  await page.goto('about:blank')
  await screens['welcome-own-weak'](page, site.url)
  await page.click(at('own-passphrase-show'))
  await page.locator('#own-passphrase').fill('CANARY-OWN')
  await page.goto('about:blank')
  await screens['unlock-recovery'](page, site.url)
  await page.locator('#recovery-code').pressSequentially('CANARY-CODE')
  await page.goto('about:blank')
  await screens['passphrase-change'](page, site.url)
  await page.click(at('change-passphrase-show'))
  await page.locator('#change-passphrase').pressSequentially('CANARY-CHANGED')
  // The fake's ways in outlast a page; the next screen wants a vault with a passphrase only.
  await page.evaluate(() => sessionStorage.clear())
  await page.goto('about:blank')
  await screens['recovery-show'](page, site.url)
  await page.click(at('recovery-kept'))
  await page.locator('#recovery-end').pressSequentially('CANARY-END')
  await page.goto('about:blank')
  await screens['add-first'](page, site.url)
  await page.click(at('key-show'))
  await page.locator(at('key-field')).fill('CANARY-KEY')
  await page.goto('about:blank')
  await screens.playground(page, site.url)
  await page.locator('#draft').fill('CANARY-MESSAGE')
  await page.goto('about:blank')
  await context.close()
  const files = readdirSync(profile, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const texts = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
  const found = (canary) =>
    texts.filter((bytes) => bytes.includes(canary) || bytes.includes(Buffer.from(canary, 'utf16le'))).length
  assert.ok(found('CANARY-CONTROL') > 0)
  for (const secret of [
    'CANARY-PASSPHRASE',
    'CANARY-OWN',
    'CANARY-CODE',
    'CANARY-CHANGED',
    'CANARY-END',
    'CANARY-KEY',
    'CANARY-MESSAGE',
  ])
    assert.equal(found(secret), 0, secret)
  rmSync(profile, { recursive: true, force: true })
})

test('control: a broken policy and an error on the console are noticed', async () => {
  await onPage({}, async (page, wrongs) => {
    await screens.unlock(page, site.url)
    await page.evaluate(() => {
      document.body.setAttribute('style', 'color: red')
      void fetch('https://example.com/').catch(() => {})
    })
    await page.waitForTimeout(200)
    assert.ok(wrongs.some((one) => one.includes('style-src')))
    assert.ok(wrongs.some((one) => one.includes('connect-src')))
  })
})

/** What axe finds wrong, after the colours have come to rest. */
async function violations(page) {
  await page.waitForTimeout(50)
  await page.waitForFunction(() =>
    document.getAnimations().every(({ effect }) => effect.getComputedTiming().endTime === Infinity),
  )
  // Only violations are told in full: what passes is most of it, and takes most of the time.
  const options = { runOnly: RULES, resultTypes: ['violations'] }
  const { violations: found } = await page.evaluate((options) => axe.run(document, options), options)
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
}

function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** Controls a finger would miss. Links within a sentence are as high as the sentence. */
function tooSmall(page) {
  return page.evaluate((least) => {
    const controls = [
      ...document.querySelectorAll('button:not(.link), a.btn, select, input:not([type=checkbox]), summary'),
    ]
    return controls
      .filter(
        (one) =>
          one.checkVisibility() &&
          !one.classList.contains('sr-only') &&
          one.getBoundingClientRect().height < least - 0.5,
      )
      .map((one) => one.outerHTML.slice(0, 120))
  }, TOUCH_PX)
}
