// long-activity: a vault whose activity is nearly as long as it may become, without a browser doing thousands of things:
// the built engine goes on with a vault that a browser made, through plans as the worker writes them.
import { startEngine, taken, withBuffer } from '../../support/engine.mjs'
import { kdfOf, slotKeyOf } from '../../web/support/vault-reader.mjs'

/** @returns {Promise<Map<string, Uint8Array>>} the same vault with `last` entries */
export async function grown(rows, passphrase, last) {
  const module = await startEngine()
  const engine = new module.Engine()
  const { salt, passes, memKib } = kdfOf(rows)
  const grown = new Map(rows)
  const audit = () => [...grown.keys()].filter((key) => key.startsWith('audit/'))
  const list = (of) => [...grown].filter(([key]) => of(key)).map(([key, bytes]) => ({ key, bytes }))
  const isLedger = (key) => key.startsWith('ledger/')
  const isEnvelope = (key) => !/^(ledger|audit|usage|spend|late)\//.test(key)
  taken(engine.load(list(isEnvelope), list(isLedger)))
  withBuffer(module, slotKeyOf(new TextEncoder().encode(passphrase), salt, passes, memKib), (key) =>
    taken(engine.unlock(key, Date.now(), 0)),
  )
  const write = ({ puts, deletes }) => {
    for (const { key, bytes } of puts) grown.set(key, bytes)
    for (const key of deletes) grown.delete(key)
    taken(engine.commit())
  }
  // The unlock is one entry of the first plan.
  for (let seq = audit().length + 1; seq < last; seq += 1) {
    write(taken(engine.planLockMinutes(5 + (seq % 2), Date.now())))
  }
  engine.lock()
  return grown
}
