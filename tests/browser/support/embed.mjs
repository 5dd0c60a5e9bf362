// embed: a vault and pages that embed it, each at a name of its own, by https, in a Chromium that keeps the defences which
// Playwright switches off: storage apart for each site, and no window without a click.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { ARGS, onPath } from './chromium.mjs'
import { certificate } from './providers.mjs'
import { startTestSite } from './site.mjs'

const keyholdFile = fileURLToPath(new URL('../../../dist/keyhold.js', import.meta.url))
export const VAULT = 'https://vault.example'
export const HOST = 'https://chat.example'

const HOST_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

/**
 * @param {object} options
 * @param {object} [options.config] of the vault's site
 * @param {string} [options.prelude] runs in the vault worker before its own code
 * @param {Record<string, { html?: string, js?: string, headers?: Record<string, string> }>} [options.pages] by address without
 *   its scheme (`chat.example/other`), beside the usual page that every host but the vault's has. Below `/keyhold/` each has
 *   the vault's site, too.
 * @param {string} [options.dist] another build than the usual one
 * @param {(policy: string) => string} [options.alterPolicy] last word on each of the vault's policies
 * @param {string[]} [options.args] of the browser
 * @param {string[]} [options.resolve] more of its rules for names, such as `MAP evil.test 127.0.0.1:1`
 */
export async function startEmbedding({
  config = {},
  prelude = '',
  pages = {},
  dist,
  alterPolicy,
  args = [],
  resolve = [],
} = {}) {
  const site = await startTestSite(config, prelude, {}, alterPolicy, dist)
  const keyhold = await readFile(keyholdFile)
  const requests = []
  const server = createServer(certificate(), (incoming, outgoing) => {
    const { host } = incoming.headers
    const { pathname } = new URL(incoming.url, 'https://any')
    requests.push(`${host}${pathname}`)
    if (host === 'vault.example') return forward(incoming, outgoing, site.port)
    if (pathname.startsWith('/keyhold/'))
      return forward(incoming, outgoing, site.port, pathname.slice('/keyhold'.length))
    if (pathname === '/keyhold.js') return send(outgoing, 'text/javascript', keyhold)
    const { html = HOST_PAGE, js, headers = {} } = pages[`${host}${pathname}`] ?? {}
    if (js !== undefined) return send(outgoing, 'text/javascript', js)
    if (pathname === '/host.js') return send(outgoing, 'text/javascript', HOST_SCRIPT)
    if (pathname === '/favicon.ico') return outgoing.writeHead(204).end()
    send(outgoing, 'text/html', html, { 'Content-Security-Policy': `${HOST_POLICY}; frame-src ${VAULT}`, ...headers })
  })
  await listen(server, 0)
  const { port } = server.address()
  const browser = await chromium.launch({
    executablePath: onPath('chromium'),
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    args: [
      ...ARGS,
      `--host-resolver-rules=${[`MAP *.example 127.0.0.1:${port}`, ...resolve].join()}`,
      '--ignore-certificate-errors',
      // The last one counts: with this, what Playwright switches off is on again.
      '--disable-features=Translate',
      ...args,
    ],
  })
  return {
    browser,
    requests,
    site,
    async stop() {
      await browser.close()
      await Promise.all([site.stop(), stop(server)])
    },
  }
}

/** Nothing of it says where the vault is: the test connects. */
const HOST_PAGE =
  '<!doctype html><html lang="en"><title>Chat</title><script type="module" src="/host.js"></script><body><h1>Chat</h1><p id="place"></p></html>'
const HOST_SCRIPT = `import * as keyhold from './keyhold.js'; globalThis.keyhold = keyhold; globalThis.blocked = open('about:blank') === null`

function send(outgoing, type, body, headers = {}) {
  outgoing.writeHead(200, { 'Content-Type': type, ...headers }).end(body)
}

function forward(incoming, outgoing, port, url = incoming.url) {
  const { method, headers } = incoming
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', () => outgoing.destroy())
  incoming.pipe(onward)
}

/** Connects the page's module to the vault; what it hears is in `heard`. */
export async function connectHost(page, { place = false } = {}) {
  await page.waitForFunction(() => window.keyhold)
  await page.evaluate(
    async ([url, place]) => {
      window.heard = []
      window.vault = await window.keyhold.connect(url, place ? { button: document.getElementById('place') } : {})
      for (const event of ['change', 'lock', 'unlock']) window.vault.on(event, () => window.heard.push(event))
    },
    [VAULT, place],
  )
}

export const frameOf = (page) => page.frames().find((frame) => frame.url().startsWith(`${VAULT}/frame.html`))
export const buttonOf = (page) => page.frameLocator('iframe[title=Keyhold]').locator('button')

/** A person presses the button in the frame. @returns the vault's window */
export async function openWindow(page) {
  const [opened] = await Promise.all([page.waitForEvent('popup'), buttonOf(page).click()])
  opened.setDefaultTimeout(20_000)
  await opened.waitForLoadState()
  return opened
}

/** Moves the pointer, as a person does who reads. */
export async function lookAround(opened) {
  await opened.mouse.move(100, 100)
  await opened.mouse.move(140, 120)
}

export async function allow(opened) {
  await opened.waitForSelector('[data-test=consent-dialog][open]')
  await lookAround(opened)
  await opened.click('[data-test=consent-allow]:enabled')
}
