// app-key-page: what a person sees of the app's key: an answer before any key or vault, the quota going down, and the same question
// asked again with a key of their own. With the server that is started with the demo.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { demoConfig, MODELS, startDemo } from '../../scripts/demo.mjs'
import { startDemoServer } from '../../scripts/demo-server.mjs'
import { startSite } from '../../scripts/serve.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { at } from './support/page.mjs'

const PROGRAM = fileURLToPath(new URL('../../build/server-checked/server/keyhold-server', import.meta.url))
const PASSPHRASE = 'violet tractor hums quietly at noon'
/** More than the demo's plan pays for. */
const MOST_QUESTIONS = 20

const folder = mkdtempSync(join(tmpdir(), 'keyhold-app-'))
let demo
let app
let site
let browser

before(async () => {
  demo = await startDemo({ fast: true })
  const port = await freePort()
  app = await startDemoServer({
    port: 0,
    origins: [`http://localhost:${port}`],
    addKeyUrl: `http://localhost:${port}/`,
    demo,
    models: MODELS,
    program: PROGRAM,
    folder: join(folder, 'server'),
  })
  site = await startSite({ port, config: demoConfig(demo, app.url), token: app.token })
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await app?.stop()
  await demo?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The site's address has to be known to the server before there is a site. */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function open() {
  const context = await browser.newContext()
  const noted = await watch(context)
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(site.url)
  return { context, page, noted }
}
async function makeVault(page) {
  await page.click(at('choose-own'))
  await page.fill('#own-passphrase', PASSPHRASE)
  await page.fill('#own-repeat', PASSPHRASE)
  await page.click(`${at('create')}:enabled:visible`)
}
const left = async (page) => Number(/^\$([\d.]+) of/.exec(await page.textContent(at('quota-left')))[1])
async function ask(page, text) {
  const answered = await page.locator(at('answer')).count()
  await page.fill(at('message'), text)
  await page.click(at('send'))
  await page.waitForSelector(`${at('send')}:visible`)
  await page.waitForFunction((count) => document.querySelectorAll('[data-test=answer]').length > count, answered)
}

test('no key, no vault: an answer, and the quota goes down until it is gone; with a key the question is asked again', async () => {
  const { context, page, noted } = await open()
  await page.click(at('try'))
  await page.waitForSelector(`${at('quota')}:visible`)
  const whole = await left(page)
  await ask(page, 'Hello')
  await page.waitForSelector(at('paid-by'))
  assert.equal(await page.textContent(at('paid-by')), "this app's key")
  assert.equal(await page.textContent(at('cost')), 'from your quota')
  await page.waitForFunction(
    (before) => !document.querySelector('[data-test=quota-left]').textContent.startsWith(`$${before} of`),
    String(whole),
  )
  assert.ok((await left(page)) < whole)

  let asked = 1
  while ((await page.locator(at('own-key')).count()) === 0 && asked < MOST_QUESTIONS) {
    asked += 1
    await ask(page, `Why is a key safe? ${asked}`)
    await page.waitForSelector(`${at('send')}:visible`)
  }
  assert.ok(asked >= 3, 'a person has time to see it run out')
  const words = await page.textContent(at('answer-problem'))
  assert.match(words, /quota of this app's own key is used up/)
  assert.match(words, /Add your own API key for unlimited access/)
  const questions = await page.locator(at('question')).count()
  const byApp = demo.seen.filter(({ method }) => method === 'POST').length

  await page.click(`${at('own-key')}:visible`)
  await page.waitForSelector(at('key-next'))
  await makeVault(page)
  await page.waitForSelector(`${at('key-dialog')}[open]`)
  await page.click(at('use-demo-key'))
  await page.click(at('save'))
  await page.waitForSelector(at('playground'))
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[data-test=paid-by]')].at(-1)?.textContent.startsWith('your key'),
  )
  // Once: the refused question, and no other.
  assert.equal(await page.locator(at('question')).count(), questions)
  assert.equal(await page.locator(at('answer-problem')).count(), 0)
  await page.waitForTimeout(500)
  const posts = demo.seen.filter(({ method, path }) => method === 'POST' && path === '/v1/chat/completions')
  assert.equal(posts.length, byApp + 1)
  assert.equal(posts.at(-1).origin, new URL(site.url).origin)
  assert.deepEqual(
    noted.wrongs.filter((one) => one.startsWith('policy:')),
    [],
  )
  await context.close()
})

test('the account: plan, plans, and when the app’s key is used, which lasts', async () => {
  const { context, page } = await open()
  await makeVault(page)
  await page.waitForSelector(at('keys'))
  await page.click(at('nav-account'))
  await page.waitForSelector(at('plan-try'))
  assert.match(await page.textContent(at('plan-try')), /Your plan/)
  assert.match(await page.textContent(at('plan-pro')), /\$10\.00 a month/)
  await page.selectOption(at('use-demo'), 'never')
  await page.getByText('Noted for Demo provider.').waitFor()
  await page.click(at('nav-keys'))
  await page.click(at('nav-account'))
  await page.waitForSelector(at('use-demo'))
  await page.waitForFunction(() => document.querySelector('[data-test=use-demo]').value === 'never')
  await context.close()
})

test('a server that is not there: the page is as one without, and says so where it is asked', async () => {
  const nobody = await freePort()
  const alone = await startSite({
    config: demoConfig(demo, `http://127.0.0.1:${nobody}/`),
    token: () => Promise.resolve('x'),
  })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(alone.url)
  await page.waitForSelector(at('word'))
  assert.equal(await page.locator(at('try-app')).count(), 0)
  await makeVault(page)
  await page.waitForSelector(at('keys'))
  await page.click(at('nav-account'))
  await page.waitForSelector(at('account-unknown'))
  await context.close()
  await alone.stop()
})
