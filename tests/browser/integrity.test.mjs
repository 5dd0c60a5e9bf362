// integrity: one byte altered on the vault's host, and the page that embeds it has no vault: not the altered module, nor the altered
// frame, nor the altered engine. Each with the control that the same alteration works where nothing compares.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { headersFor } from '../../web/hosting/headers.mjs'
import { sha384 } from '../../web/hosting/integrity.mjs'
import { HOST, startEmbedding, VAULT } from './support/embed.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = (name) => readFileSync(`${root}dist/${name}`)
const asset = (pattern) => `assets/${readdirSync(`${root}dist/assets`).find((name) => pattern.test(name))}`
const FRAME = asset(/^frame-.*\.js$/)
const WORKER = asset(/^vault-worker-.*\.js$/)
const ENGINE = asset(/^engine-.*\.wasm$/)
/** A module's last byte is a line's end, or may be one. */
const altered = (name) => Buffer.concat([dist(name), Buffer.from(' ')])
/** With one more section, of which an engine takes no notice. */
const ENGINE_ALTERED = Buffer.concat([dist(ENGINE), Buffer.from([0, 2, 1, 0x78])])

const snippet = readFileSync(`${root}dist-hosting/embed.html`, 'utf8').replaceAll('https://vault.example.com', VAULT)
const [pinned] = /<script type="module" crossorigin[^>]*><\/script>/.exec(snippet)
/** The page of the snippet, its own script in a file, as most policies want it. */
const host = (pin) => ({
  html: `<!doctype html><html lang="en"><title>Chat</title>${pin}<script type="module" src="/app.js"></script><body></body></html>`,
  headers: { 'Content-Security-Policy': `default-src 'none'; script-src 'self' ${VAULT}; frame-src ${VAULT}` },
})
const APP = `import { connect } from '${VAULT}/keyhold.js'
globalThis.state = 'module'
try {
  const vault = await connect('${VAULT}/')
  globalThis.state = 'connected'
  globalThis.state = (await vault.status()).state
} catch (error) {
  globalThis.state = error.code ?? error.name
}`
const pages = {
  'chat.example/': host(pinned),
  'unpinned.example/': host(''),
  'chat.example/app.js': { js: APP },
  'unpinned.example/app.js': { js: APP },
}

/** What becomes of a page of `url` within `withinMs`, with these files in place of the vault's. */
async function outcome(files, url = HOST, withinMs = 20_000) {
  for (const name of Object.keys(replaced)) delete replaced[name]
  Object.assign(replaced, files)
  const context = await world.browser.newContext()
  try {
    const page = await context.newPage()
    const refused = []
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()))
    await page.goto(url)
    await page
      .waitForFunction(() => ![undefined, 'module', 'connected'].includes(globalThis.state), null, {
        timeout: withinMs,
      })
      .catch(() => {})
    return { state: await page.evaluate(() => globalThis.state ?? 'nothing ran'), refused: refused.join('\n') }
  } finally {
    await context.close()
  }
}

const replaced = {}
let world
before(async () => {
  world = await startEmbedding({ pages, replaced: (name) => replaced[name] })
})
after(() => world?.stop())

describe('one byte altered', () => {
  test('control: with every file as built, the page is connected', async () => {
    assert.deepEqual(await outcome({}), { state: 'needs-user', refused: '' })
  })

  test('keyhold.js: the page that pins it runs nothing of it', async () => {
    const { state, refused } = await outcome({ 'keyhold.js': altered('keyhold.js') }, HOST, 3_000)
    assert.equal(state, 'nothing ran')
    assert.match(refused, /integrity/)
  })

  test('control: a page without the digest runs the altered module', async () => {
    const { state } = await outcome({ 'keyhold.js': altered('keyhold.js') }, 'https://unpinned.example')
    assert.equal(state, 'needs-user')
  })

  test("the frame's script: the frame answers nobody, and the page is told", async () => {
    const { state, refused } = await outcome({ [FRAME]: altered(FRAME) })
    assert.equal(state, 'ERR_TIMEOUT')
    assert.match(refused, /integrity/)
  })

  test('control: the altered script runs in a frame that does not compare', async () => {
    const html = dist('frame.html')
      .toString()
      .replace(/ integrity="[^"]*"/, '')
    assert.notEqual(html, dist('frame.html').toString())
    const { state } = await outcome({ [FRAME]: altered(FRAME), 'frame.html': html })
    assert.equal(state, 'needs-user')
  })

  test('engine.wasm: the vault does not start', async () => {
    assert.equal((await outcome({ [ENGINE]: ENGINE_ALTERED })).state, 'ERR_WORKER')
  })

  test('control: the altered engine runs for a worker that is told to expect it', async () => {
    const worker = dist(WORKER).toString()
    const told = worker.replace(sha384(dist(ENGINE)), sha384(ENGINE_ALTERED))
    assert.notEqual(told, worker)
    assert.equal((await outcome({ [ENGINE]: ENGINE_ALTERED, [WORKER]: told })).state, 'needs-user')
  })

  test('the site sends every page with the digests of its scripts and styles', () => {
    for (const name of readdirSync(`${root}dist`).filter((one) => one.endsWith('.html'))) {
      const loads = [
        ...dist(name)
          .toString()
          .matchAll(/<(?:script|link rel="stylesheet")[^>]*>/g),
      ].map(([tag]) => tag)
      assert.ok(loads.length > 0, name)
      for (const tag of loads) assert.match(tag, / integrity="sha384-[\w+/]{64}"/, `${name}: ${tag}`)
    }
    assert.equal(headersFor('/keyhold.js', {})['Access-Control-Allow-Origin'], '*', 'else nobody could compare it')
  })
})
