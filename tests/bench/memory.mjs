// memory: how much WASM heap the vault worker holds once the vault is open. It can grow and never shrinks.
import { startEngine } from '../support/engine.mjs'
import { makeVault, unlockAndList } from './vaults.mjs'

const MIB = 1024 * 1024

export async function measureMemory(sizes = [10, 1000]) {
  const figures = []
  for (const keys of sizes) {
    const vault = await makeVault(keys)
    const module = await startEngine()
    unlockAndList(module, vault)
    const name = `heap after unlock, ${keys.toLocaleString('en')} keys`
    figures.push({ name, value: module.HEAPU8.length / MIB, unit: 'MiB' })
  }
  return figures
}
