// frame: what a hostile page does to the vault's frame and window in Chromium: reads them, listens in, passes itself off as the
// window, comes from where it may not. What the browser forbids has its control in a vault on the page's own origin; what the
// frame forbids, in a build of the vault without that.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { formsIn, newMarker } from '../browser/support/canary.mjs'
import { allow, connectHost, frameOf, HOST, openWindow, startEmbedding, VAULT } from '../browser/support/embed.mjs'
import { buildCopy } from '../web/support/web-build.mjs'
import { ask, giveKey, granted, PROVIDER, setUp, siteOf } from './support/host.mjs'
import { startProvider } from './support/provider.mjs'
import { weakenIn } from './support/weaken.mjs'

const LABEL_MARK = newMarker()
const KEY = `sk-${newMarker()}-0123456789`
const PASSPHRASE = 'violet tractor hums quietly at noon'
const OTHER = 'https://other.example'
/** Who may embed, as a site's list of embedders has it. */
const EMBEDDERS = [HOST, 'https://outer.example', 'https://inner.example']
/** The frame serves whoever says that it is the window, and hands the page what the window says. */
const TRUSTING = {
  'src/frame/door.ts': [
    [
      'if (isExactly(data, HOST_HELLO)) this.#greet(origin, port)\n',
      'if (isExactly(data, HOST_HELLO)) this.#greet(origin, port)\n      else if (isExactly(data, WINDOW_PORT)) this.onPort(null, port)\n',
    ],
    [
      "return (ancestors === null ? parent !== top : ancestors > 1) ? 'nested' : null",
      'void [ancestors, parent, top]; return null',
    ],
  ],
}
const PAGES = {
  'chat.example/embeds-itself': {
    headers: { 'Content-Security-Policy': "script-src 'self'; frame-src 'self'" },
  },
  'outer.example/': {
    html: `<!doctype html><title>outer</title><iframe src="https://inner.example/"></iframe>`,
    headers: { 'Content-Security-Policy': 'frame-src https://inner.example' },
  },
}

let provider
let world
before(async () => {
  provider = await startProvider()
  const alterPolicy = (policy) =>
    policy.replace(/frame-ancestors https:[^;]*/, `frame-ancestors ${EMBEDDERS.join(' ')}`)
  world = await startEmbedding({ config: siteOf(provider), pages: PAGES, alterPolicy })
})
after(async () => {
  await world?.stop()
  await provider?.stop()
})

async function onHost(use, { url = HOST, on = world } = {}) {
  const context = await on.browser.newContext()
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  try {
    await page.goto(url)
    return await use(page, context)
  } finally {
    await context.close()
  }
}

/** All that a page can read of a frame in it. Runs in the page. */
const readings = (page, selector) =>
  page.evaluate(async (selector) => {
    const element = document.querySelector(selector)
    const read = {}
    const attempt = async (what, use) => {
      try {
        read[what] = String(await use())
      } catch (error) {
        read[what] = error.name
      }
    }
    const frame = element.contentWindow
    await attempt('document', () => frame.document.documentElement.outerHTML)
    await attempt('content', () => element.contentDocument.documentElement.outerHTML)
    await attempt('localStorage', () => JSON.stringify({ ...frame.localStorage }))
    await attempt('sessionStorage', () => JSON.stringify({ ...frame.sessionStorage }))
    await attempt('indexedDB', async () => JSON.stringify(await frame.indexedDB.databases()))
    await attempt('caches', () => frame.caches.keys())
    await attempt('files', () => frame.navigator.storage.getDirectory())
    await attempt('cookie', () => frame.document.cookie)
    await attempt('worker', () => new frame.SharedWorker('x'))
    await attempt('a function of its own', () => frame.eval('1'))
    await attempt('address', () => frame.location.href)
    await attempt('own databases', async () => (await indexedDB.databases()).length)
    return read
  }, selector)

describe("reading the vault's frame", () => {
  test('gives nothing: neither document, storage nor database', async () => {
    await onHost(async (page) => {
      await connectHost(page, { place: true })
      await granted(page, { passphrase: PASSPHRASE, key: KEY })
      await frameOf(page).evaluate((mark) => localStorage.setItem('mark', mark), LABEL_MARK)
      const read = await readings(page, 'iframe')
      const { content, 'own databases': own, ...rest } = read
      assert.deepEqual([content, own], ['TypeError', '0'])
      for (const [what, got] of Object.entries(rest)) assert.equal(got, 'SecurityError', what)
      // Nor by a worker or a database of its own at the vault's address.
      const started = await page.evaluate((url) => {
        try {
          return String(new SharedWorker(url))
        } catch (error) {
          return error.name
        }
      }, `${VAULT}/service-worker.js`)
      assert.match(started, /SecurityError|TypeError/)
    })
  })
  test("control: of a vault on the page's own origin, all of it is read", async () => {
    await onHost(
      async (page) => {
        const framed = await page.evaluate(async () => {
          const frame = document.createElement('iframe')
          frame.src = '/keyhold/frame.html'
          frame.id = 'same'
          document.body.append(frame)
          await new Promise((done) => frame.addEventListener('load', done))
          return frame.contentWindow.location.pathname
        })
        assert.equal(framed, '/keyhold/frame.html')
        const inner = page.frames().find((frame) => frame.url().includes('/keyhold/'))
        await inner.evaluate(async (mark) => {
          localStorage.setItem('mark', mark)
          const opening = indexedDB.open('keyhold-marked')
          await new Promise((done) => opening.addEventListener('success', done))
        }, LABEL_MARK)
        const read = await readings(page, '#same')
        assert.match(read.document, /<button/)
        assert.match(read.indexedDB, /keyhold-marked/)
        assert.deepEqual(formsIn(Buffer.from(read.localStorage), LABEL_MARK), ['raw'])
      },
      { url: `${HOST}/embeds-itself`, on: world },
    )
  })
})

/** How many of the vault's pages a page can put into frames. */
async function framed(page) {
  await page.evaluate(async (vault) => {
    const loads = ['unlock.html', 'index.html', 'callback.html', 'verify.html'].map((name) => {
      const frame = document.createElement('iframe')
      frame.src = `${vault}/${name}`
      document.body.append(frame)
      return new Promise((done) => frame.addEventListener('load', done, { once: true }))
    })
    await Promise.all(loads)
  }, VAULT)
  return page.frames().filter((frame) => frame.url().startsWith(VAULT)).length
}

/** The page says that it is the vault's window, and asks for the keys. */
const forge = (page) =>
  page.evaluate(async (vault) => {
    // The worker runs: an answer would not be long in coming.
    await window.vault.status()
    const frame = document.querySelector('iframe').contentWindow
    const said = []
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', ({ data }) => said.push(data))
    port1.start()
    frame.postMessage({ keyhold: 'window-port', version: 1 }, vault, [port2])
    port1.postMessage({ id: 1, op: 'status' })
    port1.postMessage({ id: 2, op: 'hello', protocol: 1, build: 'x' })
    await new Promise((done) => setTimeout(done, 700))
    return said
  }, VAULT)

const connects = (where) =>
  where.evaluate(
    (url) =>
      Promise.race([
        window.keyhold.connect(url).then(
          () => 'connected',
          ({ code }) => code,
        ),
        // The frame did not load at all: connect() would wait for 15 s.
        new Promise((done) => setTimeout(done, 4_000, 'silence')),
      ]),
    VAULT,
  )
const fromPage = (url, on) =>
  onHost(
    async (page) => {
      await page.waitForFunction(() => window.keyhold)
      return connects(page)
    },
    { url, on },
  )
const fromWithin = async (on) =>
  onHost(
    async (page) => {
      await page.waitForFunction(() => frames.length === 1)
      const inner = page.frames().find((frame) => frame.url().startsWith('https://inner.example'))
      await inner.waitForFunction(() => window.keyhold)
      return connects(inner)
    },
    { url: 'https://outer.example/', on },
  )

describe('passing itself off', () => {
  test("as the vault's window, a page is met with silence, and so is a window that it opened", async () => {
    await onHost(async (page) => {
      await connectHost(page, { place: true })
      assert.deepEqual(await forge(page), [])
      // Also while the true window is open, and from a window of the page's own.
      await ask(page)
      const opened = await openWindow(page)
      assert.deepEqual(await forge(page), [])
      await setUp(opened, PASSPHRASE)
      await giveKey(opened, KEY)
      await allow(opened)
      await page.waitForFunction(() => window.answer === 'granted')
    })
  })
  test('a page within another page is not served', async () => {
    assert.equal(await fromWithin(world), 'ERR_NOT_PERMITTED_BY_SITE')
  })
  test('an origin that is not on the list does not even get the frame; control: one that is, does', async () => {
    assert.equal(await fromPage(OTHER, world), 'silence')
    assert.equal(await fromPage(HOST, world), 'connected')
  })
  test(
    'control: a vault whose frame trusts its page serves it as the window, serves all, and is framed by anybody',
    { timeout: 120_000 },
    async () => {
      const build = await buildCopy({ alter: (folder) => weakenIn(folder, TRUSTING) })
      const alterPolicy = (policy) => policy.replace(/frame-ancestors [^;]*/, 'report-to none')
      const trusting = await startEmbedding({ config: siteOf(provider), pages: PAGES, dist: build.dist, alterPolicy })
      try {
        await onHost(
          async (page) => {
            await connectHost(page, { place: true })
            const said = await forge(page)
            assert.ok(said.length >= 2, JSON.stringify(said))
          },
          { on: trusting },
        )
        assert.equal(await fromPage(OTHER, trusting), 'connected')
        assert.equal(await fromWithin(trusting), 'connected')
        await onHost(async (page) => assert.equal(await framed(page), 4), { on: trusting })
      } finally {
        await trusting.stop()
        await build.remove()
      }
    },
  )
})

describe('listening in', () => {
  test("a page hears its own conversation and the frame's news, and nothing of what the window says", async () => {
    await onHost(async (page) => {
      await page.evaluate(() => {
        window.overheard = []
        const note =
          (where) =>
          ({ data }) =>
            window.overheard.push([where, JSON.stringify(data)])
        addEventListener('message', note('window'))
        for (const name of ['keyhold-lock', 'keyhold-login'])
          new BroadcastChannel(name).addEventListener('message', note(name))
        const real = MessagePort.prototype.addEventListener
        MessagePort.prototype.addEventListener = function (type, listener, ...rest) {
          if (type === 'message') Reflect.apply(real, this, [type, note('port'), ...rest])
          return Reflect.apply(real, this, [type, listener, ...rest])
        }
      })
      await connectHost(page, { place: true })
      await granted(page, { passphrase: PASSPHRASE, key: KEY })
      const heard = await page.evaluate(() => window.overheard)
      assert.ok(
        heard.some(([, data]) => data.includes('"news":"ready"')),
        'control: its own is heard',
      )
      assert.deepEqual(
        heard.filter(([where]) => where !== 'port'),
        [],
      )
      for (const [, data] of heard) {
        const { news, event, ok, value } = JSON.parse(data)
        const access = value === null || value?.state !== undefined || value?.access !== undefined
        assert.ok(news !== undefined || event === 'access' || (ok === true && access), data)
      }
      assert.ok(
        !heard.some(([, data]) => data.includes('"keys"') || (data.includes(PROVIDER) && data.includes('hint'))),
      )
    })
  })
  test('the window and the whole page cannot be put into a frame', async () => {
    await onHost(async (page) => assert.equal(await framed(page), 0))
  })
})
