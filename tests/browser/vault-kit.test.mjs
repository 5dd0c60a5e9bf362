// vault-kit: the whole kit of hostile vaults and backups in Chromium, by the engine.wasm that the built site ships.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { listen, stop } from '../../scripts/local-server.mjs'
import { expected } from '../vault-kit/run-kit.mjs'
import { openChromium } from './support/chromium.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const kitText = readFileSync(`${root}tests/vault-kit/kit.json`, 'utf8')
const kit = JSON.parse(kitText)

/** In the page: each case's outcome, or what was thrown. */
const PAGE = `
  import { startEngine } from './web/src/worker/load-engine.ts'
  import { runCase } from './tests/vault-kit/run-kit.mjs'
  globalThis.runKit = async () => {
    const kit = await (await fetch('/kit.json')).json()
    const bytes = async (url) => (await fetch(url)).arrayBuffer()
    const module = await startEngine(await bytes('/engine.wasm'))
    await module.addKeeping(await bytes('/keeping.wasm'))
    return kit.cases.map((one) => {
      const started = performance.now()
      try {
        return { got: runCase(module, kit, one), ms: performance.now() - started }
      } catch (error) {
        return { got: String(error), ms: 0 }
      }
    })
  }`

let server
let browser
let outcomes
before(async () => {
  server = await serveKit()
  browser = await openChromium()
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${server.address().port}/`)
  await page.waitForFunction(() => globalThis.runKit)
  outcomes = await page.evaluate(() => globalThis.runKit())
})
after(async () => {
  await browser?.close()
  if (server) await stop(server)
})

async function serveKit() {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: root },
    alias: { 'keyhold-wasm': `${root}build/wasm` },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  })
  const shipped = (part) => {
    const [file, ...others] = readdirSync(`${root}dist/assets`).filter(
      (name) => name.startsWith(`${part}-`) && name.endsWith('.wasm'),
    )
    assert.deepEqual(others, [], 'the site ships one engine')
    return readFileSync(`${root}dist/assets/${file}`)
  }
  const files = {
    '/': ['text/html', '<!doctype html><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', outputFiles[0].contents],
    '/kit.json': ['application/json', kitText],
    '/engine.wasm': ['application/wasm', shipped('engine')],
    '/keeping.wasm': ['application/wasm', shipped('keeping')],
  }
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ['text/plain', '']
    response.writeHead(files[url] ? 200 : 404, { 'Content-Type': type }).end(body)
  })
  await listen(server, 0)
  return server
}

test('every case was run, vaults and backups', () => {
  assert.equal(outcomes.length, kit.cases.length)
  for (const kind of ['vault', 'backup']) assert.ok(kit.cases.filter((one) => one.kind === kind).length > 50, kind)
})

kit.cases.forEach((one, at) => {
  test(`${one.name}: ${one.what}`, () => {
    assert.deepEqual(outcomes[at].got, expected(one))
    assert.ok(outcomes[at].ms < 1000, `took ${outcomes[at].ms} ms`)
  })
})
