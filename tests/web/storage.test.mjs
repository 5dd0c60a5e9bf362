// storage: a plan is written whole or not at all, and never over something it was not made from.
import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import 'fake-indexeddb/auto'
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { keyhold } from './support/load.mjs'

const { Storage } = keyhold
const bytes = (...values) => new Uint8Array(values)
const plan = (base, puts, deletes = []) => ({
  base,
  puts: Object.entries(puts).map(([key, value]) => ({ key, bytes: value })),
  deletes,
  id: 'x',
})
const failsWith = (code) => (error) => error.problem?.code === code
const content = async (storage) =>
  Object.fromEntries((await storage.readAll()).envelopes.map(({ key, bytes }) => [key, [...bytes]]))

/** The same database without the code under test. */
const raw = (work) =>
  new Promise((done, failed) => {
    const opening = indexedDB.open('keyhold')
    opening.addEventListener('error', () => failed(opening.error))
    opening.addEventListener('success', () => {
      const tx = opening.result.transaction(['envelopes', 'meta'], 'readwrite')
      work(tx)
      tx.addEventListener('complete', () => (opening.result.close(), done()))
    })
  })

let storage
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory()
  storage = new Storage()
})

test('a first plan needs an absent manifest; the next one the manifest as it was left', async () => {
  await storage.write(plan(null, { manifest: bytes(1), 'record/a': bytes(7) }))
  await storage.write(plan(bytes(1), { manifest: bytes(2), 'record/b': bytes(8) }, ['record/a']))
  assert.deepEqual(await content(storage), { manifest: [2], 'record/b': [8] })
})

test('a plan made from another manifest is stale, and changes nothing', async () => {
  await storage.write(plan(null, { manifest: bytes(1, 2) }))
  for (const base of [null, bytes(1), bytes(1, 2, 3), bytes(1, 3), bytes()]) {
    await assert.rejects(storage.write(plan(base, { manifest: bytes(9), other: bytes(9) })), failsWith('ERR_STALE'))
  }
  assert.deepEqual(await content(storage), { manifest: [1, 2] })
})

test('of two plans from the same manifest exactly one is written', async () => {
  await storage.write(plan(null, { manifest: bytes(0) }))
  const tabs = Array.from({ length: 10 }, () => new Storage())
  const results = await Promise.allSettled(
    tabs.map((tab, i) => tab.write(plan(bytes(0), { manifest: bytes(1), [`record/${i}`]: bytes(i) }))),
  )
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  assert.equal(Object.keys(await content(storage)).length, 2)
})

test('a put that fails half-way takes the puts before it back', async (t) => {
  await storage.write(plan(null, { manifest: bytes(1) }))
  const put = IDBObjectStore.prototype.put
  for (const [name, code] of [
    ['QuotaExceededError', 'ERR_STORAGE_FULL'],
    ['DataError', 'ERR_STORAGE'],
  ]) {
    const mocked = t.mock.method(IDBObjectStore.prototype, 'put', function (value, key) {
      if (key === 'record/b') throw new DOMException('full of secrets', name)
      return put.call(this, value, key)
    })
    const writing = storage.write(plan(bytes(1), { 'record/a': bytes(5), 'record/b': bytes(6), manifest: bytes(2) }))
    await assert.rejects(writing, failsWith(code))
    mocked.mock.restore()
    assert.deepEqual(await content(storage), { manifest: [1] })
  }
})

test('a newer format is neither read nor written', async () => {
  await storage.write(plan(null, { manifest: bytes(1) }))
  await raw((tx) => tx.objectStore('meta').put(2, 'format'))
  await assert.rejects(storage.readAll(), failsWith('ERR_VERSION'))
  await assert.rejects(storage.write(plan(bytes(1), { manifest: bytes(2) })), failsWith('ERR_VERSION'))
  await assert.rejects(storage.writeLedger([{ key: 'a', bytes: bytes(1) }]), failsWith('ERR_VERSION'))
})

test('a database of a newer build is a version error, and a newer build is let in', async () => {
  await storage.readAll()
  await new Promise((done, failed) => {
    const opening = indexedDB.open('keyhold', 4)
    opening.addEventListener('blocked', () => failed(new Error('the open connection did not give way')))
    opening.addEventListener('success', () => (opening.result.close(), done()))
  })
  await assert.rejects(storage.readAll(), failsWith('ERR_VERSION'))
})

test('what is not bytes is handed on as an empty row: a finding for the engine, not a crash here', async () => {
  await storage.write(plan(null, { manifest: bytes(1) }))
  await raw((tx) => tx.objectStore('envelopes').put({ not: 'bytes' }, 'record/odd'))
  assert.deepEqual(await content(storage), { manifest: [1], 'record/odd': [] })
})

test('a page of the manifest lies with the envelopes, is written with it, and is no write check of its own', async () => {
  await storage.write(plan(null, { manifest: bytes(1), 'page/A': bytes(2), 'page/B': bytes(3) }))
  await storage.write(plan(bytes(1), { manifest: bytes(4), 'page/A': bytes(5) }, ['page/B']))
  assert.deepEqual(await content(storage), { manifest: [4], 'page/A': [5] })
  await assert.rejects(
    storage.write(plan(bytes(1), { manifest: bytes(6), 'page/A': bytes(7) })),
    failsWith('ERR_STALE'),
  )
  assert.deepEqual(await content(storage), { manifest: [4], 'page/A': [5] })
  assert.deepEqual((await storage.readAll()).ledger, [])
})

test('ledger rows lie apart from envelopes', async () => {
  await storage.write(plan(null, { manifest: bytes(1) }))
  await storage.writeLedger([{ key: 'k1', bytes: bytes(3) }])
  const { envelopes, ledger } = await storage.readAll()
  assert.deepEqual(
    envelopes.map(({ key }) => key),
    ['manifest'],
  )
  assert.deepEqual(ledger, [{ key: 'k1', bytes: bytes(3) }])
})

test('what is deleted takes its ledger row along, in the same transaction', async () => {
  await storage.write(plan(null, { manifest: bytes(1), 'record/k1': bytes(2) }))
  await storage.writeLedger([{ key: 'ledger/k1', bytes: bytes(3) }])
  await storage.writeLedger([{ key: 'ledger/k2', bytes: bytes(4) }])
  await storage.write(plan(bytes(1), { manifest: bytes(2) }, ['record/k1', 'ledger/k1']))
  assert.deepEqual(await content(storage), { manifest: [2] })
  assert.deepEqual((await storage.readAll()).ledger, [{ key: 'ledger/k2', bytes: bytes(4) }])
})

test('the one transaction is strict, the ledger one relaxed', async (t) => {
  const seen = []
  const { IDBDatabase } = globalThis
  const transaction = IDBDatabase.prototype.transaction
  t.mock.method(IDBDatabase.prototype, 'transaction', function (names, mode, options) {
    if (mode === 'readwrite') seen.push(options?.durability)
    return transaction.call(this, names, mode, options)
  })
  await storage.write(plan(null, { manifest: bytes(1) }))
  await storage.writeLedger([{ key: 'k1', bytes: bytes(3) }])
  assert.deepEqual(seen, ['strict', 'relaxed'])
})

test('what the browser found unsound and deleted is there and empty, at once', async () => {
  await storage.write(plan(null, { manifest: bytes(1) }))
  storage.close()
  const { open } = IDBFactory.prototype
  let refusals = 0
  /** As Chromium does: once, and the database is another then. */
  const refuse = (times) =>
    mock.method(IDBFactory.prototype, 'open', function (...args) {
      if (refusals === times) return open.apply(this, args)
      refusals += 1
      globalThis.indexedDB = new IDBFactory()
      throw new DOMException('Internal error opening backing store.', 'UnknownError')
    })
  refuse(1)
  assert.deepEqual(await content(new Storage()), {})
  mock.restoreAll()
  refusals = 0
  refuse(2)
  await assert.rejects(new Storage().readAll(), failsWith('ERR_STORAGE'))
  mock.restoreAll()
})

test('a database that holds nothing comes and goes, and whether it can be made matters to nobody', async () => {
  const names = async () => (await indexedDB.databases()).map(({ name }) => name)
  await storage.write(plan(null, { manifest: bytes(1) }))
  const deleted = mock.method(IDBFactory.prototype, 'deleteDatabase')
  await storage.beginNewLog()
  assert.deepEqual(
    deleted.mock.calls.map((call) => call.arguments[0]),
    ['keyhold-passing'],
  )
  assert.deepEqual(await names(), ['keyhold'])
  mock.method(IDBFactory.prototype, 'open', () => {
    throw new DOMException('no', 'UnknownError')
  })
  await storage.beginNewLog()
  mock.restoreAll()
  assert.deepEqual(await content(storage), { manifest: [1] })
})

test('a database of version 2 is given what it lacks and keeps all it has', async () => {
  await new Promise((done, failed) => {
    const opening = indexedDB.open('keyhold', 2)
    opening.addEventListener('upgradeneeded', () => {
      for (const store of ['envelopes', 'ledger', 'audit', 'meta']) opening.result.createObjectStore(store)
    })
    opening.addEventListener('error', () => failed(opening.error))
    opening.addEventListener('success', () => {
      const tx = opening.result.transaction(['envelopes', 'ledger', 'audit', 'meta'], 'readwrite')
      tx.objectStore('envelopes').put(bytes(1), 'manifest')
      tx.objectStore('envelopes').put(bytes(2), 'record/a')
      tx.objectStore('ledger').put(bytes(3), 'ledger/a')
      tx.objectStore('audit').put(bytes(4), 'audit/000000000001')
      tx.objectStore('meta').put(1, 'format')
      tx.objectStore('meta').put({ count: 3, lastAt: 5 }, 'attempts')
      tx.addEventListener('complete', () => (opening.result.close(), done()))
    })
  })
  assert.deepEqual(await storage.readAll(), {
    envelopes: [
      { key: 'manifest', bytes: bytes(1) },
      { key: 'record/a', bytes: bytes(2) },
    ],
    ledger: [{ key: 'ledger/a', bytes: bytes(3) }],
    attempts: { count: 3, lastAt: 5 },
    resealed: 0,
    savedFile: null,
  })
  assert.deepEqual(await storage.readAudit(), [{ key: 'audit/000000000001', bytes: bytes(4) }])
  assert.deepEqual(await storage.readAllUsage(), [])
  await storage.addUsage([{ key: 'late/x', bytes: bytes(6) }])
  assert.deepEqual(await storage.readAllUsage(), [{ key: 'late/x', bytes: bytes(6) }])
  const { version } = await new Promise((done) =>
    indexedDB.open('keyhold').addEventListener('success', ({ target }) => (target.result.close(), done(target.result))),
  )
  assert.equal(version, 3)
})

test('rows of usage are sealed anew only as they were read, and then no other worker writes with the old key', async () => {
  const other = new Storage()
  await storage.write(plan(null, { manifest: bytes(1), 'usage/020000': bytes(2) }))
  const read = await storage.readAllUsage()
  const anew = { ...plan(bytes(1), { manifest: bytes(9), 'usage/020000': bytes(8) }), usage: read }
  const add = () => other.addUsage([{ key: 'late/x', bytes: bytes(3) }])

  await add()
  await assert.rejects(storage.write(anew), failsWith('ERR_STALE'))
  assert.deepEqual(await content(storage), { manifest: [1] }, 'nothing of it is written')
  await storage.write({ ...anew, usage: await storage.readAllUsage() })
  assert.deepEqual(
    (await storage.readAllUsage()).map(({ key, bytes }) => [key, ...bytes]),
    [
      ['late/x', 3],
      ['usage/020000', 8],
    ],
  )

  const row = () => bytes(7)
  await assert.rejects(add(), failsWith('ERR_STALE'))
  await assert.rejects(other.changeSpend('spend/k', row), failsWith('ERR_STALE'))
  const change = () => ({ puts: [{ key: 'usage/020000', bytes: row() }], deletes: [] })
  await assert.rejects(
    other.changeUsage(() => [], change),
    failsWith('ERR_STALE'),
  )
  assert.equal((await storage.readAllUsage()).length, 2)
  // Who sealed them goes on, and who reads the new key may, too.
  await storage.changeSpend('spend/k', row)
  other.resealed = (await other.readAll()).resealed
  await other.addUsage([{ key: 'late/y', bytes: bytes(3) }])
  assert.equal((await storage.readAllUsage()).length, 4)
})
