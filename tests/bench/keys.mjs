// keys: what many keys cost, from stored rows to the list on the screen. Argon2 is the same for all and left out.
import { startEngine } from '../support/engine.mjs'
import { interleaved } from './timing.mjs'
import { makeVault, unlockAndList } from './vaults.mjs'

const ROUNDS = 15

export async function measureKeys() {
  const [few, many] = [await makeVault(1), await makeVault(1000)]
  const module = await startEngine()
  const run = (vault) => () => unlockAndList(module, vault).delete()
  const [one, thousand] = await interleaved([run(few), run(many)], ROUNDS)
  return [
    { name: '1 key: unlock and list', value: one, unit: 'ms' },
    { name: '1,000 keys: added to unlock and list', value: thousand - one, unit: 'ms' },
  ]
}
