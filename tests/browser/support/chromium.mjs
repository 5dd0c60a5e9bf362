// chromium: starts the system's Chromium for a test, and keeps what goes wrong in its pages and workers.
import { execFileSync } from 'node:child_process'
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

export function openChromium({ args = [] } = {}) {
  return chromium.launch({ executablePath: onPath('chromium'), args: [...ARGS, ...args] })
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
