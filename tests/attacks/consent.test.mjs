// consent: a hostile page has its visitor's clicks land on the vault's button, or on the question in the vault's window, when
// they were meant for something else: covered, see-through, grown, moved and put under the pointer at the last moment, asked
// in the middle of a double click, exchanged for another question. In Chromium, beside a build in which each such click counts.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { connectHost, HOST, lookAround, openWindow, startEmbedding } from '../browser/support/embed.mjs'
import { at } from '../browser/support/page.mjs'
import { until } from '../browser/support/until.mjs'
import { buildCopy } from '../web/support/web-build.mjs'
import { answer, ask, granted, PROVIDER, siteOf } from './support/host.mjs'
import { startProvider } from './support/provider.mjs'
import { weakenIn } from './support/weaken.mjs'

const WAY_IN = { passphrase: 'violet tractor hums quietly at noon', key: 'sk-of-a-visitor-0123456789' }
const MORE = { providers: [PROVIDER], scopes: ['files'] }
/** Well within the 700 ms that buttons wait. */
const AT_ONCE_MS = 600

/** A click on the frame's button is a yes, and nobody waits for a look. */
const HASTY = {
  'src/frame/main.ts': [
    [
      'function openWindow(): void {\n',
      `function openWindow(): void {
  const now = switchboard.now
  void now?.ask({ op: 'questions' }).then((all) => Promise.all(all.map(({ id, wish }) => now.ask({ op: 'decide', question: id, terms: wish }))))
`,
    ],
  ],
  'src/page/attention.ts': [
    [
      'export function whenLookedAt(then: () => void): () => void {\n',
      'export function whenLookedAt(then: () => void): () => void {\n  then()\n  if (document.body) return () => {}\n',
    ],
  ],
}

let provider
before(async () => {
  provider = await startProvider()
})
after(() => provider?.stop())

/** A page that may use a key, of a vault that is open. */
async function withVault(dist, use) {
  const world = await startEmbedding({ config: siteOf(provider), dist })
  try {
    const context = await world.browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(HOST)
    await connectHost(page, { place: true })
    await granted(page, WAY_IN)
    return await use(page)
  } finally {
    await world.stop()
  }
}

/** What the page does to the frame so that the next click at (100, 100) is in it. Run in the page. */
const DISGUISES = {
  covered: (frame) => {
    Object.assign(frame.style, { position: 'fixed', left: '20px', top: '80px' })
    const cover = document.createElement('div')
    cover.textContent = 'You have won'
    Object.assign(cover.style, {
      position: 'fixed',
      inset: '0',
      background: 'white',
      pointerEvents: 'none',
      zIndex: '9',
    })
    document.body.append(cover)
  },
  'see-through': (frame) =>
    Object.assign(frame.style, { position: 'fixed', left: '20px', top: '80px', opacity: '0.01' }),
  grown: (frame) =>
    Object.assign(frame.style, {
      position: 'fixed',
      left: '0',
      top: '0',
      transform: 'scale(20)',
      transformOrigin: '0 0',
    }),
  moved: (frame) => {
    Object.assign(frame.style, { position: 'fixed', left: '-900px', top: '-900px' })
    addEventListener('mousemove', () => Object.assign(frame.style, { left: '20px', top: '80px' }), { once: true })
  },
}

/** @returns by disguise: what became of the question, once the visitor had clicked. */
async function disguised(page) {
  const outcomes = {}
  for (const [name, disguise] of Object.entries(DISGUISES)) {
    await ask(page, { ...MORE, scopes: [['files'], ['images'], ['audio'], ['batch']][Object.keys(outcomes).length] })
    await page.frameLocator('iframe[title=Keyhold]').getByText('Allow this page').waitFor()
    await page.evaluate(`(${disguise})(document.querySelector('iframe'))`)
    await page.mouse.move(300, 300)
    // Chromium drops clicks into a frame that moved within half a second.
    await page.waitForTimeout(800)
    const [opened] = await Promise.all([page.waitForEvent('popup'), page.mouse.click(100, 100)])
    await opened.waitForLoadState()
    await page.waitForTimeout(400)
    outcomes[name] = await answer(page)
    await opened.close()
    await page.evaluate(() => {
      window.stop.abort()
      document.querySelector('iframe').style.cssText = 'width: 14rem; height: 2.75rem'
      document.querySelectorAll('body > div').forEach((one) => one.remove())
    })
    await until(page, () => window.answer !== 'none')
  }
  return outcomes
}

/** Notes when the question comes up, and when something is pressed. Runs in the window. */
function watchDialog() {
  window.shows = []
  window.presses = []
  addEventListener('pointerdown', () => window.presses.push(performance.now()), true)
  new MutationObserver((all) => {
    if (all.some(({ target }) => target.id === 'consent-dialog' && target.open)) window.shows.push(performance.now())
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['open'] })
}

/** The visitor clicks about in the vault's window; just then the page asks. @returns what became of the question */
async function inTheMiddle(page, prepare) {
  for (let tries = 0; tries < 5; tries += 1) {
    const opened = await openWindow(page)
    await opened.waitForSelector(at('keys'))
    await opened.evaluate(watchDialog)
    const allow = await prepare(opened)
    const shows = await opened.evaluate(() => window.shows.length)
    await ask(page, MORE)
    await opened.waitForFunction((shows) => window.shows.length > shows, shows)
    await opened.mouse.click(allow.x, allow.y, { clickCount: 2 })
    await opened.mouse.move(allow.x + 1, allow.y).catch(() => {})
    const waited = await opened.evaluate(() => window.presses.at(-1) - window.shows.at(-1)).catch(() => 0)
    await page.waitForTimeout(500)
    const outcome = await answer(page)
    await page.evaluate(() => window.stop.abort())
    await opened.close()
    // On a busy machine the click may have come late: a person could have read by then.
    if (waited < AT_ONCE_MS) return outcome
  }
  throw new Error('no click came at once')
}
/** Where "Allow" is, in a window that has just asked, and was denied or has its question taken back. */
async function placeOfAllow(page, opened) {
  await ask(page, MORE)
  await opened.waitForSelector(`${at('consent-dialog')}[open]`)
  const { x, y, width, height } = await opened.locator(at('consent-allow')).boundingBox()
  return { x: x + width / 2, y: y + height / 2 }
}
const doubleClick = (page) =>
  inTheMiddle(page, async (opened) => {
    const place = await placeOfAllow(page, opened)
    await page.evaluate(() => window.stop.abort())
    await opened.waitForSelector(`${at('consent-dialog')}:not([open])`, { state: 'attached' })
    // At home in this window for a while: focus alone, and a movement of before, are not enough.
    await lookAround(opened)
    await opened.waitForTimeout(900)
    return place
  })
const exchanged = (page) =>
  inTheMiddle(page, async (opened) => {
    const place = await placeOfAllow(page, opened)
    await lookAround(opened)
    await opened.waitForSelector(`${at('consent-allow')}:enabled`)
    // The hand is on its way to a question that was read.
    await opened.mouse.move(place.x, place.y)
    await page.evaluate(() => window.stop.abort())
    return place
  })

describe('clicks that were meant for something else', () => {
  test(
    'open the window at most; asked in their middle, or exchanged, the question waits',
    { timeout: 180_000 },
    async () => {
      await withVault(undefined, async (page) => {
        assert.deepEqual(await disguised(page), {
          covered: 'none',
          'see-through': 'none',
          grown: 'none',
          moved: 'none',
        })
        assert.equal(await doubleClick(page), 'none')
        assert.equal(await exchanged(page), 'none')
        const { scopes } = await page.evaluate(() => window.vault.status())
        assert.deepEqual(scopes, [])
      })
    },
  )
  test(
    'control: where a click on the button is a yes and no look is waited for, each of them allows',
    { timeout: 240_000 },
    async () => {
      const build = await buildCopy({ alter: (folder) => weakenIn(folder, HASTY) })
      try {
        await withVault(build.dist, async (page) => {
          assert.deepEqual(await disguised(page), {
            covered: 'granted',
            'see-through': 'granted',
            grown: 'granted',
            moved: 'granted',
          })
        })
        await withVault(build.dist, async (page) => assert.equal(await doubleClick(page), 'granted'))
        await withVault(build.dist, async (page) => assert.equal(await exchanged(page), 'granted'))
      } finally {
        await build.remove()
      }
    },
  )
})
