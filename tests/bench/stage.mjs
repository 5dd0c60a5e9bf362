// stage: an answer of this machine, the vault's page that asks for it through the worker, and a page that asks by itself.
import { createServer } from 'node:http'
import { listen, stop } from '../../scripts/local-server.mjs'
import { openChromium } from '../browser/support/chromium.mjs'
import { startTestSite } from '../browser/support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': '600',
}

/**
 * @param {(stage: Stage) => Promise<T>} act
 * @typedef {{ browser: object, vault: object, direct: object, provider: object, url(path: string): string }} Stage
 *   `provider.answer`: what it does with a response whose head is sent; `provider.type`: that head's content type.
 */
export async function onStage(act) {
  const provider = await startProvider()
  const site = await startTestSite()
  const browser = await openChromium()
  try {
    const context = await browser.newContext()
    const [vault, direct] = [await context.newPage(), await context.newPage()]
    await direct.goto(provider.pageUrl)
    await vault.goto(`${site.url}driver.html`)
    await vault.waitForFunction(() => globalThis.keyhold)
    await vault.evaluate(openVault, { passphrase: PASSPHRASE, base: provider.base })
    return await act({ browser, vault, direct, provider, url: (path) => provider.base + path })
  } finally {
    await browser.close()
    await site.stop()
    await provider.stop()
  }
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

/** Answers whoever asks; and serves the page that asks itself. */
async function startProvider() {
  const provider = { type: 'text/event-stream', answer: async () => {} }
  const server = createServer(async (request, response) => {
    request.resume()
    if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end()
    if (request.method === 'GET') return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    response.socket.setNoDelay(true)
    response.writeHead(200, { ...CORS, 'Content-Type': provider.type })
    await provider.answer(response)
  })
  await listen(server, 0)
  const { port } = server.address()
  // Another origin than the answer's, as for the vault's page.
  return Object.assign(provider, {
    base: `http://127.0.0.1:${port}/v1/`,
    pageUrl: `http://localhost:${port}/`,
    stop: () => stop(server),
  })
}

// In the pages.

/** Makes a vault whose one key belongs to the provider, and gives the page the vault's fetch. */
async function openVault({ passphrase, base }) {
  const { KeyholdEngine, passphraseBytes, keyBytes } = globalThis.keyhold
  const engine = await KeyholdEngine.connect()
  await engine.create(passphraseBytes(passphrase))
  const { id } = await engine.addEndpoint('Bench', base)
  const secret = keyBytes('sk-bench-0123456789abcdefghijklmnopqrstuvwxyz0123456789')
  await engine.add({ provider: id, label: 'Bench', secret, unchecked: true })
  globalThis.vaultFetch = engine.fetch
}

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
