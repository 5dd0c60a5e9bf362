// backup: what a backup of 1,000 keys costs beyond the one derivation of its passphrase that everybody waits for
// (Argon2id at the default strength: 64 MiB, t = 3).
import { randomBytes } from 'node:crypto'
import { startEngine, taken, withBuffer } from '../support/engine.mjs'
import { interleaved } from './timing.mjs'
import { makeVault, unlockAndList } from './vaults.mjs'

const KEYS = 1000
const ROUNDS = 11

export async function measureBackup() {
  const vault = await makeVault(KEYS)
  const module = await startEngine()
  const engine = unlockAndList(module, vault)
  // Derived in an instance of its own, as the KDF worker has it.
  const kdf = await startEngine()
  const spec = engine.backupSpec()
  const passphrase = randomBytes(24)
  const derive = () => withBuffer(kdf, passphrase, (text) => taken(kdf.deriveSlotKey(text, spec)))
  let file
  const make = () => {
    const key = derive()
    file = withBuffer(module, vault.slotKey, (proof) =>
      withBuffer(module, key, (own) => taken(engine.makeBackup(proof, spec, own, 1.8e12))),
    )
  }
  const [whole, alone] = await interleaved([make, () => void derive()], ROUNDS)
  const found = withBuffer(module, derive(), (own) => {
    taken(engine.openBackup(file, own))
    return taken(engine.preview()).items.length
  })
  if (found !== KEYS) throw new Error(`${found} keys in the backup`)
  return [
    { name: 'backup of 1,000 keys / one derivation', value: whole / alone, unit: 'x' },
    { name: 'backup of 1,000 keys, beyond the derivation', value: whole - alone, unit: 'ms' },
  ]
}
