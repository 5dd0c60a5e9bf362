// ledger: what a call costs beyond a direct fetch, with nothing used before and with 100,000 entries of usage: a call of a
// key with a cap, from the page's question to its answer, and the writing of what it used. In Chromium, on its database.
import { openChromium } from '../browser/support/chromium.mjs'
import { allowAsking, allowReading, ANSWERED, startProviders } from '../browser/support/providers.mjs'
import { writeDisk } from '../browser/support/disk.mjs'
import { startTestSite } from '../browser/support/site.mjs'
import { seal } from '../vault-kit/sealing.mjs'
import { openVault } from '../web/support/vault-reader.mjs'
import { withoutArgon2 } from './changes.mjs'
import { interleaved } from './timing.mjs'
import { byKey, makeVault } from './vaults.mjs'

const DAYS = 1000
const ENTRIES_A_DAY = 100
const ROUNDS = 61
const DAY_MS = 86_400_000
const URL = 'https://api.openai.com/v1/chat/completions'
const BODY = JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] })
const ANSWER = JSON.stringify({
  model: 'gpt-4o-mini',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10 },
})

export async function measureLedger() {
  const provider = await startProviders(answer)
  const site = await startTestSite()
  const toProvider = `--host-resolver-rules=MAP * 127.0.0.1:${provider.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`
  const browser = await openChromium({ args: [toProvider, '--ignore-certificate-errors'] })
  try {
    const vault = await makeVault(1)
    const usage = usageRows(vault)
    const [none, many] = [await openPage(browser, site, vault, []), await openPage(browser, site, vault, usage)]
    // Keyhold's own page may connect to no provider.
    const alone = await (await browser.newContext()).newPage()
    await alone.goto(URL)
    const calls = (page, which) => async () => {
      await page.bringToFront()
      return page.evaluate(call, [which, URL, BODY])
    }
    const [direct, before, after] = await interleaved(
      [calls(alone, 'direct'), calls(none, 'vault'), calls(many, 'vault')],
      ROUNDS,
    )
    const reads = (days) => async () => many.evaluate(read, days)
    const [month, whole] = await interleaved([reads(30), reads(2 * DAYS)], 7)
    const entries = await many.evaluate(count)
    if (entries < DAYS * ENTRIES_A_DAY) throw new Error(`${entries} entries are stored`)
    return [
      {
        name: 'overhead of a call: 100,000 entries of usage / none',
        value: (after - direct) / (before - direct),
        unit: 'x',
      },
      { name: 'overhead of a call and its booking, nothing used before', value: before - direct, unit: 'ms' },
      { name: 'overhead of a call and its booking, 100,000 entries', value: after - direct, unit: 'ms' },
      { name: 'usage of 30 days read, 3,000 entries', value: month, unit: 'ms' },
      { name: 'usage of all time read, 100,000 entries', value: whole, unit: 'ms' },
    ]
  } finally {
    await browser.close()
    await site.stop()
    await provider.stop()
  }
}

function answer({ method }, outgoing) {
  allowReading(outgoing)
  if (method === 'OPTIONS') {
    outgoing.setHeader('Access-Control-Max-Age', '600')
    allowAsking(outgoing, outgoing.req.headers['access-control-request-headers'] ?? '')
    outgoing.writeHead(204).end()
  } else if (method === 'GET') {
    outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html>')
  } else {
    outgoing.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER)
  }
  return ANSWERED
}

/** What another implementation of the format writes: sealed rows of the days before this one. */
function usageRows({ rows, audit, slotKey }) {
  const stored = new Map([...rows, ...audit].map(({ key, bytes }) => [key, bytes]))
  const { subkeys, manifest } = openVault(stored, slotKey)
  const today = Math.floor(Date.now() / DAY_MS)
  return Array.from({ length: DAYS }, (_, back) => {
    const id = String(today - 1 - back).padStart(6, '0')
    const entries = Array.from({ length: ENTRIES_A_DAY }, (_, at) => [
      ...[`key-${at % 10}`, 'openai', `model-${at}`, at < 50 ? '' : 'https://app.example', 'user', 'reported'],
      ...[1 + at, 0, 1000 * at, 100 * at, 300 * at, 50 * at, 450 * at],
    ])
    const header = { purpose: 'usage', vault: manifest.header.vault, id, rev: 1 }
    return { key: `usage/${id}`, bytes: seal(header, { entries }, [], subkeys.ledger) }
  })
}

async function openPage(browser, site, { rows, audit, slotKey }, usage) {
  const context = await browser.newContext()
  await context.addInitScript(withoutArgon2)
  const page = await context.newPage()
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => globalThis.keyhold)
  await writeDisk(page, byKey([...rows, ...audit, ...usage]))
  await page.evaluate(prepare, [...slotKey])
  return page
}

// In the pages.

/** Opens the vault and gives its key a cap it does not reach. */
async function prepare(slotKey) {
  const { KeyholdEngine } = globalThis.keyhold
  globalThis.engine = await KeyholdEngine.connect()
  await globalThis.engine.unlock(new Uint8Array(slotKey))
  const [{ id }] = await globalThis.engine.keys()
  await globalThis.engine.setCaps(id, { dayMicroUsd: 1e11, monthMicroUsd: 1e12 })
}

/** From asking to the last byte; in the vault, until what it used is written. */
async function call([which, url, body]) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
  const started = performance.now()
  if (which === 'direct') {
    await (await fetch(url, init)).text()
  } else {
    const response = await globalThis.engine.fetch(url, init)
    if (response.status !== 200) throw new Error(await response.text())
    await response.text()
    // Reading today's usage first writes what waits.
    const { days } = await globalThis.engine.usage(Date.now(), Date.now())
    if (days.length === 0) throw new Error('nothing was booked')
  }
  return performance.now() - started
}

async function read(days) {
  const started = performance.now()
  await globalThis.engine.usage(Date.now() - days * 86_400_000, Date.now())
  return performance.now() - started
}

async function count() {
  const { days } = await globalThis.engine.usage(0, Date.now())
  return days.reduce((sum, { entries }) => sum + entries.length, 0)
}
