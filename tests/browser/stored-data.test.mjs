// stored-data: what lies on disk was changed behind the vault's back: each change has its own code, sound keys stay
// usable, and nothing is deleted.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { kdfOf, openVault, slotKeyOf } from '../web/support/vault-reader.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { readDisk, writeDisk } from './support/disk.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const MAGIC_BYTES = 3
const HEADER_AT = 5
const TOO_LARGE = 4 << 20

let demo
let site
let browser
let page
let noted
/** The rows as Keyhold wrote them, and the victim's, and the page's that lists it, as they were before its last change. */
let original
let oldVictim
let oldPage
let slotKey
const ids = {}

before(async () => {
  demo = await startDemo({ fast: true })
  site = await startTestSite(demoConfig(demo))
  browser = await openChromium()
  const context = await browser.newContext()
  noted = await watch(context)
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await connect()
  assert.equal((await open('create')).state, 'unlocked')
  for (const label of ['victim', 'sound', 'other']) {
    ids[label] = await page.evaluate(
      async ([label, key]) => {
        const secret = window.keyhold.keyBytes(key)
        return (await window.engine.add({ provider: 'demo', label, secret, unchecked: true })).key.id
      },
      [label, demo.key],
    )
  }
  const before = await readRows()
  oldVictim = before[record('victim')]
  oldPage = before[listing('victim')]
  await page.evaluate(
    ([id, key]) => window.engine.replace(id, window.keyhold.keyBytes(key), { unchecked: true }),
    [ids.victim, demo.key],
  )
  await leave()
  original = await readRows()
  const { salt, passes, memKib } = kdfOf(sealedRows(original))
  slotKey = slotKeyOf(new TextEncoder().encode(PASSPHRASE), salt, passes, memKib)
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await demo?.stop()
})

const activityKeys = (rows) =>
  Object.keys(rows)
    .filter((key) => key.startsWith('audit/'))
    .toSorted()
const sealedRows = (rows) => new Map(Object.entries(rows).filter(([, bytes]) => bytes !== null))
const record = (label) => `record/${ids[label]}`
/** The page of the manifest that lists a key. */
const listing = (label) => `page/${ids[label][0]}`
const slot = () => Object.keys(original).find((key) => key.startsWith('slot/'))

test('the database is as documented, and a reader of its own finds the activity whole', async () => {
  const { version, stores, format } = await readDisk(page)
  assert.deepEqual(
    { version, stores, format },
    { version: 3, stores: ['audit', 'envelopes', 'ledger', 'meta', 'usage'], format: 1 },
  )
  const { opened } = openVault(sealedRows(original), slotKey)
  assert.deepEqual(
    activityKeys(original).map((key) => opened.get(key).info.action),
    ['create', 'key-add', 'key-add', 'key-add', 'key-replace'],
  )
})

describe('one key changed: a finding of its own, and the others work', () => {
  const cases = {
    'a flipped bit in what is sealed': ['ERR_TAMPERED', 'altered', (bytes) => flip(bytes, bytes.length - 20)],
    'a flipped bit in the last byte': ['ERR_TAMPERED', 'altered', (bytes) => flip(bytes, bytes.length - 1)],
    'cut short': ['ERR_BAD_FORMAT', 'altered', (bytes) => bytes.subarray(0, bytes.length - 7)],
    'nothing left': ['ERR_BAD_FORMAT', 'altered', () => Buffer.alloc(0)],
    'far too large': ['ERR_BAD_FORMAT', 'altered', (bytes) => Buffer.concat([bytes, Buffer.alloc(TOO_LARGE)])],
    'an unknown version': ['ERR_BAD_FORMAT', 'altered', (bytes) => flip(bytes, MAGIC_BYTES - 1)],
    'another endpoint': [
      'ERR_ENDPOINT_MISMATCH',
      'altered',
      (bytes) => withHeader(bytes, (header) => ({ ...header, base: 'https://evil.example/v1/' })),
    ],
    'another provider': [
      'ERR_TAMPERED',
      'altered',
      (bytes) => withHeader(bytes, (header) => ({ ...header, provider: 'openai' })),
    ],
    "another key's row in its place": ['ERR_SWAPPED', 'swapped', () => original[record('other')]],
    'its older version put back': ['ERR_STALE_RECORD', 'stale', () => oldVictim],
    'taken away': ['ERR_NOT_FOUND', 'missing', () => null],
  }
  for (const [name, [code, kind, change]] of Object.entries(cases)) {
    test(`${name}: ${code}`, async () => {
      const rows = { ...original, [record('victim')]: change(Buffer.from(original[record('victim')])) }
      await writeRows(rows)
      await connect()
      const { state, findings } = await open('unlock')
      assert.equal(state, 'unlocked')
      assert.deepEqual(findings, [{ code, kind, purpose: 'record', id: ids.victim }])
      assert.ok((await models(ids.sound)).includes('demo-small'), 'the sound key works')
      assert.notDeepEqual(await models(ids.victim), await models(ids.sound), 'the changed key is not used')
      await page.evaluate((id) => window.engine.setLabel(id, 'renamed'), ids.sound)
      assertKept(await readRows(), rows)
    })
  }
})

describe('what opens or lists the keys changed: said by its code', () => {
  const kdf = (change) => (bytes) => withHeader(bytes, (header) => ({ ...header, kdf: { ...header.kdf, ...change } }))
  const cases = {
    'a flipped bit in what is sealed': ['ERR_SLOT_DAMAGED', (bytes) => flip(bytes, bytes.length - 20)],
    'an unknown version': ['ERR_BAD_FORMAT', (bytes) => flip(bytes, MAGIC_BYTES - 1)],
    'cut short': ['ERR_BAD_FORMAT', (bytes) => bytes.subarray(0, 40)],
    'too few passes': ['ERR_KDF_BOUNDS', kdf({ t: 1 })],
    'too little memory': ['ERR_KDF_BOUNDS', kdf({ m: 1024 })],
    'too much memory': ['ERR_KDF_BOUNDS', kdf({ m: 64 * 1024 * 1024 })],
    'too many passes': ['ERR_KDF_BOUNDS', kdf({ t: 1_000_000 })],
  }
  for (const [name, [code, change]] of Object.entries(cases)) {
    test(`${name}: ${code}`, async () => {
      const rows = { ...original, [slot()]: change(Buffer.from(original[slot()])) }
      await writeRows(rows)
      await connect()
      assert.equal((await open('unlock')).code, code)
      assert.deepEqual(await readRows(), rows)
    })
  }

  test('the same with no list of keys to tell damage from a wrong passphrase: ERR_CANNOT_UNLOCK', async () => {
    const bytes = Buffer.from(original[slot()])
    const rows = { ...original, [slot()]: flip(bytes, bytes.length - 20), manifest: null }
    await writeRows(rows)
    await connect()
    assert.equal((await open('unlock')).code, 'ERR_CANNOT_UNLOCK')
    assertKept(await readRows(), { ...rows, manifest: undefined })
  })

  const damaged = ['ERR_TAMPERED', 'altered', (bytes) => flip(bytes, bytes.length - 20)]
  const gone = ['ERR_NOT_FOUND', 'missing', () => null]
  const lists = {
    'the list of keys damaged': ['manifest', ...damaged],
    'the list of keys gone': ['manifest', ...gone],
    'a page of it damaged': ['page', ...damaged],
    'a page of it gone': ['page', ...gone],
    'an older page of it put back': ['page', 'ERR_STALE_RECORD', 'stale', () => oldPage],
    'a record in the place of a page': ['page', 'ERR_SWAPPED', 'swapped', () => original[record('victim')]],
  }
  for (const [name, [purpose, code, kind, change]] of Object.entries(lists)) {
    test(`${name}: ${code}, and the vault opens all the same`, async () => {
      const row = purpose === 'page' ? listing('victim') : purpose
      const rows = { ...original, [row]: change(Buffer.from(original[row])) }
      await writeRows(rows)
      await connect()
      const { findings } = await open('unlock')
      assert.deepEqual(findings, [{ code, kind, purpose, id: row.split('/').at(-1) }])
      for (const id of Object.values(ids)) assert.ok((await models(id)).includes('demo-small'), 'every key works')
      const refused = await page.evaluate(
        (id) => window.engine.setLabel(id, 'x').catch((error) => error.code),
        ids.sound,
      )
      assert.equal(refused, 'ERR_TAMPERED')
      assertKept(await readRows(), { ...rows, manifest: undefined })
    })
  }
})

describe('activity changed: said where it breaks, and every key works', () => {
  const cases = {
    'an entry altered': (rows, [, second]) => ({ [second]: flip(Buffer.from(rows[second]), rows[second].length - 20) }),
    'an entry taken away': (_rows, [, second]) => ({ [second]: null }),
    'an entry in the place of another': (rows, [, second, third]) => ({ [second]: rows[third] }),
    'the last entry taken away': (_rows, keys) => ({ [keys.at(-1)]: null }),
  }
  for (const [name, change] of Object.entries(cases)) {
    test(name, async () => {
      const keys = activityKeys(original)
      const changed = change(original, keys)
      await writeRows({ ...original, ...changed })
      assert.throws(() => openVault(sealedRows({ ...original, ...changed }), slotKey))
      await connect()
      assert.deepEqual((await open('unlock')).findings, [])
      for (const id of Object.values(ids)) assert.ok((await models(id)).includes('demo-small'), 'every key works')
      const { entries, verified } = await page.evaluate(() => window.engine.audit())
      const first = Object.keys(changed).toSorted()[0]
      assert.deepEqual(verified, { ok: false, broken: Number(first.split('/')[1]) })
      // What is written from here on does not mend it.
      assert.equal(entries.at(-1).action, 'unlock')
      assertKept(await readRows(), { ...original, ...changed })
    })
  }
})

test('all activity taken away, as with a lost database: it begins anew, and says so', async () => {
  const none = Object.fromEntries(activityKeys(original).map((key) => [key, null]))
  await writeRows({ ...original, ...none })
  await connect()
  assert.deepEqual((await open('unlock')).findings, [])
  const { entries, verified, firstSeq } = await page.evaluate(() => window.engine.audit())
  assert.deepEqual(
    [verified, firstSeq, entries.map(({ action }) => action)],
    [{ ok: true }, activityKeys(original).length + 1, ['unlock', 'trail-restart']],
  )
})

test('a newer format on disk: ERR_VERSION, and nothing is written', async () => {
  await writeRows(original, 2)
  assert.equal(await connect(), 'ERR_VERSION')
  assert.deepEqual(await readRows(), original)
})

test('put back as it was, everything is as it was', async () => {
  await writeRows(original)
  await connect()
  assert.deepEqual((await open('unlock')).findings, [])
  for (const id of Object.values(ids)) assert.ok((await models(id)).includes('demo-small'))
  assert.deepEqual(noted.wrongs, [])
  assert.deepEqual(site.broken(), [])
})

/** A fresh worker: leaving the page has ended the last one. @returns {Promise<string | null>} the code of a refusal */
async function connect() {
  await leave()
  return page.evaluate(async () => {
    try {
      window.engine = await window.keyhold.KeyholdEngine.connect()
      return null
    } catch ({ code }) {
      return code
    }
  })
}

/** The page anew, without a worker: none is started before somebody connects. */
async function leave() {
  await page.goto('about:blank')
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => window.keyhold)
}

function open(how) {
  return page.evaluate(
    async ([how, passphrase]) => {
      try {
        return await window.engine[how](window.keyhold.passphraseBytes(passphrase))
      } catch ({ code }) {
        return { code }
      }
    },
    [how, PASSPHRASE],
  )
}

/** Names of models, which only a key that works is told; else the code. */
function models(id) {
  return page.evaluate((id) => window.engine.models(id).catch(({ code }) => code), id)
}

async function readRows() {
  return (await readDisk(page)).rows
}

async function writeRows(rows, format) {
  await leave()
  await writeDisk(page, rows, format)
  // The copy has seen later states: it would tell, rightly, that this one was put back.
  await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('keyhold.copy').catch(() => {}))
}

/** Whatever was there still is; what Keyhold itself wrote meanwhile (when a key was used, too) may differ. */
function assertKept(now, then) {
  for (const [key, bytes] of Object.entries(then)) {
    if (!bytes) continue
    assert.ok(now[key], `${key} is gone`)
    if (['manifest', record('sound'), listing('sound')].includes(key) || /^(ledger|usage|spend|late)\//.test(key))
      continue
    assert.ok(bytes.equals(now[key]), `${key} was written to`)
  }
}

function flip(bytes, at) {
  bytes[at] ^= 1
  return bytes
}

/** The same envelope with another header, as Keyhold would write it: keys in order, the length in front. */
function withHeader(bytes, change) {
  const size = bytes.readUInt16LE(MAGIC_BYTES)
  const header = change(JSON.parse(bytes.subarray(HEADER_AT, HEADER_AT + size).toString()))
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(2)
  length.writeUInt16LE(text.length)
  return Buffer.concat([bytes.subarray(0, MAGIC_BYTES), length, text, bytes.subarray(HEADER_AT + size)])
}
