// streams: an answer of 10,000 events read through the vault worker, and the same answer fetched by a page itself.
import { createServer } from 'node:http'
import { listen, stop } from '../../scripts/local-server.mjs'
import { openChromium } from '../browser/support/chromium.mjs'
import { startTestSite } from '../browser/support/site.mjs'
import { interleaved } from './timing.mjs'

const EVENTS = 10_000
const ROUNDS = 15
const PASSPHRASE = 'violet tractor hums quietly at noon'
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Max-Age': '600',
}

export async function measureStreams() {
  const { events, pieces } = answer()
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

    const expected = events.reduce((sum, event) => sum + event.length, 0)
    const reader = (page) => async () => {
      await page.bringToFront()
      const { ms, bytes } = await page.evaluate(readAnswer, `${provider.base}chat/completions`)
      if (bytes !== expected) throw new Error(`${bytes} bytes of ${expected} arrived`)
      return ms
    }
    const figures = []
    for (const [name, parts] of Object.entries({ '64 KB pieces': pieces, 'event by event': events })) {
      provider.parts = parts
      const [ours, theirs] = await interleaved([reader(vault), reader(direct)], ROUNDS)
      figures.push({ name: `stream / direct fetch, ${name}`, value: ours / theirs, unit: 'x' })
      figures.push({ name: `10,000 events through the worker, ${name}`, value: ours, unit: 'ms' })
    }
    return figures
  } finally {
    await browser.close()
    await site.stop()
    await provider.stop()
  }
}

/** 10,000 events as OpenAI's chat sends them, about 2 MB; each alone, and as a fast network delivers them. */
function answer() {
  const chunk = (delta, rest = {}) =>
    Buffer.from(
      `data: ${JSON.stringify({
        id: 'chatcmpl-C7mW2bGxkq0n7o3v1xYzA9e5f',
        object: 'chat.completion.chunk',
        created: 1_760_000_000,
        model: 'gpt-5-mini',
        system_fingerprint: 'fp_7c1a2b3d4e',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
        ...rest,
      })}\n\n`,
    )
  const usage = { prompt_tokens: 12, completion_tokens: EVENTS - 3, total_tokens: EVENTS + 9 }
  const events = [
    chunk({ role: 'assistant', content: '' }),
    ...Array.from({ length: EVENTS - 3 }, (_, at) => chunk({ content: ` word${at}` })),
    chunk({}, { choices: [], usage }),
    Buffer.from('data: [DONE]\n\n'),
  ]
  const all = Buffer.concat(events)
  const size = 64 * 1024
  const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.subarray(at * size, (at + 1) * size),
  )
  return { events, pieces }
}

/** Writes `parts`, one write each and as fast as they are taken, to whoever asks; and serves the page that asks itself. */
async function startProvider() {
  const provider = { parts: [] }
  const server = createServer(async (request, response) => {
    request.resume()
    if (request.method === 'OPTIONS') return response.writeHead(204, CORS).end()
    if (request.method === 'GET') return response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>')
    response.socket.setNoDelay(true)
    response.writeHead(200, { ...CORS, 'Content-Type': 'text/event-stream' })
    const closed = new Promise((done) => response.once('close', done))
    for (const part of provider.parts) {
      // Once around the event loop, so that every write leaves by itself.
      if (response.write(part)) await new Promise((done) => setImmediate(done))
      else await Promise.race([closed, new Promise((done) => response.once('drain', done))])
      if (response.destroyed) return
    }
    response.end()
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

/** From asking to the last byte. */
async function readAnswer(url) {
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
  const reader = response.body.getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length
  return { ms: performance.now() - started, bytes }
}
