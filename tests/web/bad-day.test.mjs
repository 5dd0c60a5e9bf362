// bad-day: the real engine behind the real worker, when the browser's data is not what it was: put back, lost, damaged.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { deleteDB, openDB } from 'idb'
import { Browser, key, passphrase, tick } from './support/browser.mjs'

const SECRET = 'sk-proj-0123456789abcdef'
/** The copy is written a second after a change. */
const COPIED_MS = 1_300

let browser
afterEach(() => browser.close())

async function vault(send) {
  browser = new Browser({ real: true, ...(send && { send }) })
  const tab = await browser.open()
  await tab.create(passphrase())
  return tab
}
const add = (tab, label) => tab.add({ provider: 'openai', label, secret: key(SECRET), unchecked: true })
const labels = async (tab) => (await tab.keys()).map(({ label }) => label)
const actions = async (tab) => (await tab.audit()).entries.map(({ action }) => action)

async function withDisk(work) {
  const db = await openDB('keyhold')
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

const readDisk = () =>
  withDisk(async (db) => {
    const stores = {}
    for (const name of db.objectStoreNames) stores[name] = [await db.getAllKeys(name), await db.getAll(name)]
    return stores
  })

const writeDisk = (stores) =>
  withDisk(async (db) => {
    for (const [name, [keys, values]] of Object.entries(stores)) {
      const tx = db.transaction(name, 'readwrite')
      await tx.store.clear()
      for (const [i, row] of keys.entries()) await tx.store.put(values[i], row)
      await tx.done
    }
  })

/** Another visit: the workers of the last one are gone. */
async function nextVisit() {
  browser.close()
  const kept = globalThis.indexedDB
  browser = new Browser({ real: true })
  globalThis.indexedDB = kept
  return browser.open()
}

/** Two keys, and the database as it was with one. */
async function rolledBack() {
  const tab = await vault()
  await add(tab, 'first')
  await tick(COPIED_MS)
  const older = await readDisk()
  await add(tab, 'second')
  await tick(COPIED_MS)
  await tab.lock()
  await tick(50)
  await writeDisk(older)
  return nextVisit()
}

test('an older state put back: said at every unlock until somebody decides, and the later copy is left alone', async () => {
  let tab = await rolledBack()
  for (let visits = 0; visits < 2; visits += 1) {
    const { findings } = await tab.unlock(passphrase())
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      ['rolled-back'],
    )
    await tick(COPIED_MS)
    await tab.lock()
    tab = await nextVisit()
  }
  await tab.unlock(passphrase())
  assert.deepEqual(await labels(tab), ['first'])
  assert.deepEqual((await tab.repair()).findings, [])
  assert.deepEqual(await labels(tab), ['first', 'second'])
  const { verified, entries } = await tab.audit()
  assert.deepEqual(verified, { ok: true })
  assert.equal(entries.at(-1).action, 'repair')
})

test('an older state that is kept on purpose is the vault from then on', async () => {
  let tab = await rolledBack()
  await tab.unlock(passphrase())
  assert.deepEqual((await tab.keepState()).findings, [])
  await tick(COPIED_MS)
  await tab.lock()
  tab = await nextVisit()
  assert.deepEqual((await tab.unlock(passphrase())).findings, [])
  assert.deepEqual(await labels(tab), ['first'])
})

test('the database is gone: the copy becomes the vault, and the activity begins anew and says why', async () => {
  let tab = await vault()
  await add(tab, 'first')
  await tick(COPIED_MS)
  await tab.lock()
  await tick(50)
  browser.close()
  await tick(20)
  await deleteDB('keyhold')
  tab = await nextVisit()
  const { state, copy } = await tab.status()
  assert.deepEqual([state, copy], ['absent', true])
  assert.equal((await tab.recoverCopy()).state, 'locked')
  assert.deepEqual((await tab.unlock(passphrase())).findings, [])
  assert.deepEqual(await labels(tab), ['first'])
  const { verified, entries } = await tab.audit()
  assert.deepEqual(verified, { ok: true })
  assert.deepEqual(
    entries.map(({ action }) => action),
    ['unlock', 'trail-restart'],
  )
})

test('a damaged key is repaired from the copy however long somebody takes, and whatever is changed before', async () => {
  let tab = await vault()
  const { key: stored } = await add(tab, 'first')
  await tick(COPIED_MS)
  await tab.lock()
  await tick(50)
  await withDisk(async (db) => {
    const row = `record/${stored.id}`
    const bytes = await db.get('envelopes', row)
    bytes[bytes.length - 20] ^= 1
    await db.put('envelopes', bytes, row)
  })
  // The unlock is written down, and with it the copy; so is each change.
  for (const label of ['second', 'third']) {
    tab = await nextVisit()
    const { findings } = await tab.unlock(passphrase())
    assert.deepEqual(
      findings.map(({ id }) => id),
      [stored.id],
    )
    await tick(COPIED_MS)
    await add(tab, label)
    await tick(COPIED_MS)
    await tab.lock()
    await tick(50)
  }
  tab = await nextVisit()
  await tab.unlock(passphrase())
  assert.deepEqual((await tab.repair()).findings, [])
  assert.deepEqual(await labels(tab), ['first', 'second', 'third'])
})

test('a check of a moment ago is in the activity when the vault is locked at once', async () => {
  const tab = await vault(async () => new Response('{"data":[]}', { headers: { 'content-type': 'application/json' } }))
  const { key: stored } = await add(tab, 'first')
  await tab.check(stored.id)
  await tab.lock()
  await tick(50)
  await tab.unlock(passphrase())
  assert.deepEqual(await actions(tab), ['create', 'key-add', 'key-check', 'unlock'])
})

test('an answer that holds the key is stopped, and the activity says so', async () => {
  const tab = await vault(async () => new Response(`{"error":"no such key: ${SECRET}"}`))
  const { key: stored } = await add(tab, 'first')
  assert.equal((await tab.check(stored.id)).ok, false)
  const entry = (await tab.audit()).entries.find(({ action }) => action === 'key-reflected')
  assert.deepEqual([entry.subject, entry.code], [stored.id, 'ERR_KEY_REFLECTED'])
})

test('a damaged passphrase slot is told from a wrong passphrase, and costs no attempt', async () => {
  const tab = await vault()
  await tab.lock()
  await tick(50)
  await withDisk(async (db) => {
    const row = (await db.getAllKeys('envelopes')).find((name) => name.startsWith('slot/'))
    const bytes = await db.get('envelopes', row)
    bytes[bytes.length - 1] ^= 1
    await db.put('envelopes', bytes, row)
  })
  const next = await nextVisit()
  assert.equal((await next.status()).slots[0].damaged, true)
  await assert.rejects(next.unlock(passphrase()), ({ code }) => code === 'ERR_SLOT_DAMAGED')
  assert.equal((await next.status()).failedAttempts, 0)
})

test('a proof while the vault is open is a guess like any other: from the fifth wrong one on it waits', async () => {
  const tab = await vault()
  const [{ id }] = (await tab.status()).slots
  const guess = (text) => tab.removeSlot({ passphrase: passphrase(text) }, id)
  for (let wrong = 0; wrong < 5; wrong += 1) {
    await assert.rejects(guess('not the passphrase'), ({ code }) => code === 'ERR_CANNOT_UNLOCK')
  }
  await assert.rejects(guess(), ({ code, retryAfterS }) => code === 'ERR_UNLOCK_WAIT' && retryAfterS > 50)
  const { state, waitS, failedAttempts } = await tab.status()
  assert.deepEqual([state, waitS > 50, failedAttempts], ['unlocked', true, 5])
})
