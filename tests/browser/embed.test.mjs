// embed: a page of another origin asks for access, gets it from a person, and streams an answer with a key it never sees; in a
// Chromium that keeps storage apart for each site and opens no window without a click.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { startExample } from '../../scripts/example.mjs'
import { startSite } from '../../scripts/serve.mjs'
import {
  allow,
  buttonOf,
  connectHost,
  frameOf,
  HOST,
  lookAround,
  openWindow,
  startEmbedding,
  VAULT,
} from './support/embed.mjs'
import { at, beginKey, createOwn, keyId, unlock } from './support/page.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const OWN_PASSPHRASE = 'seven herons share a narrow boat'
const KEY = 'sk-demo-canary-5d0c1b7f9a3e4c2d'
const NESTED = `<!doctype html><title>outer</title><iframe src="https://inner.example/"></iframe>`

let demo
let world
before(async () => {
  demo = await startDemo({ key: KEY, fast: true })
  world = await startEmbedding({
    config: demoConfig(demo),
    pages: {
      'outer.example/': { html: NESTED, headers: { 'Content-Security-Policy': 'frame-src https://inner.example' } },
      'isolated.example/': {
        headers: {
          'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
          'Cross-Origin-Embedder-Policy': 'require-corp',
        },
      },
    },
  })
})
after(async () => {
  await world?.stop()
  await demo?.stop()
})

/** A fresh browser profile with the host's page in it. */
async function onHost(use, url = HOST) {
  const context = await world.browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  try {
    await page.goto(url)
    await use(page, context)
  } finally {
    await context.close()
  }
}

const status = (page) => page.evaluate(() => window.vault.status())
const wish = (page, wished) =>
  page.evaluate((wished) => {
    window.asked = window.vault.requestAccess(wished)
    window.asked.catch(() => {})
  }, wished)
const answer = (page) =>
  page.evaluate(() =>
    window.asked.then(
      (value) => ({ value }),
      ({ code }) => ({ code }),
    ),
  )
/** Of a streamed chat: status, type and the whole body. */
const call = (page) =>
  page.evaluate(async (url) => {
    const response = await window.vault.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'demo',
        stream: true,
        max_tokens: 50,
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }, `${demo.base}chat/completions`)

/** In the vault's window: a vault of one's own, no recovery code, and the dialog that follows. */
async function setUp(opened) {
  await opened.click(at('choose-own'))
  await opened.fill('#own-passphrase', PASSPHRASE)
  await opened.fill('#own-repeat', PASSPHRASE)
  await opened.click(`${at('create')}:enabled`)
  await opened.waitForSelector(`${at('consent-dialog')}[open]`)
}
async function giveKey(opened) {
  await lookAround(opened)
  await opened.click(at('consent-add'))
  await opened.fill(at('key-field'), KEY)
  await opened.click(at('save'))
}
/** The host has access, to a vault that is open. */
async function granted(page, wished = { providers: ['demo'] }) {
  await connectHost(page)
  await wish(page, wished)
  const opened = await openWindow(page)
  await setUp(opened)
  await giveKey(opened)
  await allow(opened)
  assert.equal((await answer(page)).value?.state, 'granted')
  await opened.close()
}

describe('what the tests stand on', () => {
  test('this browser keeps storage apart for each site, and opens no window without a click', async () => {
    await onHost(async (page, context) => {
      assert.equal(await page.evaluate(() => window.blocked), true)
      const own = await context.newPage()
      await own.goto(`${VAULT}/callback.html`)
      await own.evaluate(() => localStorage.setItem('seen', 'yes'))
      await connectHost(page)
      assert.equal(await frameOf(page).evaluate(() => localStorage.getItem('seen')), null)
      assert.equal(await own.evaluate(() => localStorage.getItem('seen')), 'yes')
    })
  })
})

test('a page that embeds pays two requests before it needs the vault, and sees no button before it needs a person', async () => {
  await onHost(async (page) => {
    world.requests.length = 0
    await connectHost(page)
    await page.waitForTimeout(300)
    const made = world.requests.filter((one) => one.startsWith('vault.example'))
    assert.equal(made.length, 2, made.join())
    assert.match(made.join(), /^vault\.example\/frame\.html,vault\.example\/assets\/frame-[\w-]+\.js$/)
    assert.equal(await page.locator('iframe').isVisible(), false)
    assert.deepEqual(await status(page), { state: 'needs-user' })
    assert.ok(
      world.requests.some((one) => /vault-worker/.test(one)),
      'positive control',
    )
  })
})

test('asked, allowed, streamed, locked, unlocked', async () => {
  await onHost(async (page, context) => {
    const own = await context.newPage()
    await own.goto(`${VAULT}/callback.html`)
    await own.evaluate((mark) => localStorage.setItem('keyhold-mark', mark), '{"words":"of elsewhere","colour":0}')
    await connectHost(page)
    await wish(page, { providers: ['demo'] })
    const opened = await openWindow(page)
    assert.equal(opened.url(), `${VAULT}/unlock.html`)

    await setUp(opened)
    assert.equal(await opened.textContent(at('consent-origin')), HOST)
    assert.deepEqual(await opened.locator(at('consent-provider')).allTextContents(), ['Demo provider'])
    await giveKey(opened)
    await allow(opened)
    const { value } = await answer(page)
    assert.equal(value.state, 'granted')
    assert.deepEqual(value.providers, [{ id: 'demo', ready: true }])
    assert.equal(value.dayMicroUsd, null)
    await page.locator('iframe').waitFor({ state: 'hidden' })
    // A new vault's window stays: what would keep it from being lost is to be read.
    await opened.click(at('offer-skip'))
    await opened.click(at('nav-security'))
    assert.equal(await opened.textContent(at('page-origin')), HOST)
    await opened.close()

    const streamed = await call(page)
    assert.equal(streamed.status, 200)
    assert.match(streamed.type, /^text\/event-stream/)
    assert.match(streamed.text, /data: \[DONE\]/)
    assert.deepEqual(
      demo.seen.filter(({ method, path }) => method === 'POST' && path.endsWith('/chat/completions')).at(-1)
        .authorization,
      `Bearer ${KEY}`,
    )

    await page.evaluate(() => window.vault.lock())
    await page.waitForFunction(() => window.heard.includes('lock'))
    assert.deepEqual(await status(page), { state: 'needs-user' })
    assert.equal((await call(page)).status, 423)
    await page.locator('iframe').waitFor()
    const again = await openWindow(page)
    const mark = await frameOf(page).evaluate(() => JSON.parse(localStorage.getItem('keyhold-mark')).words)
    assert.match(mark, /^[a-z]+ [a-z]+$/)
    assert.equal(await again.textContent(at('mark-words')), mark, "the frame's, not the one of the vault's own storage")
    await again.fill('#passphrase', PASSPHRASE)
    await Promise.all([again.waitForEvent('close'), again.click(at('unlock'))])
    await page.waitForFunction(() => window.heard.lastIndexOf('unlock') > window.heard.lastIndexOf('lock'))
    await page.locator('iframe').waitFor({ state: 'hidden' })
    assert.equal((await call(page)).status, 200)
  })
})

test("keys of the user's own vault are copied as they choose, and used; that vault is as it was", async () => {
  await onHost(async (page, context) => {
    const own = await context.newPage()
    own.setDefaultTimeout(20_000)
    await own.goto(`${VAULT}/`)
    await createOwn(own, OWN_PASSPHRASE)
    await beginKey(own, 'demo', { key: KEY, label: 'From home' })
    await own.click(at('save'))
    await keyId(own, 'From home')
    await own.click(`${at('lock')}:visible`)
    await own.waitForSelector('#passphrase')

    await connectHost(page)
    await wish(page, { providers: ['demo'] })
    const opened = await openWindow(page)
    await setUp(opened)
    await lookAround(opened)
    await opened.click(at('consent-mine'))
    assert.equal(await opened.textContent(at('mine-host')), HOST)
    await opened.fill('#mine-passphrase', PASSPHRASE)
    await opened.click(at('mine-open'))
    await opened.waitForSelector(`${at('mine-problem')}:visible`)
    await opened.fill('#mine-passphrase', OWN_PASSPHRASE)
    await opened.click(at('mine-open'))
    await opened.waitForSelector(at('review-row'))
    assert.match(await opened.textContent(at('review-row')), /From home/)
    await opened.click(at('restore'))
    await opened.click(at('restore-finish'))
    await allow(opened)
    assert.equal((await answer(page)).value?.state, 'granted')
    assert.equal((await call(page)).status, 200)
    assert.equal(demo.seen.at(-1).authorization, `Bearer ${KEY}`)

    // Locked again, with the copy in its record, and not taken for a backup.
    assert.equal(await own.isVisible('#passphrase'), true)
    await unlock(own, OWN_PASSPHRASE)
    await keyId(own, 'From home')
    await own.click(at('nav-security'))
    await own.click(at('activity-open'))
    await own.waitForSelector(`${at('activity-row')}:has-text("Keys copied for a page"):has-text("${HOST}")`)
    assert.doesNotMatch(await own.textContent(at('security-backup')), /Last made/)
  })
})

test('a wish that the user denies is ERR_ACCESS_DENIED; one taken back leaves the window', async () => {
  await onHost(async (page) => {
    await connectHost(page)
    await wish(page, { providers: ['demo'] })
    const opened = await openWindow(page)
    await setUp(opened)
    await lookAround(opened)
    await opened.click(`${at('consent-cancel')}:enabled`)
    assert.deepEqual(await answer(page), { code: 'ERR_ACCESS_DENIED' })
    assert.deepEqual(await status(page), { state: 'needs-user' })
  })
})

test('another page of the same origin may, too; one of another origin may not; revoked, none may', async () => {
  await onHost(async (page, context) => {
    await granted(page)
    const [same, other] = [await context.newPage(), await context.newPage()]
    await same.goto(`${HOST}/other`)
    // Of the same site: the same vault, but not the same origin.
    await other.goto('https://www.chat.example/')
    for (const one of [same, other]) await connectHost(one)
    assert.equal((await status(same)).state, 'granted')
    assert.equal((await call(same)).status, 200)
    assert.deepEqual(await status(other), { state: 'needs-user' })
    // The same as of a locked vault, so that it does not learn which.
    assert.equal((await call(other)).status, 423)

    await same.evaluate(() => window.vault.open())
    const opened = await openWindow(same)
    await opened.click(at('nav-security'))
    await opened.click(at('page-revoke'))
    await opened.click(at('confirm-action'))
    await opened.waitForSelector(at('pages-none'))
    for (const one of [page, same]) {
      await one.waitForFunction(() => window.heard.at(-1) === 'change')
      assert.deepEqual(await status(one), { state: 'needs-user' })
      assert.equal((await call(one)).status, 423)
    }
  })
})

describe('a hostile page', () => {
  test("opens no window by asking, and the vault's window serves nobody but the frame", async () => {
    await onHost(async (page, context) => {
      await connectHost(page)
      await page.evaluate(() => window.vault.open())
      await page.waitForTimeout(500)
      assert.equal(context.pages().length, 1, 'showing the button opens nothing')
      const [opened] = await Promise.all([
        page.waitForEvent('popup'),
        page.evaluate((url) => void window.open(url), `${VAULT}/unlock.html`),
      ])
      await opened.waitForSelector('text=belongs to a Keyhold button')
      await opened.close()
      // Control: a click in the frame does open it, and it is served.
      const own = await openWindow(page)
      await own.waitForSelector(at('choose-own'))
    })
  })

  test('is greeted once: a second hand-shake is refused, and the first goes on', async () => {
    await onHost(async (page) => {
      await connectHost(page)
      const again = await page.evaluate(
        (vault) =>
          new Promise((done) => {
            const { port1, port2 } = new MessageChannel()
            port1.addEventListener('message', ({ data }) => done(data))
            port1.start()
            const frame = document.querySelector('iframe').contentWindow
            frame.postMessage({ keyhold: 'host', version: 1 }, vault, [port2])
          }),
        VAULT,
      )
      assert.deepEqual(again, { news: 'refused', why: 'again' })
      assert.deepEqual(await status(page), { state: 'needs-user' })
    })
  })

  test('in a frame of another page is refused', async () => {
    await onHost(async (page) => {
      await page.waitForFunction(() => frames.length === 1)
      const inner = page.frames().find((frame) => frame.url().startsWith('https://inner.example'))
      await inner.waitForFunction(() => window.keyhold)
      assert.equal(await refusedIn(inner), 'ERR_NOT_PERMITTED_BY_SITE')
    }, 'https://outer.example/')
  })
})

const refusedIn = (where) =>
  where.evaluate(
    (url) =>
      window.keyhold.connect(url).then(
        () => 'connected',
        ({ code }) => code,
      ),
    VAULT,
  )

test('a page that is isolated, and under a policy of its own, is served like any other', async () => {
  await onHost(async (page) => {
    assert.equal(await page.evaluate(() => self.crossOriginIsolated), false)
    await connectHost(page, { place: true })
    await page.locator('#place iframe').waitFor()
    assert.equal(await buttonOf(page).textContent(), 'Keyhold')
    assert.deepEqual(await status(page), { state: 'needs-user' })
    await buttonOf(page).getByText('Set up Keyhold').waitFor()
  }, 'https://isolated.example/')
})

test('the example page: one line beside the usual ones, and an answer', async () => {
  const site = await startSite({ config: demoConfig(demo) })
  const example = await startExample({ vault: site.url, base: demo.base, model: 'demo-small', provider: 'demo' })
  try {
    await onHost(async (page) => {
      await page.fill('#question', 'What does it take?')
      await page.click('form button')
      await page.frameLocator('iframe').getByText('Set up Keyhold').waitFor()
      const opened = await openWindow(page)
      await setUp(opened)
      await giveKey(opened)
      await allow(opened)
      await page.waitForFunction(() => document.querySelector('.theirs').textContent.length > 20)
    }, example.url)
  } finally {
    await Promise.all([site.stop(), example.stop()])
  }
})
