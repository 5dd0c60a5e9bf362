// vaults: vaults of any size, to measure with.
import { randomBytes } from 'node:crypto'
import { startEngine, taken, withBuffer } from '../support/engine.mjs'

/** Sealed rows of a vault with this many keys, and the slot key that opens it. */
export async function makeVault(keys) {
  const module = await startEngine()
  const engine = new module.Engine()
  const slotKey = randomBytes(32)
  const rows = new Map()
  // The activity is read when it is looked at, not at unlock.
  const audit = new Map()
  const write = (plan) => {
    for (const { key, bytes } of plan.puts) (key.startsWith('audit/') ? audit : rows).set(key, bytes)
    taken(engine.commit())
  }
  taken(engine.load([], []))
  write(withBuffer(module, slotKey, (key) => taken(engine.planCreate(engine.newKdf(0), key, 1.7e12))))
  for (let i = 0; i < keys; i++) {
    const provider = ['openai', 'anthropic', 'google', 'mistral'][i % 4]
    const secret = Buffer.from(`sk-${randomBytes(60).toString('base64url')}`)
    write(withBuffer(module, secret, (bytes) => taken(engine.planAdd(provider, `Key ${i}`, bytes, 1.7e12 + i))))
  }
  const list = (map) => [...map].map(([key, bytes]) => ({ key, bytes }))
  return { rows: list(rows), audit: list(audit), slotKey, keys }
}

/** From stored rows to the list of keys, as after the passphrase was right. */
export function unlockAndList(module, { rows, slotKey, keys }) {
  const engine = new module.Engine()
  taken(engine.load(rows, []))
  withBuffer(module, slotKey, (key) => taken(engine.unlock(key)))
  if (engine.keys().length !== keys || engine.findings().length > 0) throw new Error('not the vault that was made')
  return engine
}

/** Rows as tests/browser/support/disk.mjs takes them. */
export const byKey = (rows) => Object.fromEntries(rows.map(({ key, bytes }) => [key, bytes]))
