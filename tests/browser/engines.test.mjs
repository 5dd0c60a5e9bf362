// engines: the core journey in each of the three engines: a vault is made, a key sealed in it, the page closed, the vault
// opened again, one answer streamed. Each engine by its own driver, nothing but the page's own buttons.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch } from 'puppeteer-core'
import { Builder, By, Capabilities, until } from 'selenium-webdriver'
import { DEMO_KEY, demoConfig, startDemo } from '../../scripts/demo.mjs'
import { onPath, openChromium, watch } from './support/chromium.mjs'
import { at } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const WAIT_MS = 30_000
const MINI_BROWSERS = ['4.1', '4.0'].flatMap((version) =>
  ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-${version}/MiniBrowser`),
)

let demo
let site

before(async () => {
  demo = await startDemo({ fast: true })
  site = await startTestSite(demoConfig(demo))
})
after(async () => {
  await site?.stop()
  await demo?.stop()
})

test('Chromium', { timeout: 180_000 }, async () => {
  const browser = await openChromium()
  try {
    const context = await browser.newContext()
    const noted = await watch(context)
    const page = await context.newPage()
    page.setDefaultTimeout(WAIT_MS)
    console.log(`Chromium: ${browser.version()}`)
    await coreJourney({
      open: (url) => page.goto(url),
      see: (selector) => page.waitForSelector(selector),
      click: (selector) => page.click(selector),
      type: (selector, text) => page.type(selector, text),
      text: (selector) => page.textContent(selector),
      run: (source) => page.evaluate(source),
    })
    assert.deepEqual(noted.wrongs, [])
  } finally {
    await browser.close()
  }
})

test('Firefox', { timeout: 180_000 }, async () => {
  const browser = await launch({
    browser: 'firefox',
    executablePath: onPath('firefox-esr'),
    headless: true,
  })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(WAIT_MS)
    const wrongs = []
    page.on('console', (message) => message.type() === 'error' && wrongs.push(message.text()))
    page.on('pageerror', (error) => wrongs.push(String(error)))
    console.log(`Firefox: ${await browser.version()}`)
    await coreJourney({
      open: (url) => page.goto(url),
      see: (selector) => page.waitForSelector(selector, { visible: true }),
      click: async (selector) => (await page.waitForSelector(selector, { visible: true })).click(),
      type: async (selector, text) => (await page.waitForSelector(selector, { visible: true })).type(text),
      text: (selector) => page.$eval(selector, (one) => one.textContent),
      run: (source) => page.evaluate(source),
    })
    assert.deepEqual(wrongs, [])
  } finally {
    await browser.close()
  }
})

test('WebKit', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-webkit-'))
  const started = []
  const start = (program, args, options = {}) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], ...options })
    started.push(child)
    return child
  }
  try {
    const screen = start(onPath('Xvfb'), ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'])
    const [number] = await once(screen.stdio[3], 'data')
    const port = await freePort()
    start(onPath('WebKitWebDriver'), [`--port=${port}`, '--host=127.0.0.1'], {
      detached: true,
      env: { ...process.env, DISPLAY: `:${number.toString().trim()}`, XDG_DATA_HOME: folder, XDG_CACHE_HOME: folder },
    })
    await answering(port)
    const driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}/`)
      .withCapabilities(
        new Capabilities({
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': { binary: MINI_BROWSERS.find(existsSync), args: ['--automation'] },
        }),
      )
      .build()
    try {
      const found = (selector) => driver.wait(until.elementLocated(By.css(selector)), WAIT_MS)
      const seen = async (selector) => driver.wait(until.elementIsVisible(await found(selector)), WAIT_MS)
      console.log(`WebKit: ${await driver.executeScript('return navigator.userAgent')}`)
      await coreJourney({
        open: (url) => driver.get(url),
        see: seen,
        click: async (selector) => (await seen(selector)).click(),
        type: async (selector, text) => (await seen(selector)).sendKeys(text),
        text: async (selector) => (await found(selector)).getAttribute('textContent'),
        run: (source) => driver.executeScript(`return ${source}`),
      })
    } finally {
      await driver.quit().catch(() => {})
    }
  } finally {
    for (const child of started.toReversed()) await end(child)
    await rm(folder, { recursive: true, force: true })
  }
})

test('no policy was broken in any', () => {
  assert.deepEqual(site.broken(), [])
})

/** What every engine must be able to do. `see` and what builds on it wait until the element is visible. */
async function coreJourney({ open, see, click, type, text, run }) {
  const begun = performance.now()
  const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`
  await open(site.url)
  await click(at('choose-own'))
  await type('#own-passphrase', PASSPHRASE)
  await type('#own-repeat', PASSPHRASE)
  await click(`${at('create')}:enabled`)
  await click(at('offer-skip'))
  await click(at('endpoint-card'))
  console.log(`  vault made after ${since()}`)
  await click(at('dialog-back'))
  await click(`${at('provider-option')}[data-provider=demo]`)
  await type(at('key-field'), DEMO_KEY)
  await click(at('save'))
  await see(at('key'))
  console.log(`  key sealed after ${since()}`)
  assert.match(await text(at('check-outcome')), /Works/)
  assert.equal(await run('document.body.textContent.includes("demo-key-for")'), false)

  // Leaving the page need not lock: these engines keep a page that was left, and the worker with it, for a while.
  await click(at('lock'))
  await see('#passphrase')
  await open(site.url)
  await type('#passphrase', PASSPHRASE)
  await click(at('unlock'))
  await see(at('key'))
  console.log(`  opened again after ${since()}`)

  await click(at('try'))
  await click(`${at('opener')}:enabled`)
  await see(at('tokens-in'))
  assert.match(await text(at('answer-text')), /key|demo/i)
  assert.match(await text(at('tokens-out')), /^[1-9]\d*$/)
  console.log(`  answered after ${since()}`)
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function answering(port) {
  for (const until = Date.now() + WAIT_MS; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const answer = await fetch(`http://127.0.0.1:${port}/status`).catch(() => null)
    if (answer?.ok) return
    if (Date.now() > until) throw new Error('WebKitWebDriver does not answer')
  }
}

/** A driver's browser is of its group, and ends with it. */
async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  try {
    process.kill(child.spawnargs[0].includes('WebDriver') ? -child.pid : child.pid, 'SIGTERM')
  } catch {
    return
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(limit)
}
