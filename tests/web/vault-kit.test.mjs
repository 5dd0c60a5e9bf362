// vault-kit: what the shipped engine makes of the hostile vaults and backups in tests/vault-kit.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { startEngine } from '../support/engine.mjs'
import { derived, expected, runCase } from '../vault-kit/run-kit.mjs'

const kit = JSON.parse(readFileSync(new URL('../vault-kit/kit.json', import.meta.url), 'utf8'))

let module
before(async () => {
  module = await startEngine()
})

for (const one of kit.cases) {
  test(`${one.name}: ${one.what}`, () => {
    assert.deepEqual(runCase(module, kit, one), expected(one))
  })
}

test('the passphrases give the slot keys that all cases are opened with', () => {
  const slotOf = (bytes, start) => {
    const envelope = Buffer.from(bytes, 'base64url').subarray(start)
    return JSON.parse(envelope.subarray(5, 5 + envelope.readUInt16LE(3)).toString())
  }
  const [vaultSlot] = Object.entries(kit.rows)
    .find(([key]) => key.startsWith('slot/'))
    .slice(1)
  const sound = kit.cases.find(({ name }) => name === 'backup-sound')
  const own = derived(module, kit.passphrase, slotOf(vaultSlot, 0).kdf)
  const file = derived(module, kit.backup.passphrase, slotOf(sound.file.bytes, 8).kdf)
  assert.deepEqual(
    [own, file].map((key) => Buffer.from(key).toString('base64url')),
    [kit.slotKey, kit.backup.slotKey],
  )
})
