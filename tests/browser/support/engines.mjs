// engines: Chromium, Firefox and WebKit, each by its own driver, behind one set of words.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from 'puppeteer-core'
import { Builder, By, Capabilities, until } from 'selenium-webdriver'
import { onPath, openChromium, openDefended, watch } from './chromium.mjs'

const WAIT_MS = 30_000
const SCRIPT_MS = 240_000
const MINI_BROWSERS = ['4.1', '4.0'].flatMap((version) =>
  ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-${version}/MiniBrowser`),
)

/**
 * @typedef {object} Engine
 * @property {string} name
 * @property {string} version
 * @property {boolean} secondWindowHasFocus when it was opened last
 * @property {(url: string) => Promise<void>} open
 * @property {(selector: string) => Promise<unknown>} see waits until it is visible, as do the next two
 * @property {(selector: string) => Promise<void>} click
 * @property {(selector: string, text: string) => Promise<void>} type
 * @property {(selector: string) => Promise<string>} text
 * @property {<T>(work: (...args: unknown[]) => T, ...args: unknown[]) => Promise<Awaited<T>>} run in the page; several at once
 * @property {(frame: string, work: (...args: unknown[]) => unknown, ...args: unknown[]) => Promise<unknown>} runIn in a frame
 * @property {(frame: string, button: string, use: (opened: Opened) => Promise<void>) => Promise<void>} popup
 *   that a click in a frame opens
 * @property {(origin: string, name: string, state: 'granted' | 'denied' | 'prompt') => Promise<void>} [permit]
 * @property {() => string[]} wrongs console errors and policy violations of pages, where the driver tells of them
 * @property {() => Promise<void>} close
 */

/** @typedef {Pick<Engine, 'see' | 'click' | 'type' | 'text' | 'run'> & { look(): Promise<void> }} Opened `look`: moves the pointer */

/**
 * @typedef {object} Options
 * @property {number} [proxy] port of an HTTP proxy for every host but this computer; certificates are not looked at then
 * @property {string[]} [chromiumArgs]
 * @property {boolean} [defended] storage apart for each site that embeds, as browsers have it and drivers switch it off
 * @property {Record<string, unknown>} [firefoxPrefs]
 */

/** @type {Record<string, (options?: Options) => Promise<Engine>>} */
export const ENGINES = { Chromium: chromium, Firefox: firefox, WebKit: webkit }

async function chromium({ proxy, chromiumArgs = [], defended = false } = {}) {
  const proxied = proxy === undefined ? [] : [`--proxy-server=127.0.0.1:${proxy}`, '--ignore-certificate-errors']
  const browser = await (defended ? openDefended : openChromium)({ args: [...proxied, ...chromiumArgs] })
  const context = await browser.newContext()
  const noted = await watch(context)
  const page = await context.newPage()
  const wordsOf = (one) => {
    one.setDefaultTimeout(WAIT_MS)
    return {
      see: (selector) => one.waitForSelector(selector),
      click: (selector) => one.click(selector),
      type: (selector, text) => one.type(selector, text),
      text: (selector) => one.textContent(selector),
      run: (work, ...args) => one.evaluate(source(work, args)),
      look: () => moved(one.mouse),
    }
  }
  const inside = async (selector) =>
    (await page.waitForSelector(selector, { state: 'attached', timeout: WAIT_MS })).contentFrame()
  return {
    name: 'Chromium',
    secondWindowHasFocus: true,
    version: browser.version(),
    open: (url) => page.goto(url),
    ...wordsOf(page),
    runIn: async (frame, work, ...args) => (await inside(frame)).evaluate(source(work, args)),
    async popup(frame, button, use) {
      const [opened] = await Promise.all([page.waitForEvent('popup'), (await inside(frame)).click(button)])
      await use(wordsOf(opened))
    },
    async permit(origin, name, setting) {
      const own = await context.newCDPSession(page)
      const { targetInfo } = await own.send('Target.getTargetInfo')
      const all = await browser.newBrowserCDPSession()
      const { browserContextId } = targetInfo
      await all.send('Browser.setPermission', { permission: { name }, setting, origin, browserContextId })
    },
    wrongs: () => noted.wrongs,
    close: () => browser.close(),
  }
}

async function firefox({ proxy, firefoxPrefs = {}, defended = false } = {}) {
  const proxied = {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': proxy,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': proxy,
  }
  const browser = await launch({
    browser: 'firefox',
    executablePath: onPath('firefox-esr'),
    headless: true,
    acceptInsecureCerts: true,
    protocolTimeout: SCRIPT_MS,
    extraPrefsFirefox: {
      ...(proxy === undefined ? {} : proxied),
      // As people have it; the driver lets every site keep everything in one place.
      ...(defended ? { 'network.cookie.cookieBehavior': 5 } : {}),
      ...firefoxPrefs,
    },
  })
  const page = await browser.newPage()
  const wrongs = []
  page.on('console', (message) => message.type() === 'error' && wrongs.push(message.text()))
  page.on('pageerror', (error) => wrongs.push(String(error)))
  const wordsOf = (one) => {
    one.setDefaultTimeout(WAIT_MS)
    const visible = (selector) => one.waitForSelector(selector, { visible: true })
    return {
      see: visible,
      click: async (selector) => (await visible(selector)).click(),
      type: async (selector, text) => (await visible(selector)).type(text),
      text: (selector) => one.$eval(selector, (found) => found.textContent),
      run: (work, ...args) => one.evaluate(source(work, args)),
      look: () => moved(one.mouse),
    }
  }
  const inside = async (selector) => (await page.waitForSelector(selector)).contentFrame()
  return {
    name: 'Firefox',
    secondWindowHasFocus: true,
    version: await browser.version(),
    open: (url) => page.goto(url),
    ...wordsOf(page),
    runIn: async (frame, work, ...args) => (await inside(frame)).evaluate(source(work, args)),
    async popup(frame, button, use) {
      const before = new Set(await browser.pages())
      const found = await (await inside(frame)).waitForSelector(button)
      await found.click()
      const fresh = async () => (await browser.pages()).find((one) => !before.has(one))
      for (const until = Date.now() + WAIT_MS; !(await fresh()) && Date.now() < until;) await pause()
      const opened = await fresh()
      await opened.bringToFront()
      await use(wordsOf(opened))
      await page.bringToFront()
    },
    permit: (origin, name, state) =>
      browser.defaultBrowserContext().setPermission(origin, { permission: { name }, state }),
    wrongs: () => wrongs,
    close: () => browser.close(),
  }
}

async function webkit({ proxy } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-webkit-'))
  const started = []
  const start = (program, args, options = {}) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'], ...options })
    started.push(child)
    return child
  }
  const close = async () => {
    for (const child of started.toReversed()) await end(child)
    await rm(folder, { recursive: true, force: true })
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
    // The driver's own setting for a proxy would speak TLS to it.
    const local = ['localhost', '127.0.0.1'].map((host) => `--ignore-host=${host}`)
    const proxied = proxy === undefined ? [] : [`--proxy=http://127.0.0.1:${proxy}`, ...local, '--ignore-tls-errors']
    const options = { binary: MINI_BROWSERS.find(existsSync), args: ['--automation', ...proxied] }
    const driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}/`)
      .withCapabilities(new Capabilities({ browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options }))
      .build()
    await driver.manage().setTimeouts({ script: SCRIPT_MS })
    const found = (selector) => driver.wait(until.elementLocated(By.css(selector)), WAIT_MS)
    const seen = async (selector) => driver.wait(until.elementIsVisible(await found(selector)), WAIT_MS)
    const words = {
      see: seen,
      async click(selector) {
        const one = await seen(selector)
        // The driver does not scroll to what a person would (WebKitGTK 2.50, measured).
        await driver.executeScript((found) => found.scrollIntoView({ block: 'nearest' }), one)
        await one.click()
      },
      type: async (selector, text) => (await seen(selector)).sendKeys(text),
      text: async (selector) => (await found(selector)).getAttribute('textContent'),
    }
    // A driver is in one window and one frame at a time, and waits for nothing meanwhile.
    const alone = inTurn()
    const alones = Object.entries(words).map(([name, word]) => [name, (...args) => alone(() => word(...args))])
    let last = 0
    const runBy = async (turn, work, args) => {
      const id = ++last
      await turn(() => driver.executeScript(BEGIN(id, source(work, args))))
      for (const until = Date.now() + SCRIPT_MS; Date.now() < until; await pause()) {
        const { value, error } = (await turn(() => driver.executeScript(TAKE(id)))) ?? {}
        if (error !== undefined) throw new Error(error)
        if (value !== undefined) return JSON.parse(value).value
      }
      throw new Error('the page did not answer')
    }
    const within = (enter, use, leave) =>
      alone(async () => {
        await enter()
        try {
          return await use()
        } finally {
          await leave()
        }
      })
    const atOnce = (work) => work()
    const inside = (frame, use) =>
      within(
        async () => driver.switchTo().frame(await found(frame)),
        use,
        () => driver.switchTo().defaultContent(),
      )
    return {
      name: 'WebKit',
      // There is no window manager on this screen.
      secondWindowHasFocus: false,
      version: await driver.executeScript('return navigator.userAgent'),
      open: (url) => alone(() => driver.get(url)),
      ...Object.fromEntries(alones),
      run: (work, ...args) => runBy(alone, work, args),
      runIn: (frame, work, ...args) => inside(frame, () => runBy(atOnce, work, args)),
      async popup(frame, button, use) {
        const own = await alone(() => driver.getWindowHandle())
        await inside(frame, () => words.click(button))
        const fresh = async () => (await driver.getAllWindowHandles()).find((one) => one !== own)
        const opened = await alone(() => driver.wait(fresh, WAIT_MS))
        const look = async () => {
          for (const [x, y] of PLACES) await driver.actions().move({ x, y }).perform()
        }
        await within(
          () => driver.switchTo().window(opened),
          () => use({ ...words, look, run: (work, ...args) => runBy(atOnce, work, args) }),
          () => driver.switchTo().window(own),
        )
      },
      wrongs: () => [],
      close: () =>
        driver
          .quit()
          .catch(() => {})
          .then(close),
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A script for a driver that can wait for one at a time: begun, and its outcome taken later. */
const BEGIN = (id, work) => `globalThis.begun ??= {}
  Promise.resolve(${work}).then((value) => ({ value: JSON.stringify({ value }) }), (error) => ({ error: String(error) }))
    .then((outcome) => { begun[${id}] = outcome })`
const TAKE = (id) => `const outcome = begun[${id}]; delete begun[${id}]; return outcome`

/** Where a pointer goes that is moved. */
const PLACES = [
  [100, 100],
  [140, 120],
]

async function moved(mouse) {
  for (const [x, y] of PLACES) await mouse.move(x, y)
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 30))

/** One after the other. */
function inTurn() {
  let last = Promise.resolve()
  return (work) => {
    const turn = last.then(work)
    last = turn.catch(() => {})
    return turn
  }
}

/** The same text for every driver: none of them carries functions alike. */
function source(work, args) {
  return `(async () => (${work})(...${JSON.stringify(args)}))()`
}

export function freePort() {
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
