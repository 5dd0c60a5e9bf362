// split: keeping.wasm as the built site serves it: loaded when it is first needed, and only the one the worker knows.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { after, before, test } from 'node:test'
import { openChromium } from './support/chromium.mjs'
import { startTestSite } from './support/site.mjs'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const [name] = readdirSync(`${dist}assets`).filter((file) => /^keeping-.*\.wasm$/.test(file))
const shipped = readFileSync(`${dist}assets/${name}`)
/** The same module to any browser: a section of no meaning more. */
const altered = Buffer.concat([shipped, Buffer.from([0, 2, 1, 120])])

let browser
before(async () => {
  browser = await openChromium()
})
after(() => browser?.close())

/** What making a vault gives, and how the vault is after that. */
async function outcomeWith(module) {
  const files = { [`assets/${name}`]: module, [`assets/${name}.br`]: brotliCompressSync(module) }
  const site = await startTestSite({}, '', files)
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(`${site.url}driver.html`)
    await page.waitForFunction(() => window.keyhold)
    const outcome = await page.evaluate(async () => {
      const engine = await window.keyhold.KeyholdEngine.connect()
      const made = await engine.create(window.keyhold.passphraseBytes('violet tractor hums quietly')).then(
        ({ state }) => state,
        ({ code }) => code,
      )
      return [made, (await engine.status()).state]
    })
    assert.deepEqual(site.broken(), [])
    return outcome
  } finally {
    await context.close()
    await site.stop()
  }
}

test('an altered keeping.wasm is not run, and costs only what it was needed for', async () => {
  assert.ok(WebAssembly.validate(altered), 'only the digest tells it apart')
  assert.deepEqual(await outcomeWith(altered), ['ERR_WORKER', 'absent'])
  assert.deepEqual(await outcomeWith(shipped), ['unlocked', 'unlocked'], 'positive control')
})
