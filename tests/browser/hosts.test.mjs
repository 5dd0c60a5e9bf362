// hosts: pages under the policies that host pages have: nothing but scripts of their own, Trusted Types for every script, and
// isolation from other origins. In each an answer streams through the vault, and nothing anywhere breaks a policy.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { watch } from './support/chromium.mjs'
import {
  allow,
  buttonOf,
  CONTROL_FRAME,
  connectHost,
  controlOf,
  hostPage,
  openWindow,
  startEmbedding,
  VAULT,
} from './support/embed.mjs'
import { fillVault } from './support/fill-vault.mjs'
import { at } from './support/page.mjs'

const KEY = 'sk-demo-canary-7c44e0aa1f2b4d6e'
/** README.md: all that a page's policy needs for the vault is this. */
const FRAME = `frame-src ${VAULT}`
const POLICIES = {
  'only scripts of its own': `default-src 'none'; script-src 'self'; ${FRAME}`,
  'no script that Trusted Types did not see, and no policy for them': `script-src 'self'; ${FRAME}; require-trusted-types-for 'script'; trusted-types 'none'`,
}
const ISOLATED = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Content-Security-Policy': `${POLICIES['only scripts of its own']}; require-trusted-types-for 'script'`,
}
const withControl = hostPage({ body: CONTROL_FRAME })
/** What each of the policies forbids. */
const FORBIDDEN = `document.querySelector('#place').setAttribute('onclick', 'void 0')`

let demo
let world
before(async () => {
  demo = await startDemo({ key: KEY, fast: true })
  const policed = Object.values(POLICIES).flatMap((policy, index) => [
    [`host${index}.example/`, { html: withControl, headers: { 'Content-Security-Policy': policy } }],
    [`host${index}.example/forbidden.js`, { js: FORBIDDEN }],
  ])
  world = await startEmbedding({
    config: demoConfig(demo),
    pages: {
      ...Object.fromEntries(policed),
      'isolated.example/': { headers: ISOLATED },
      'isolated.example/open': { html: withControl },
      'isolated.example/forbidden.js': { js: FORBIDDEN },
    },
  })
})
after(async () => {
  await world?.stop()
  await demo?.stop()
})

/** In a fresh profile, whose pages, frames and windows all tell what they break. */
async function onHost(url, use) {
  const context = await world.browser.newContext()
  try {
    const noted = await watch(context)
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(url)
    await use(page, noted, context)
  } finally {
    await context.close()
  }
}
const broken = ({ wrongs }) => wrongs.filter((one) => /^policy: |Content Security|Trusted/.test(one))

/** A vault with a key, and the answer of a person to what the page asks. */
async function grantedTo(page) {
  await connectHost(page)
  const control = await controlOf(page)
  await control.evaluate(fillVault, { keys: [{ provider: 'demo', keys: [KEY] }] })
  const asked = page.evaluate(() => window.vault.requestAccess({ providers: ['demo'] }))
  const opened = await openWindow(page)
  await allow(opened)
  assert.equal((await asked).state, 'granted')
}

const streamed = (page) =>
  page.evaluate(async (url) => {
    const response = await window.vault.fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'demo', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
    })
    let text = ''
    for await (const piece of response.body.pipeThrough(new TextDecoderStream())) text += piece
    return { status: response.status, text }
  }, `${demo.base}chat/completions`)
async function streams(page) {
  const { status, text } = await streamed(page)
  assert.equal(status, 200)
  assert.match(text, /data: \{.*data: \[DONE\]/s)
}

/** The page does what its policy forbids, and the watch hears of it. */
async function control(page, noted) {
  assert.deepEqual(broken(noted), [])
  await page.evaluate(
    () =>
      new Promise((done) => {
        const script = Object.assign(document.createElement('script'), { onload: done })
        try {
          // Where Trusted Types are wanted, this is forbidden already.
          script.src = '/forbidden.js'
          document.head.append(script)
        } catch {
          done()
        }
      }),
  )
  for (const until = Date.now() + 5_000; broken(noted).length === 0 && Date.now() < until;)
    await page.waitForTimeout(20)
  assert.ok(broken(noted).length > 0, 'positive control')
}

describe('a page whose policy allows', () => {
  for (const [index, name] of Object.keys(POLICIES).entries()) {
    test(`${name}: asked, allowed, streamed`, async () => {
      await onHost(`https://host${index}.example/`, async (page, noted) => {
        await grantedTo(page)
        await streams(page)
        await control(page, noted)
      })
    })
  }
})

describe('a page that is cross-origin isolated', () => {
  test('streams with what was allowed in a page of its origin that is not', async () => {
    await onHost('https://isolated.example/open', async (open, noted, context) => {
      await grantedTo(open)
      const page = await context.newPage()
      await page.goto('https://isolated.example/')
      assert.equal(await page.evaluate(() => self.crossOriginIsolated), true)
      await connectHost(page)
      assert.equal((await page.evaluate(() => window.vault.status())).state, 'granted')
      await streams(page)
      await control(page, noted)
    })
  })

  test('alone cannot ask its visitor: the browser opens no window that keeps its opener, and the page is told', async () => {
    await onHost('https://isolated.example/', async (page, noted, context) => {
      await connectHost(page)
      await page.evaluate(() => {
        window.vault.on('blocked', () => window.heard.push('blocked'))
        window.vault.requestAccess({ providers: ['demo'] }).catch(() => {})
      })
      const [opened] = await Promise.all([context.waitForEvent('page'), buttonOf(page).click()])
      await page.waitForFunction(() => window.heard.includes('blocked'))
      await buttonOf(page).getByText('Window was blocked').waitFor()
      await opened.waitForSelector('text=belongs to a Keyhold button')
      assert.equal(await opened.locator(at('choose-own')).count(), 0)
      assert.deepEqual(await page.evaluate(() => window.vault.status()), { state: 'needs-user' })
      assert.deepEqual(broken(noted), [])
    })
  })
})

// Last: what the vault's own files reported, of all of the above.
test("no policy of the vault's own files was broken", () => {
  assert.deepEqual(world.site.broken(), [])
})
