// changes: what a change costs in a vault of 10 keys and in one of 1,000, from the page that asks to the answer: client,
// worker, engine, one strict transaction of Chromium's database. Both vaults take turns.
//
// Argon2 is left out: it takes the same time whatever the vault holds, and two derivations would hide everything else of
// a new passphrase. In its place stands a worker that answers with the passphrase itself, which is the slot key here.
import { randomBytes } from 'node:crypto'
import { openChromium } from '../browser/support/chromium.mjs'
import { writeDisk } from '../browser/support/disk.mjs'
import { startTestSite } from '../browser/support/site.mjs'
import { startEngine, taken, withBuffer } from '../support/engine.mjs'
import { interleaved } from './timing.mjs'
import { byKey, makeVault, unlockAndList } from './vaults.mjs'

const SIZES = [10, 1000]
const ROUNDS = 31
const CHANGES = { 'change the passphrase': 'changePassphrase', 'add a key': 'add', 'rotate a key': 'rotate' }

export async function measureChanges() {
  const vaults = await Promise.all(SIZES.map((keys) => makeVault(keys)))
  return [...(await measureWhole(vaults)), ...(await measureCore(vaults))]
}

async function measureWhole(vaults) {
  const site = await startTestSite()
  const browser = await openChromium()
  try {
    const pages = []
    for (const vault of vaults) pages.push(await openPage(browser, site, vault))
    const figures = []
    for (const [name, change] of Object.entries(CHANGES)) {
      const run = (page) => async () => {
        await page.bringToFront()
        return page.evaluate((which) => globalThis.changes[which](), change)
      }
      const [few, many] = await interleaved(pages.map(run), ROUNDS)
      figures.push({ name: `${name}: 1,000 keys / 10 keys`, value: many / few, unit: 'x' })
      figures.push({ name: `${name}, 10 keys`, value: few, unit: 'ms' })
      figures.push({ name: `${name}, 1,000 keys`, value: many, unit: 'ms' })
    }
    return figures
  } finally {
    await browser.close()
    await site.stop()
  }
}

/** The engine's own part: plan and commit. */
async function measureCore(vaults) {
  const runs = []
  for (const vault of vaults) {
    const module = await startEngine()
    const engine = unlockAndList(module, vault)
    const [{ id }] = engine.keys()
    runs.push(() =>
      withBuffer(module, Buffer.from(`sk-${randomBytes(40).toString('base64url')}`), (secret) => {
        taken(engine.planReplace(id, secret, 1.8e12))
        taken(engine.commit())
      }),
    )
  }
  const [few, many] = await interleaved(runs, ROUNDS)
  return [
    { name: 'rotate a key, the engine alone, 10 keys', value: few, unit: 'ms' },
    { name: 'rotate a key, the engine alone, 1,000 keys', value: many, unit: 'ms' },
  ]
}

async function openPage(browser, site, { rows, audit, slotKey, keys }) {
  const context = await browser.newContext()
  await context.addInitScript(withoutArgon2)
  const page = await context.newPage()
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => globalThis.keyhold)
  await writeDisk(page, byKey([...rows, ...audit]))
  await page.evaluate(prepare, { slotKey: [...slotKey], keys })
  return page
}

// In the pages.

/** A KDF worker that derives nothing: the slot key is the passphrase. */
export function withoutArgon2() {
  globalThis.Worker = class extends EventTarget {
    postMessage({ passphrase, port }) {
      port.addEventListener('message', ({ data: { ask } }) => {
        if (ask === 'end') port.close()
        else port.postMessage(ask === 'measure' ? { ms: 1000 } : { key: passphrase.slice() })
      })
      port.start()
    }
    terminate() {}
  }
}

/** Opens the vault and offers the changes: each gives its milliseconds. */
async function prepare({ slotKey, keys }) {
  const { KeyholdEngine, keyBytes } = globalThis.keyhold

  const engine = await KeyholdEngine.connect()
  let passphrase = new Uint8Array(slotKey)
  await engine.unlock(passphrase.slice())
  const [{ id }, ...others] = await engine.keys()
  if (others.length !== keys - 1) throw new Error(`${others.length + 1} keys of ${keys}`)
  const secret = () => keyBytes(`sk-${crypto.randomUUID()}-${crypto.randomUUID()}`)
  const timed = async (work) => {
    const started = performance.now()
    const made = await work()
    return { ms: performance.now() - started, made }
  }
  globalThis.changes = {
    async changePassphrase() {
      const next = crypto.getRandomValues(new Uint8Array(32))
      const proof = { passphrase: passphrase.slice() }
      const { ms } = await timed(() => engine.changePassphrase(proof, next.slice()))
      passphrase = next
      return ms
    },
    async rotate() {
      return (await timed(() => engine.replace(id, secret(), { unchecked: true }))).ms
    },
    /** The vault is as large as before when the next one is timed. */
    async add() {
      const key = { provider: 'openai', label: 'Added', secret: secret(), unchecked: true }
      const { ms, made } = await timed(() => engine.add(key))
      await engine.delete(made.key.id)
      return ms
    },
  }
}
