// used-vault: a vault with one key in it that was used once, behind the tests' own page; and all that could open it.
import assert from 'node:assert/strict'
import { kdfOf, openVault, slotKeyOf } from '../../web/support/vault-reader.mjs'
import { newMarker } from './canary.mjs'
import { readDisk } from './disk.mjs'
import { ANSWER_TEXT } from './providers.mjs'
import { startTestSite } from './site.mjs'

/** Letters that occur nowhere but in the key, and in the passphrase. */
export const key = newMarker()
export const phrase = newMarker()
export const PASSPHRASE = `violet ${phrase} hums quietly`
export const KEY = `sk-${key}-0123456789`
/** Where there is no SharedWorker, each tab has a worker of its own. */
export const OWN_WORKERS = () => delete window.SharedWorker

export const baseOf = ({ port }) => `http://127.0.0.1:${port}/v1/`

/**
 * A vault with one key in it, used once.
 * @param {{ browser?: import('playwright-core').Browser, context?: import('playwright-core').BrowserContext,
 *   providers: { port: number }, init?: string | (() => void), prelude?: string }} options a context that is given stays open
 */
export async function onUsedVault({ browser, context, providers, init, prelude }, use) {
  const site = await startTestSite({}, prelude)
  const within = context ?? (await browser.newContext())
  const page = await within.newPage()
  try {
    if (init) await page.addInitScript(init)
    page.setDefaultTimeout(30_000)
    await page.goto(`${site.url}driver.html`)
    await page.waitForFunction(() => window.keyhold)
    assert.equal(await page.evaluate(makeAndUse, [PASSPHRASE, KEY, baseOf(providers)]), ANSWER_TEXT)
    const result = await use(page, site)
    assert.deepEqual(site.broken(), [])
    return result
  } finally {
    await (context === undefined ? within : page).close()
    await site.stop()
  }
}

/** Runs in the page. */
async function makeAndUse([passphrase, secret, base]) {
  const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
  window.engine = await KeyholdEngine.connect()
  await window.engine.create(passphraseBytes(passphrase))
  const { id: provider } = await window.engine.addEndpoint('Own', base)
  const stored = await window.engine.add({ provider, label: 'One', secret: keyBytes(secret) })
  window.key = stored.key.id
  const messages = [{ role: 'user', text: 'A line about keys, please.' }]
  let text = ''
  for await (const part of window.engine.chat({ key: window.key, model: 'model-1', messages }))
    if (part.type === 'text') text += part.text
  return text
}

/** Everything that opens the vault or any part of it, derived here from passphrase and rows alone. */
export async function secretsOf(page) {
  const { rows } = await readDisk(page)
  const sealed = new Map(Object.entries(rows))
  const { salt, passes, memKib } = kdfOf(sealed)
  const slot = slotKeyOf(new TextEncoder().encode(PASSPHRASE), salt, passes, memKib)
  const { root, subkeys } = openVault(sealed, slot)
  const named = Object.entries(subkeys).map(([name, bytes]) => [`the ${name} key`, bytes])
  return {
    'the API key': key,
    'the passphrase': phrase,
    'the slot key': slot,
    'the root key': root,
    ...Object.fromEntries(named),
  }
}
