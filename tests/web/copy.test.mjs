// copy: when the copy beside the vault is written, and what it is made from.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { keyhold } from './support/load.mjs'

const { Copy } = keyhold

let now
let made
let copy
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  now = 5_000
  made = []
  mock.timers.enable({ apis: ['setTimeout'] })
  mock.method(performance, 'now', () => now)
  copy = new Copy((before) => {
    made.push([...before])
    return new Uint8Array([made.length])
  })
})
afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function pass(ms) {
  now += ms
  mock.timers.tick(ms)
}

test('the first change is copied as soon as it has been answered, those of the second after it together', async () => {
  copy.touch()
  assert.equal(made.length, 0, 'whoever waits for the change is answered first')
  pass(0)
  assert.equal(made.length, 1)
  for (let n = 0; n < 9; n += 1) {
    pass(100)
    copy.touch()
  }
  assert.equal(made.length, 1)
  pass(99)
  assert.equal(made.length, 1)
  pass(1)
  assert.equal(made.length, 2)
  pass(10_000)
  assert.equal(made.length, 2, 'nothing changed')
  copy.touch()
  pass(0)
  assert.equal(made.length, 3)
  assert.deepEqual([...(await (await copy.flush(), copy.read()))], [3])
})

test('what is due is written at once when it must be, and only then', async () => {
  copy.touch()
  pass(0)
  copy.touch()
  pass(500)
  const writing = copy.flush()
  assert.equal(made.length, 2)
  await writing
  await copy.flush()
  pass(10_000)
  assert.equal(made.length, 2)
  assert.deepEqual([...(await copy.read())], [2])
})

test('a copy is made from the one before it, this worker’s or another’s', async () => {
  copy.touch()
  pass(0)
  await copy.flush()
  const other = new Copy((before) => {
    made.push([...before])
    return null
  })
  await other.read()
  other.touch()
  pass(2_000)
  copy.touch()
  pass(0)
  assert.deepEqual(made, [[], [1], [1]])
  assert.deepEqual([...(await (await copy.flush(), copy.read()))], [3])
})
