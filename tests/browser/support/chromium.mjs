// chromium: starts the system's Chromium for a test, and keeps what goes wrong in its pages and workers.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

export const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Where a program is, as the shell finds it. */
export function onPath(program) {
  return execFileSync('sh', ['-c', `command -v ${program}`])
    .toString()
    .trim()
}

export function openChromium({ args = [], ...options } = {}) {
  return chromium.launch({ executablePath: onPath('chromium'), args: [...ARGS, ...args], ...options })
}

/** With the defences that Playwright switches off: storage apart for each site, and no window without a click. */
export function openDefended({ args = [] } = {}) {
  return openChromium({
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    // The last one counts: with this, what Playwright switches off is on again.
    args: [...args, '--disable-features=Translate'],
  })
}

/**
 * As a person has it: Playwright's own start switches off that pages sleep and that timers wait, and tells every page that
 * it is looked at. All pages share the one context.
 * @returns {Promise<{ context: import('playwright-core').BrowserContext, close(): Promise<void> }>}
 */
export async function openPlain() {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-plain-'))
  const args = [...ARGS, '--headless=new', '--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank']
  const child = spawn(onPath('chromium'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const close = async () => {
    const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null
    child.kill()
    await ended
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const url = await new Promise((resolve, reject) => {
      let said = ''
      child.stderr.on('data', (chunk) => {
        said += chunk
        const found = /DevTools listening on (ws:\S+)/.exec(said)
        if (found) resolve(found[1])
      })
      child.on('exit', () => reject(new Error(said)))
    })
    const browser = await chromium.connectOverCDP(url, { noDefaults: true })
    return { context: browser.contexts()[0], close: () => browser.close().then(close) }
  } catch (error) {
    await close()
    throw error
  }
}

/** With a profile that stays on disk. @returns {Promise<import('playwright-core').BrowserContext>} */
export function openProfile(folder, { args = [], ...options } = {}) {
  return chromium.launchPersistentContext(folder, {
    executablePath: onPath('chromium'),
    args: [...ARGS, ...args],
    ...options,
  })
}

/**
 * Notes every policy violation, console error or warning, and uncaught error of the context's pages. What a shared
 * worker breaks is reported to the site (site.mjs): a debugger on one that ends brings Chromium 156 down (measured).
 * @returns {Promise<{ wrongs: string[], all: string[] }>} `all` also holds what was said without being wrong.
 */
export async function watch(context) {
  const noted = { wrongs: [], all: [] }
  const note = (level, text) => {
    noted.all.push(text)
    if (['error', 'warning'].includes(level)) noted.wrongs.push(text)
  }
  await context.exposeFunction('policyBroken', (what) => note('error', `policy: ${what}`))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.policyBroken(`${event.violatedDirective} ${event.blockedURI}`),
    )
  })
  const watchPage = (page) => {
    page.on('console', (message) => note(message.type(), message.text()))
    page.on('pageerror', (error) => note('error', String(error.stack ?? error)))
  }
  context.pages().forEach(watchPage)
  context.on('page', watchPage)
  return noted
}
