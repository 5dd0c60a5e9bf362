// vault-kit: what the shipped engine makes of the hostile vaults in tests/vault-kit.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { startEngine, taken, withBuffer } from '../support/engine.mjs'

const kit = JSON.parse(readFileSync(new URL('../vault-kit/kit.json', import.meta.url), 'utf8'))
const bytesOf = (text) => new Uint8Array(Buffer.from(text, 'base64url'))
const rowKey = ({ purpose, id }) => (id === purpose ? id : `${purpose}/${id}`)
const byKey = (a, b) => (a.key < b.key ? -1 : 1)

let module
before(async () => {
  module = await startEngine()
})

function rowsOf({ put, drop }) {
  const rows = new Map(Object.entries(kit.rows).map(([key, bytes]) => [key, bytesOf(bytes)]))
  for (const key of drop) rows.delete(key)
  for (const [key, { bytes, zeros = 0 }] of Object.entries(put)) {
    rows.set(key, Buffer.concat([bytesOf(bytes), Buffer.alloc(zeros)]))
  }
  const all = [...rows].map(([key, bytes]) => ({ key, bytes: new Uint8Array(bytes) }))
  const apart = ({ key }) => key.startsWith('ledger/') || key.startsWith('audit/')
  return { envelopes: all.filter((row) => !apart(row)), ledger: all.filter(({ key }) => key.startsWith('ledger/')) }
}

function unlock(engine) {
  try {
    withBuffer(module, bytesOf(kit.slotKey), (key) => taken(engine.unlock(key, 0, 0)))
    return 'ok'
  } catch (error) {
    return error.problem?.code ?? error
  }
}

for (const one of kit.cases.filter(({ kind }) => kind === 'vault')) {
  test(`${one.name}: ${one.what}`, () => {
    const engine = new module.Engine()
    try {
      const { envelopes, ledger } = rowsOf(one)
      assert.equal(taken(engine.load(envelopes, ledger)), 'locked')
      assert.equal(unlock(engine), one.expect.unlock)
      assert.equal(engine.state(), one.expect.unlock === 'ok' ? 'unlocked' : 'locked')
      if (one.expect.unlock !== 'ok') return
      const findings = engine
        .findings()
        .map((finding) => ({ key: rowKey(finding), kind: finding.kind, code: finding.code }))
      assert.deepEqual(findings.sort(byKey), one.expect.findings)
      assert.deepEqual(
        engine
          .keys()
          .map(({ id }) => id)
          .sort(),
        one.expect.keys.toSorted(),
      )
    } finally {
      engine.delete()
    }
  })
}
