// no-headers: on a host that sends no headers, with `policyInPages`: the page works, and it and its workers are held to its policy
// all the same. Control: without the policy in the page, nothing holds them, and the page says so.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { listen, stop } from '../../scripts/local-server.mjs'
import { sha384 } from '../../web/hosting/integrity.mjs'
import { isGiven, isPage, settingsFiles, workerCodeOf } from '../../web/hosting/settings.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { at, createOwn, unlock } from './support/page.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = (name) => readFileSync(`${root}dist/${name}`)
const PASSPHRASE = 'violet tractor hums quietly at noon'

/** dist/ with these settings, as a host without headers has it. */
async function startBareSite(config) {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-bare-'))
  await cp(`${root}dist`, folder, { recursive: true, filter: (name) => !name.endsWith('.br') })
  const text = JSON.stringify(config)
  await writeFile(join(folder, 'keyhold.config.json'), text)
  const names = Object.keys(JSON.parse(dist('integrity.json').toString()).files).filter(isGiven)
  const { providers: catalogue } = JSON.parse(readFileSync(`${root}wasm/catalogue/providers.json`, 'utf8'))
  const { files } = settingsFiles({
    digests: Object.fromEntries(
      names.map((name) => [name, sha384(name === 'keyhold.config.json' ? text : dist(name))]),
    ),
    config,
    catalogue,
    pages: Object.fromEntries(names.filter(isPage).map((name) => [name, dist(name).toString()])),
    workerCode: workerCodeOf(dist('service-worker.js').toString()),
  })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  const server = createServer(sirv(folder, { dev: true }))
  await listen(server, 0)
  return {
    url: `http://localhost:${server.address().port}/`,
    folder,
    async stop() {
      await stop(server)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

let demo
let held
let bare
let browser
before(async () => {
  demo = await startDemo({ fast: true })
  // With endpoints of one's own any https would be permitted, and nothing could be shown that is not.
  const config = { ...demoConfig(demo), customEndpoints: false }
  held = await startBareSite({ ...config, policyInPages: true })
  bare = await startBareSite(config)
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await Promise.all([held?.stop(), bare?.stop(), demo?.stop()])
})

async function onPage(use) {
  const context = await browser.newContext()
  const noted = await watch(context)
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  try {
    await use(page, noted, context)
  } finally {
    await context.close()
  }
}

describe('on a host without headers', () => {
  test('with its policy in the page it makes a vault, takes a key, streams, locks and unlocks, and breaks no policy', async () => {
    await onPage(async (page, { wrongs }) => {
      await page.goto(held.url)
      await createOwn(page, PASSPHRASE)
      await page.click(at('demo'))
      await page.waitForSelector(`${at('message')}:visible`)
      await page.click(at('send'))
      await page.waitForSelector(`${at('answer-text')}:has-text("demo provider")`)
      assert.equal(await page.isVisible(at('csp-missing')), false)
      await page.click(at('nav-security'))
      await page.waitForSelector(`${at('policy-in-page')}:visible`)
      await page.click(`${at('lock')}:visible`)
      await page.waitForSelector('#passphrase')
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(at('key'))
      assert.deepEqual(wrongs, [])
    })
  })

  test('the vault worker has the policy of its page', async () => {
    await onPage(async (page) => {
      await page.goto(held.url)
      await page.waitForSelector(at('welcome'))
      const workers = page.workers().map((worker) => worker.url())
      assert.ok(workers.length > 0 && workers.every((url) => url.startsWith('blob:')), workers.join())
      const [worker] = page.workers()
      const ask = (url) =>
        worker.evaluate(
          (url) =>
            fetch(url).then(
              () => 'answered',
              ({ message }) => message,
            ),
          url,
        )
      assert.match(await ask('https://stranger.example/'), /Failed to fetch|policy/)
      const broken = await worker.evaluate(async () => {
        const seen = []
        addEventListener('securitypolicyviolation', ({ blockedURI }) => seen.push(blockedURI))
        await fetch('https://stranger.example/').catch(() => {})
        await new Promise((done) => setTimeout(done, 100))
        return seen
      })
      assert.deepEqual(broken, ['https://stranger.example/'])
      assert.equal(await ask(`${demo.base}models`), 'answered', 'control: the demo provider may be asked')
    })
  })

  test('control: without it the page says what is missing, and nothing holds the worker', async () => {
    await onPage(async (page) => {
      await page.goto(bare.url)
      await page.waitForSelector(at('csp-missing'))
      assert.equal(await page.isVisible(at('policy-in-page')), false)
    })
  })

  test('every page has the policy before anything else of it, and the list of files is of these pages', async () => {
    const { files } = JSON.parse(await readFile(join(held.folder, 'integrity.json'), 'utf8'))
    const pages = (await readdir(held.folder)).filter(isPage)
    assert.ok(pages.length >= 5)
    for (const name of pages) {
      const html = await readFile(join(held.folder, name), 'utf8')
      assert.match(
        html,
        /<head>\s*<meta charset="utf-8" \/><meta http-equiv="Content-Security-Policy" content="default-src 'none'; /,
      )
      assert.doesNotMatch(html, /frame-ancestors/)
      assert.equal(files[name], sha384(html))
    }
  })
})
