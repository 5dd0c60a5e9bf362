// stage: an answer of this machine, a page that asks for it through the vault's worker, and a page that asks by itself. The
// first is the vault's own, or one of another site, which asks through the vault's frame.
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { listen, stop } from '../../scripts/local-server.mjs'
import { openDefended } from '../browser/support/chromium.mjs'
import { allowAsked, fillVault } from '../browser/support/fill-vault.mjs'
import { certificate } from '../browser/support/providers.mjs'
import { driverInFrames, startTestSite } from '../browser/support/site.mjs'

const SECRET = 'sk-bench-0123456789abcdefghijklmnopqrstuvwxyz0123456789'
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': '600',
}

/** How a page comes to the vault. */
export const DOORS = { page: openOwn, frame: openEmbedded }

/**
 * @param {(stage: Stage) => Promise<T>} act
 * @param {object} [options]
 * @param {keyof DOORS} [options.door]
 * @param {boolean} [options.http2] as providers speak it: as many answers at once as are asked for
 * @typedef {{ browser: object, vault: object, direct: object, provider: object, url(path: string): string }} Stage
 *   `provider.answer`: what it does with a response whose head is sent; `provider.type`: that head's content type.
 */
export async function onStage(act, { door = 'page', http2 = false } = {}) {
  const provider = await startProvider(http2)
  const pages = await startPages()
  const site = await startTestSite({}, '', {}, driverInFrames)
  const browser = await openDefended({ args: ['--ignore-certificate-errors'] })
  try {
    const context = await browser.newContext()
    const [vault, direct] = [await context.newPage(), await context.newPage()]
    await direct.goto(pages.url)
    await DOORS[door](vault, { site, host: pages.url, base: provider.base })
    return await act({ browser, vault, direct, provider, url: (path) => provider.base + path })
  } finally {
    await browser.close()
    await Promise.all([site.stop(), pages.stop(), provider.stop()])
  }
}

const endpoints = (base) => [{ name: 'Bench', base, secret: SECRET }]

async function openOwn(page, { site, base }) {
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => globalThis.keyhold)
  await page.evaluate(fillVault, { endpoints: endpoints(base) })
  await page.evaluate(() => {
    globalThis.vaultFetch = globalThis.engine.fetch
  })
}

async function openEmbedded(page, { site, host, base }) {
  await page.goto(host)
  await page.evaluate(async (vault) => {
    const { connect } = await import(`${vault}keyhold.js`)
    globalThis.vault = await connect(vault)
    globalThis.vaultFetch = globalThis.vault.fetch
    const control = Object.assign(document.createElement('iframe'), { id: 'control', src: `${vault}driver.html` })
    document.body.append(control)
  }, site.url)
  const control = await (await page.waitForSelector('#control')).contentFrame()
  await control.waitForFunction(() => globalThis.keyhold)
  await control.evaluate(fillVault, { endpoints: endpoints(base) })
  const id = await control.evaluate(() => globalThis.endpoint)
  const granted = page.evaluate((id) => globalThis.vault.requestAccess({ providers: [id], scopes: ['audio'] }), id)
  await control.evaluate(allowAsked)
  if ((await granted).state !== 'granted') throw new Error('the page may not ask')
}

/** Writes as fast as it is taken. */
export async function writeAll(response, parts) {
  const closed = new Promise((done) => response.once('close', done))
  for (const part of parts) {
    // Once around the event loop, so that every write leaves by itself.
    if (response.write(part)) await new Promise((done) => setImmediate(done))
    else await Promise.race([closed, new Promise((done) => response.once('drain', done))])
    if (response.destroyed) return
  }
  response.end()
}

async function startProvider(http2) {
  const provider = { type: 'text/event-stream', answer: async () => {} }
  const answer = async (request, response) => {
    request.resume()
    if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end()
    if (!http2) response.socket.setNoDelay(true)
    response.writeHead(200, { ...CORS, 'Content-Type': provider.type })
    await provider.answer(response)
  }
  const server = http2 ? createSecureServer(certificate(), answer) : createServer(answer)
  const sessions = new Set()
  server.on('session', (session) => sessions.add(session))
  await listen(server, 0)
  const { port } = server.address()
  return Object.assign(provider, {
    base: `${http2 ? 'https' : 'http'}://127.0.0.1:${port}/v1/`,
    async stop() {
      for (const session of sessions) session.destroy()
      await (http2 ? new Promise((done) => server.close(done)) : stop(server))
    },
  })
}

/** A page that is empty, of another origin than the answer's and another site than the vault's. */
async function startPages() {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><body>'),
  )
  await listen(server, 0)
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => stop(server) }
}

// In the pages.

/** From asking to the head, the first piece of the body and the last byte. `pauseMs`: after each piece. */
export async function readAnswer({ url, pauseMs = 0 }) {
  const ask = globalThis.vaultFetch ?? fetch
  const headers = {
    'Content-Type': 'application/json',
    ...(globalThis.vaultFetch ? {} : { Authorization: 'Bearer sk-x' }),
  }
  const started = performance.now()
  // Usage is asked for: where it is not, the vault asks and takes its event out again, and less would arrive.
  const body = '{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}'
  const response = await ask(url, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(await response.text())
  let bytes = 0
  let firstMs = null
  const reader = response.body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    firstMs ??= performance.now() - started
    bytes += part.value.length
    if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs))
  }
  return { ms: performance.now() - started, firstMs, bytes }
}
