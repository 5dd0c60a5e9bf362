// mortal: a Chromium of our own in a process group of its own, so that all of it can be killed at one moment.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chromium } from 'playwright-core'
import { ARGS, onPath, watch } from './chromium.mjs'

/** @returns {Promise<{ child: object, browser: object, page: object, noted: object }>} on a first page, for kill(). */
export async function start(profile, url) {
  const args = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
  const child = spawn(onPath('chromium'), [...ARGS, ...args], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const address = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const [, found] = /listening on (ws:\S+)/.exec(said) ?? []
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(said)))
  })
  const browser = await chromium.connectOverCDP(address)
  const [context] = browser.contexts()
  const noted = await watch(context)
  const page = await context.newPage()
  await page.goto(url)
  return { child, browser, page, noted }
}

/** Every process of it, without a word. */
export async function kill({ child, browser }) {
  const gone = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await gone
  await browser.close().catch(() => {})
}
