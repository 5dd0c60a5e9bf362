// offline: after one visit the site needs no server, a new version waits until no vault is open, and the service worker behind
// both has nothing to do with a call to a provider. The built site with its real headers, in Chromium.
import assert from 'node:assert/strict'
import { appendFile, readFile, readdir } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DEMO_KEY, demoConfig, startDemo } from '../../scripts/demo.mjs'
import { startSite } from '../../scripts/serve.mjs'
import { buildCopy } from '../web/support/web-build.mjs'
import { newMarker } from './support/canary.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { WHOLE_STRINGS, snapshotOfServiceWorker } from './support/heap-snapshot.mjs'
import { at, beginKey, createOwn, fromMenu, keyId, unlock } from './support/page.mjs'
import { ANSWER_TEXT, startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'
import { until } from './support/until.mjs'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const PASSPHRASE = 'violet tractor hums quietly at noon'

let demo
let browser

before(async () => {
  demo = await startDemo()
  browser = await openChromium({ args: [WHOLE_STRINGS] })
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

async function visit(context, url) {
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(url)
  return page
}

/** The first version is in place, or a later one waits. */
const isKept = (page) => page.evaluate(async () => void (await navigator.serviceWorker.ready))

async function addDemoKey(page, label) {
  await beginKey(page, 'demo', { key: DEMO_KEY, label })
  await page.click(at('save'))
  return keyId(page, label)
}

describe('without a server', () => {
  let context
  let noted
  let url

  before(async () => {
    const site = await startSite({ config: demoConfig(demo) })
    url = site.url
    context = await browser.newContext()
    noted = await watch(context)
    const page = await visit(context, url)
    await createOwn(page, PASSPHRASE)
    await addDemoKey(page, 'Before')
    await isKept(page)
    await page.close()
    await site.stop()
  })
  after(() => context?.close())

  test('the page opens, unlocks, and manages keys, parts that were never loaded included', async () => {
    const page = await visit(context, url)
    await unlock(page, PASSPHRASE)
    const id = await keyId(page, 'Before')
    await fromMenu(page, id, 'rename')
    await page.fill('#new-label', 'After')
    await page.click(at('rename-save'))
    assert.equal(await keyId(page, 'After'), id)
    await page.click(at('nav-security'))
    await page.waitForSelector(at('ways'))
    await page.click(at('lock'))
    await unlock(page, PASSPHRASE)
    assert.equal(await keyId(page, 'After'), id)
    await page.click(at('nav-usage'))
    await page.waitForSelector(`${at('usage-totals')}, ${at('usage-empty')}`)
    assert.deepEqual(noted.wrongs, [])
    await page.close()
  })

  test("what is kept is exactly the site's files, the headers of each among them", async () => {
    const page = await visit(context, url)
    const kept = await page.evaluate(async () => {
      const names = await caches.keys()
      const all = await Promise.all(
        names.map(async (name) => {
          const cache = await caches.open(name)
          return Promise.all((await cache.keys()).map(async (key) => [key.url, await cache.match(key)]))
        }),
      )
      return {
        names,
        files: all.flat().map(([key, answer]) => [key, answer.headers.get('content-security-policy')]),
      }
    })
    assert.deepEqual(kept.names.map((name) => name.replace(/\w+$/, '')).sort(), ['keyhold-kept-', 'keyhold-used-'])
    const { files } = JSON.parse(await readFile(`${dist}/integrity.json`, 'utf8'))
    const expected = Object.keys(files).filter((name) => name !== 'service-worker.js')
    assert.deepEqual(kept.files.map(([key]) => key).sort(), expected.map((name) => url + name).sort())
    const worker = kept.files.find(([key]) => key.includes('vault-worker'))
    assert.match(worker[1], /connect-src 'self' https:\/\/api\.anthropic\.com/)
    await page.close()
  })

  test('a site of which one file is not as it was built is not kept at all, and works', async () => {
    const altered = await startTestSite({}, '', { 'theme.js': '// Another theme.' })
    const stranger = await browser.newContext()
    try {
      const [page] = await Promise.all([visit(stranger, altered.url), stranger.waitForEvent('serviceworker')])
      await page.waitForSelector(at('welcome'))
      await until(page, async () => {
        const registration = await navigator.serviceWorker.getRegistration()
        return registration === undefined && (await caches.keys()).length === 0
      })
    } finally {
      await stranger.close()
      await altered.stop()
    }
  })

  test('control: a browser that was never there sees nothing', async () => {
    const stranger = await browser.newContext()
    await assert.rejects(visit(stranger, url), /ERR_CONNECTION_REFUSED/)
    await stranger.close()
  })
})

describe('a new version', () => {
  let next
  let site
  let context
  let noted

  before(async () => {
    next = await buildCopy({
      alter: (folder) => appendFile(`${folder}/web/src/page/session.ts`, '\n// The next version.\n'),
    })
    next.version = await buildOf(next.dist)
  })
  after(() => next?.remove())

  /** A site of this build, a vault in it, and then the next build in its place. */
  async function withUpdate(use) {
    const config = demoConfig(demo)
    site = await startSite({ config, dist })
    context = await browser.newContext()
    try {
      noted = await watch(context)
      const page = await visit(context, site.url)
      await createOwn(page, PASSPHRASE)
      await isKept(page)
      // The first visit is not yet answered by the service worker.
      await page.click(at('lock'))
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(at('keys'))
      const build = await versionOf(page)
      const { port } = site
      await site.stop()
      site = await startSite({ port, config, dist: next.dist })
      await page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration()).update()))
      await page.waitForSelector(at('new-version'))
      await use(page, build)
      assert.deepEqual(noted.wrongs, [])
    } finally {
      await context.close()
      await site.stop()
    }
  }

  /** The first digits of the build's name, as the page shows it. */
  async function buildOf(folder) {
    const assets = `${folder}/assets/`
    const worker = (await readdir(assets)).find((name) => /^vault-worker-.*\.js$/.test(name))
    return /[`'"]([0-9a-f]{16})[`'"]/.exec(await readFile(assets + worker, 'utf8'))[1].slice(0, 8)
  }

  const versionOf = (page) => page.getByText(/^Keyhold [\d.]+, build \w+$/).textContent()

  test('is announced and interrupts nothing; on a click the vault is locked and the new version there', async () => {
    await withUpdate(async (page, build) => {
      // Parts of the version that is open come from what is kept: the server has others.
      const [mine, theirs] = [await readdir(`${dist}/assets`), await readdir(`${next.dist}/assets`)]
      assert.ok(!theirs.includes(mine.find((name) => /^keeping-.*\.js$/.test(name))))
      await page.click(at('nav-security'))
      await page.waitForSelector(at('ways'))
      await page.click(at('nav-keys'))
      await addDemoKey(page, 'While it waits')
      const other = await visit(context, site.url)
      await other.waitForSelector(at('keys'))
      assert.equal(await versionOf(other), build, 'beside an open vault a new tab is of the same version')
      await other.waitForSelector(at('new-version'))
      await other.close()
      assert.equal(await versionOf(page), build)

      await page.click(at('update'))
      await page.getByText(next.version).waitFor()
      await page.waitForSelector(at('passphrase'))
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(at('keys'))
      assert.notEqual(await versionOf(page), build)
      assert.equal(await page.locator(at('new-version')).count(), 0)
    })
  })

  test('is taken over by a page that is loaded while the vault is locked, and kept whole', async () => {
    await withUpdate(async (page, build) => {
      await page.click(at('lock'))
      await page.getByText(next.version).waitFor()
      await page.waitForFunction(
        async () => (await caches.keys()).filter((name) => name.startsWith('keyhold-kept-')).length === 2,
      )
      await site.stop()
      await page.reload()
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(at('keys'))
      assert.notEqual(await versionOf(page), build)
    })
  })
})

describe('a call to a provider', () => {
  const key = newMarker()
  /** Runs before the service worker's own code: says on a channel what it is asked, and what it answers. */
  const LISTEN = `{
    const channel = new BroadcastChannel('test-asked')
    self.addEventListener('fetch', (event) => {
      const { respondWith } = event
      let answered = false
      event.respondWith = (...args) => ((answered = true), respondWith.apply(event, args))
      setTimeout(() => channel.postMessage({ url: event.request.url, answered }))
    })
  }`
  const HOARD = `self.addEventListener('fetch', ({ request }) => (self.hoard ??= []).push([...request.headers].join()));`

  /** @returns what the service worker was asked during a call, and its heap afterwards */
  async function called(prelude) {
    const providers = await startProviders()
    const own = await readFile(`${dist}/service-worker.js`, 'utf8')
    const site = await startTestSite({}, '', { 'service-worker.js': `${prelude}\n${own}` })
    const context = await browser.newContext()
    try {
      const page = await visit(context, site.url)
      await page.waitForSelector(at('welcome'))
      await isKept(page)
      await page.goto(`${site.url}driver.html`)
      await page.waitForFunction(() => window.keyhold && navigator.serviceWorker.controller)
      const { text, asked } = await page.evaluate(callWithKey, [
        PASSPHRASE,
        `sk-${key}-0123456789`,
        `http://127.0.0.1:${providers.port}/v1/`,
      ])
      assert.equal(text, ANSWER_TEXT)
      assert.ok(JSON.stringify(providers.requests).includes(key), 'the call went out with the key')
      const kept = await page.evaluate(async () => {
        const all = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))
        return all.flat().map(({ url, headers }) => [url, ...headers].join())
      })
      const heap = await snapshotOfServiceWorker(browser)
      return { asked, kept: kept.join('\n'), heap, provider: `http://127.0.0.1:${providers.port}/`, site: site.url }
    } finally {
      await context.close()
      await site.stop()
      await providers.stop()
    }
  }

  test('is passed by, unread: neither its heap nor what it keeps has the key', async () => {
    const { asked, heap, kept, provider, site } = await called(LISTEN)
    const ofProvider = asked.filter(({ url }) => url.startsWith(provider))
    assert.ok(ofProvider.length > 0, 'it was asked')
    assert.ok(ofProvider.every(({ answered }) => !answered))
    assert.ok(
      asked.some(({ url, answered }) => answered && url.startsWith(site)),
      'control: it answers for the site',
    )
    assert.ok(!heap.includes(key))
    assert.ok(!kept.includes(key))
    assert.ok(kept.includes(`${site}index.html`) && !kept.includes(provider))
  })

  test('control: one that reads what it is asked has the key in its heap', async () => {
    const found = await called(LISTEN + HOARD)
    assert.ok(found.heap.includes(key))
  })
})

/** Runs in the page. */
async function callWithKey([passphrase, secret, base]) {
  const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
  const asked = []
  new BroadcastChannel('test-asked').addEventListener('message', ({ data }) => asked.push(data))
  const engine = await KeyholdEngine.connect()
  await engine.create(passphraseBytes(passphrase))
  const { id: provider } = await engine.addEndpoint('Own', base)
  const { key } = await engine.add({ provider, label: 'One', secret: keyBytes(secret) })
  let text = ''
  for await (const part of engine.chat({
    key: key.id,
    model: 'model-1',
    messages: [{ role: 'user', text: 'A line.' }],
  }))
    if (part.type === 'text') text += part.text
  await fetch('./theme.js')
  await new Promise((resolve) => setTimeout(resolve, 300))
  return { text, asked }
}
