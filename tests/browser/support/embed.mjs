// embed: a vault and pages that embed it, each at a name of its own, by https, in a Chromium that keeps the defences which
// Playwright switches off: storage apart for each site, and no window without a click.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { openDefended } from './chromium.mjs'
import { certificate } from './providers.mjs'
import { driverInFrames, startTestSite } from './site.mjs'

const keyholdFile = fileURLToPath(new URL('../../../dist/keyhold.js', import.meta.url))
export const VAULT = 'https://vault.example'
export const HOST = 'https://chat.example'
/** In a page with one: the vault's storage of this site as a test fills it, by the engine's client (`keyhold`). */
export const CONTROL = '#control'

const HOST_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

/**
 * The vault and the pages that embed it, by https at names that end in `.example`; no browser yet.
 * @param {object} options
 * @param {object} [options.config] of the vault's site
 * @param {string} [options.prelude] runs in the vault worker before its own code
 * @param {Record<string, { html?: string, js?: string | Uint8Array, headers?: Record<string, string> }>} [options.pages] by
 *   address without its scheme (`chat.example/other`), beside the usual page that every host but the vault's has. Below
 *   `/keyhold/` each has the vault's site, too.
 * @param {(name: string) => string | Uint8Array | undefined} [options.replaced] what the vault's host answers in place of a file
 * @param {Record<string, import('node:http').RequestListener>} [options.hosts] who answers for a name altogether
 * @param {string} [options.dist] another build than the usual one
 * @param {(policy: string) => string} [options.alterPolicy] last word on each of the vault's policies
 */
export async function startHosts(options = {}) {
  const {
    config = {},
    prelude = '',
    pages = {},
    hosts = {},
    replaced = () => undefined,
    dist,
    alterPolicy = same,
  } = options
  const alter = (policy, path) => alterPolicy(driverInFrames(policy, path))
  const site = await startTestSite(config, prelude, {}, alter, dist)
  const keyhold = await readFile(keyholdFile)
  const requests = []
  const server = createServer(certificate(), (incoming, outgoing) => {
    const { host } = incoming.headers
    const { pathname } = new URL(incoming.url, 'https://any')
    requests.push(`${host}${pathname}`)
    if (Object.hasOwn(hosts, host)) return hosts[host](incoming, outgoing)
    if (host === 'vault.example') {
      return forward(incoming, outgoing, site.port, { body: replaced(pathname.slice(1)) })
    }
    if (pathname.startsWith('/keyhold/')) {
      return forward(incoming, outgoing, site.port, { url: pathname.slice('/keyhold'.length) })
    }
    if (pathname === '/keyhold.js') return send(outgoing, 'text/javascript', keyhold)
    const { html = HOST_PAGE, js, headers = {} } = pages[`${host}${pathname}`] ?? {}
    if (js !== undefined) return send(outgoing, 'text/javascript', js)
    if (pathname === '/host.js') return send(outgoing, 'text/javascript', HOST_SCRIPT)
    if (pathname === '/favicon.ico') return outgoing.writeHead(204).end()
    send(outgoing, 'text/html', html, { 'Content-Security-Policy': `${HOST_POLICY}; frame-src ${VAULT}`, ...headers })
  })
  await listen(server, 0)
  return {
    port: server.address().port,
    requests,
    site,
    stop: () => Promise.all([site.stop(), stop(server)]),
  }
}

/**
 * The same in a Chromium that keeps its defences.
 * @param {Parameters<typeof startHosts>[0] & { args?: string[], resolve?: string[] }} [options] `args`: more of the browser's;
 *   `resolve`: more of its rules for names, such as `MAP evil.test 127.0.0.1:1`
 */
export async function startEmbedding({ args = [], resolve = [], ...options } = {}) {
  const { port, requests, site, ...served } = await startHosts(options)
  const names = ['*.example', ...Object.keys(options.hosts ?? {}).filter((name) => !name.endsWith('.example'))]
  const rules = [...resolve, ...names.map((name) => `MAP ${name} 127.0.0.1:${port}`)].join(',')
  const browser = await openDefended({
    args: [`--host-resolver-rules=${rules}`, '--ignore-certificate-errors', ...args],
  })
  return {
    browser,
    requests,
    site,
    async stop() {
      await browser.close()
      await served.stop()
    },
  }
}

/** Nothing of it says where the vault is: the test connects. */
export function hostPage({ body = '', scripts = ['/host.js'] } = {}) {
  const tags = scripts.map((src) => `<script type="module" src="${src}"></script>`).join('')
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Chat</title>${tags}<body><h1>Chat</h1><p id="place"></p>${body}</html>`
}
export const CONTROL_FRAME = `<iframe id="control" src="${VAULT}/driver.html"></iframe>`
const HOST_PAGE = hostPage()
const HOST_SCRIPT = `import * as keyhold from './keyhold.js'; globalThis.keyhold = keyhold; globalThis.blocked = open('about:blank') === null`

const same = (policy) => policy

function send(outgoing, type, body, headers = {}) {
  outgoing.writeHead(200, { 'Content-Type': type, ...headers }).end(body)
}

/**
 * To a server on this machine that answers in the place of another.
 * @param {{ url?: string, body?: string | Uint8Array }} [instead] `body`: of what it has there, only the headers
 */
export function forward(incoming, outgoing, port, { url = incoming.url, body } = {}) {
  const { method } = incoming
  const headers = body === undefined ? incoming.headers : { ...incoming.headers, 'accept-encoding': 'identity' }
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    if (body === undefined) {
      outgoing.writeHead(answer.statusCode, answer.headers)
      return answer.pipe(outgoing)
    }
    answer.resume()
    const { 'content-length': _, ...others } = answer.headers
    outgoing.writeHead(answer.statusCode, others).end(body)
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

/** The frame in which a test fills the vault of this site. */
export async function controlOf(page) {
  const frame = await (await page.waitForSelector(CONTROL, { state: 'attached' })).contentFrame()
  await frame.waitForFunction(() => window.keyhold)
  return frame
}
