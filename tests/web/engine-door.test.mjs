// engine-door: what the engine holds goes by numbers; those that are nobody's are refused and change nothing.
import assert from 'node:assert/strict'
import { before, beforeEach, test } from 'node:test'
import { rawEngine, startEngine, taken, withBuffer } from '../support/engine.mjs'
import { keyhold } from './support/load.mjs'

const refused = (error) => error instanceof keyhold.Failure && error.problem.code === 'ERR_INTERNAL'
const CHEAPEST = { salt: new Uint8Array(16), passes: 2, memKib: 19 * 1024 }

let module
let engine
before(async () => {
  module = await startEngine()
})
beforeEach(() => {
  engine = new module.Engine()
  taken(engine.load([], []))
})

/** Opens a new vault with one key; gives the key's id. */
function openVault() {
  withBuffer(module, new Uint8Array(32).fill(7), (slotKey) => taken(engine.planCreate(CHEAPEST, slotKey, 1)))
  taken(engine.commit())
  const secret = Buffer.from('sk-proj-abcdefghijklmnopqrst')
  const { id } = withBuffer(module, secret, (bytes) => taken(engine.planAdd('openai', 'mine', bytes, 1)))
  taken(engine.commit())
  return id
}

test('what the engine cannot do is refused, and so is what a call cannot', () => {
  assert.throws(() => engine.noSuchThing(), refused)
  assert.throws(() => engine.feed(new Uint8Array(1)), refused)
  const call = taken(engine.checkStored(openVault(), 1))
  assert.throws(() => call.lock(), refused)
  assert.equal(engine.state(), 'unlocked')
})

test('a deleted buffer is refused wherever a secret goes, and deleting it again is harmless', () => {
  const buffer = new module.Buffer(32)
  const other = new module.Buffer(1)
  buffer.delete()
  buffer.delete()
  assert.throws(() => buffer.view(), refused)
  assert.throws(() => module.deriveSlotKey(buffer, CHEAPEST), refused)
  assert.throws(() => engine.planCreate(CHEAPEST, buffer), refused)
  assert.throws(() => engine.planCreate(CHEAPEST, 4_000_000_000), refused)
  assert.equal(engine.state(), 'absent')
  assert.deepEqual(engine.commit(), { error: 'ERR_WRONG_STATE' })
  assert.equal(other.view().length, 1)
  other.delete()
})

test('a deleted buffer is wiped', () => {
  const buffer = new module.Buffer(40)
  const { byteOffset } = buffer.view()
  buffer.view().fill(170)
  buffer.delete()
  // The allocator keeps its own notes in the first bytes of what is free.
  assert.ok(module.HEAPU8.slice(byteOffset + 8, byteOffset + 32).every((byte) => byte === 0))
})

test('a deleted call is refused, deleting it again is harmless, and another goes on', () => {
  const id = openVault()
  const [call, other] = [taken(engine.checkStored(id, 1)), taken(engine.checkStored(id, 2))]
  call.delete()
  call.delete()
  assert.throws(() => call.request(), refused)
  assert.throws(() => call.feed(new Uint8Array(1)), refused)
  assert.equal(other.request().provider, 'openai')
  other.delete()
})

test('calls end with the engine they are of', () => {
  const call = taken(engine.checkStored(openVault(), 1))
  engine.delete()
  assert.throws(() => call.request(), refused)
  assert.equal(engine.state(), 'absent')
})

test('numbers are whole and from 0, or else 0', async () => {
  const raw = await rawEngine()
  assert.equal(raw.ask(1.5, 'request', []), undefined)
  for (const size of [NaN, -1, 1e300, Infinity, undefined, null, {}]) {
    const number = raw.ask(0, 'buffer', [size])
    assert.equal(raw.ask(0, 'view', [number]).length, 0)
    assert.equal(raw.ask(0, 'release', [number]), null)
  }
})
