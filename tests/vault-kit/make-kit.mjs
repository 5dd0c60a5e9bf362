// Makes kit.json: vaults that somebody tampered with, sealed anew where it takes a key to be hostile. With libsodium.js
// and no line of Keyhold's. The same bytes each time, so that a change of the kit is a change of the format.
// Usage: node tests/vault-kit/make-kit.mjs
import { writeFileSync } from 'node:fs'
import { backupCases } from './backup-cases.mjs'
import { pageCases } from './page-cases.mjs'
import { pageOf, Source } from './source.mjs'
import {
  base64url,
  BLOCK,
  bodyOf,
  concat,
  digestOf,
  edited,
  flipped,
  headerOf,
  KDF,
  newId,
  seal,
  sealRaw,
  sodium,
  utf8,
} from './sealing.mjs'

const ZEROS = new Uint8Array(32)

// --- the vault they are all made from, and what it was before ---

const passphrase = utf8('pässwörd🔑 of the kit')
const own = new Source()
own.putSlot(passphrase)
const idLike = (fits) => {
  for (;;) {
    const id = newId()
    if (fits(id[0])) return id
  }
}
// Two on one page, and each of the others on its own.
const first = newId()
const second = idLike((character) => character !== first[0])
const gone = idLike((character) => character !== first[0] && character !== second[0])
const third = idLike((character) => character === first[0])
own.put(`record/${first}`, own.sealRecord(first, 1, 'first', 'sk-kit-first-old'))
own.put(`record/${second}`, own.sealRecord(second, 1, 'second', 'sk-kit-second'))
own.put(`record/${gone}`, own.sealRecord(gone, 1, 'gone', 'sk-kit-deleted'))
own.put(`record/${third}`, own.sealRecord(third, 1, 'third, to be renamed', 'sk-kit-third'))
own.put('settings', own.sealSettings(1))
for (const action of ['create', 'key-add', 'key-add', 'key-add', 'key-add']) own.note(action)
own.putList()
const before = new Map(own.sealed)

own.generation = 2
own.put(`record/${first}`, own.sealRecord(first, 2, 'first', 'sk-kit-first'))
own.put(`record/${third}`, own.sealRecord(third, 2, 'third', 'sk-kit-third'))
own.sealed.delete(`record/${gone}`)
own.put('settings', own.sealSettings(2, { defaults: { openai: first } }))
for (const action of ['key-replace', 'key-delete', 'key-label']) own.note(action)
const ledgerHeader = own.header('ledger', first, 1)
own.put(`ledger/${first}`, seal(ledgerHeader, { used: 5000, uses: 1 }, [], own.keys.ledger))
own.putList()
const now = own.sealed

const foreign = new Source()
foreign.putSlot(utf8('another passphrase'))
foreign.put(`record/${first}`, foreign.sealRecord(first, 2, 'theirs', 'sk-kit-foreign'))
foreign.put('settings', foreign.sealSettings(1))
foreign.note('create')
foreign.putList()

// --- the cases ---

const RECORD = `record/${first}`
const OTHER = `record/${second}`
const PAGE = pageOf(RECORD)
const SLOT = `slot/${own.slot}`
const ENTRY = (seq) => `audit/${String(seq).padStart(12, '0')}`
const LAST = own.audit.last
const record = now.get(RECORD)
const slot = now.get(SLOT)
const manifest = now.get('manifest')
const settings = now.get('settings')

const finding = (key, kind, code) => ({ key, kind, code })
const altered = (key, code = 'ERR_TAMPERED') => finding(key, 'altered', code)

const cases = []
/** `change`: row key -> its new bytes, or null for a row that is gone. */
function add(name, what, change, expected) {
  const put = {}
  const drop = []
  for (const [key, bytes] of Object.entries(change)) {
    if (bytes === null) drop.push(key)
    else if (bytes instanceof Uint8Array) put[key] = { bytes: base64url(bytes) }
    else put[key] = bytes
  }
  const findings = expected.findings ?? []
  const lost = new Set(findings.filter(({ kind }) => kind !== 'unexpected').map(({ key }) => key))
  const keys = expected.keys ?? [first, second, third].filter((id) => !lost.has(`record/${id}`))
  const unlocked = expected.unlock ?? 'ok'
  cases.push({
    name,
    kind: 'vault',
    what,
    put,
    drop,
    expect: unlocked === 'ok' ? { unlock: 'ok', findings, keys, audit: expected.audit ?? null } : { unlock: unlocked },
  })
}
/** One row in another form, reported by itself. */
const spoilt = (name, what, key, bytes, code = 'ERR_BAD_FORMAT') =>
  add(name, what, { [key]: bytes }, { findings: [altered(key, code)] })
const noWayIn = (name, what, bytes, code) => add(name, what, { [SLOT]: bytes }, { unlock: code })
const relisted = (key, bytes) => ({ [key]: bytes, ...own.list(new Map([...now, [key, bytes]])).rows })
const noWayInListed = (name, what, bytes, code) => add(name, what, relisted(SLOT, bytes), { unlock: code })
/** Sealed and listed by whoever has the keys. */
const insider = (name, what, key, bytes, findings) => add(name, what, relisted(key, bytes), { findings })
const hostileManifest = (name, what, head, findings, keys) =>
  add(name, what, own.list(now, { head }).rows, { findings, keys })
/** The manifest lists each page as it then is. */
const hostilePage = (name, what, page, expected) => add(name, what, own.list(now, { page }).rows, expected)

add('sound', 'Nothing was done to it.', {}, {})

// Truncated and trailing.
spoilt('record-cut-by-one', 'The last byte of a record is missing.', RECORD, record.subarray(0, -1))
spoilt('record-cut-by-a-block', 'The last 256 bytes of a record are missing.', RECORD, record.subarray(0, -BLOCK))
spoilt('record-header-only', 'Nothing is left of a record but its header.', RECORD, record.subarray(0, 5 + record[3]))
spoilt('record-empty', 'A record of no bytes.', RECORD, new Uint8Array())
spoilt('record-trailing-byte', 'One byte follows a record.', RECORD, concat(record, [0]))
spoilt(
  'record-trailing-block',
  '256 bytes follow a record.',
  RECORD,
  concat(record, new Uint8Array(BLOCK)),
  'ERR_TAMPERED',
)
spoilt('settings-cut', 'The settings end early.', 'settings', settings.subarray(0, -1))
add(
  'manifest-cut',
  'The manifest ends early: its rows are usable, and reported as not vouched for.',
  { manifest: manifest.subarray(0, -1) },
  { findings: [altered('manifest', 'ERR_BAD_FORMAT')] },
)
add(
  'manifest-trailing-block',
  '256 bytes follow the manifest.',
  { manifest: concat(manifest, new Uint8Array(BLOCK)) },
  { findings: [altered('manifest')] },
)
noWayIn('slot-cut', 'The slot ends early.', slot.subarray(0, -1), 'ERR_BAD_FORMAT')
noWayIn('slot-trailing-block', '256 bytes follow the slot.', concat(slot, new Uint8Array(BLOCK)), 'ERR_SLOT_DAMAGED')

// Flipped.
spoilt('record-tag', 'A bit of a tag is flipped.', RECORD, flipped(record, 1), 'ERR_TAMPERED')
spoilt('record-ciphertext', 'A bit of a ciphertext is flipped.', RECORD, flipped(record, 100), 'ERR_TAMPERED')
spoilt('record-nonce', 'A bit of a nonce is flipped.', RECORD, flipped(record, 16 + BLOCK + 1), 'ERR_TAMPERED')
spoilt(
  'record-provider',
  'A record names another provider.',
  RECORD,
  edited(record, '"openai"', '"openbi"'),
  'ERR_TAMPERED',
)
spoilt(
  'record-base',
  'A record names another address.',
  RECORD,
  edited(record, 'api.openai.com', 'api.openai.con'),
  'ERR_ENDPOINT_MISMATCH',
)
noWayIn(
  'slot-tag',
  'A bit of the slot’s tag is flipped: not taken for a wrong passphrase.',
  flipped(slot, 1),
  'ERR_SLOT_DAMAGED',
)
add(
  'manifest-tag',
  'A bit of the manifest’s tag is flipped.',
  { manifest: flipped(manifest, 1) },
  { findings: [altered('manifest')] },
)
add(
  'ledger-tag',
  'A bit of a ledger row is flipped: the key is usable.',
  { [`ledger/${first}`]: flipped(now.get(`ledger/${first}`), 1) },
  { findings: [altered(`ledger/${first}`)] },
)

// Swapped.
add(
  'records-swapped',
  'Two records in each other’s place.',
  { [RECORD]: now.get(OTHER), [OTHER]: record },
  { findings: [finding(RECORD, 'swapped', 'ERR_SWAPPED'), finding(OTHER, 'swapped', 'ERR_SWAPPED')] },
)
add(
  'settings-for-record',
  'The settings in a record’s place.',
  { [RECORD]: settings },
  { findings: [finding(RECORD, 'swapped', 'ERR_SWAPPED')] },
)
add(
  'record-for-manifest',
  'A record in the manifest’s place.',
  { manifest: record },
  { findings: [altered('manifest', 'ERR_SWAPPED')] },
)
add(
  'record-for-ledger',
  'A record in a ledger row’s place.',
  { [`ledger/${first}`]: record },
  { findings: [altered(`ledger/${first}`, 'ERR_SWAPPED')] },
)
noWayIn('record-for-slot', 'A record in the slot’s place.', record, 'ERR_SWAPPED')
add(
  'record-renamed',
  'A record under an id that is not its own.',
  { [`record/${gone}`]: record },
  { findings: [finding(`record/${gone}`, 'unexpected', 'ERR_SWAPPED')] },
)

// Replayed.
add(
  'record-replayed',
  'An older revision of a record.',
  { [RECORD]: before.get(RECORD) },
  { findings: [finding(RECORD, 'stale', 'ERR_STALE_RECORD')] },
)
add(
  'settings-replayed',
  'An older revision of the settings.',
  { settings: before.get('settings') },
  { findings: [finding('settings', 'stale', 'ERR_STALE_RECORD')] },
)
add(
  'record-resurrected',
  'A record that was deleted is there again.',
  { [`record/${gone}`]: before.get(`record/${gone}`) },
  { findings: [finding(`record/${gone}`, 'unexpected', 'ERR_STALE_RECORD')] },
)
add(
  'manifest-replayed',
  'The manifest of an older generation, over the rows of today.',
  { manifest: before.get('manifest') },
  {
    findings: [altered(PAGE), finding(pageOf(`record/${gone}`), 'missing', 'ERR_NOT_FOUND'), altered('settings')],
    audit: null,
  },
)

// Dropped.
add(
  'record-dropped',
  'A record is gone.',
  { [RECORD]: null },
  { findings: [finding(RECORD, 'missing', 'ERR_NOT_FOUND')] },
)
add(
  'settings-dropped',
  'The settings are gone.',
  { settings: null },
  { findings: [finding('settings', 'missing', 'ERR_NOT_FOUND')] },
)
add(
  'manifest-dropped',
  'The manifest is gone.',
  { manifest: null },
  { findings: [finding('manifest', 'missing', 'ERR_NOT_FOUND')] },
)
add('slot-dropped', 'No way in is left.', { [SLOT]: null }, { unlock: 'ERR_NOT_FOUND' })
add(
  'slot-and-manifest-dropped',
  'Neither a way in nor a manifest is left.',
  { [SLOT]: null, manifest: null },
  { unlock: 'ERR_BAD_FORMAT' },
)

// Downgraded and overdone. The slots are sealed as they say: only the bounds speak against them.
const weak = (kdf) => seal(own.slotHeader({ ...KDF, ...kdf }), {}, own.root, own.slotKey)
noWayIn('kdf-one-pass', 'One pass of Argon2id.', weak({ t: 1 }), 'ERR_KDF_BOUNDS')
noWayIn('kdf-no-pass', 'No pass of Argon2id.', weak({ t: 0 }), 'ERR_KDF_BOUNDS')
noWayIn('kdf-below-floor', 'One KiB below the floor.', weak({ m: KDF.m - 1 }), 'ERR_KDF_BOUNDS')
noWayIn('kdf-above-ceiling', 'One KiB above the ceiling of 1 GiB.', weak({ m: 1024 * 1024 + 1 }), 'ERR_KDF_BOUNDS')
noWayIn('kdf-4-gib', '4 GiB: refused before any memory is taken.', weak({ m: 4 * 1024 * 1024 }), 'ERR_KDF_BOUNDS')
noWayIn('kdf-too-many-passes', 'Eleven passes.', weak({ t: 11 }), 'ERR_KDF_BOUNDS')
noWayIn(
  'kdf-too-much-work',
  'Passes and memory within their bounds, together too much.',
  weak({ t: 10, m: 1024 * 1024 }),
  'ERR_KDF_BOUNDS',
)
noWayIn('kdf-other', 'Another algorithm.', weak({ alg: 'argon2i' }), 'ERR_BAD_FORMAT')
noWayIn(
  'slot-of-no-kind',
  'A kind of slot that is none.',
  edited(slot, '"passphrase"', '"pbssphrase"'),
  'ERR_BAD_FORMAT',
)
spoilt('version-older', 'A record of format 0.', RECORD, edited(record, 'KH1', 'KH0'))
spoilt('version-newer', 'A record of format 2.', RECORD, edited(record, 'KH1', 'KH2'))
noWayIn('slot-version-newer', 'A slot of format 2.', edited(slot, 'KH1', 'KH2'), 'ERR_BAD_FORMAT')

// Oversize.
spoilt(
  'header-claims-64-kib',
  'A header that says it is 65,535 bytes long.',
  RECORD,
  concat(record.subarray(0, 3), [255, 255], record.subarray(5)),
)
spoilt(
  'header-5000',
  'A header of 5,000 bytes, sealed.',
  RECORD,
  sealRaw(
    concat(utf8(JSON.stringify(own.recordHeader(first, 2))), new Uint8Array(5000).fill(32)).subarray(0, 5000),
    bodyOf(own.recordInfo('x')),
    own.keys.record,
  ),
)
spoilt('row-above-4-mib', 'A row larger than any may be.', RECORD, { bytes: base64url(record), zeros: 4 * 1024 * 1024 })

// Headers of another form, sealed with the right key.
const sealedHeader = (text) => sealRaw(utf8(text), bodyOf(own.recordInfo('x'), utf8('sk-x')), own.keys.record)
const headerText = JSON.stringify(own.recordHeader(first, 2))
for (const [name, what, text] of [
  ['header-unknown-member', 'A header with a member nobody knows.', headerText.replace('{', '{"extra":1,')],
  [
    'header-member-twice',
    'A header that says its address twice.',
    headerText.replace('}', ',"base":"https://evil.example/"}'),
  ],
  [
    'header-member-missing',
    'A header without an address.',
    headerText.replace('"base":"https://api.openai.com/v1/",', ''),
  ],
  ['header-revision-zero', 'A revision below the first.', headerText.replace('"rev":2', '"rev":0')],
  ['header-revision-huge', 'A revision above 2^53.', headerText.replace('"rev":2', '"rev":9007199254740993')],
  ['header-revision-fraction', 'A revision that is no integer.', headerText.replace('"rev":2', '"rev":2.5')],
  ['header-of-no-purpose', 'A purpose nobody knows.', headerText.replace('"record"', '"recard"')],
  ['header-array', 'A header that is no object.', `[${headerText}]`],
  ['header-deep', 'A header nested a hundred deep.', '['.repeat(100) + ']'.repeat(100)],
  ['header-text-after', 'Text after the header’s object.', `${headerText}{}`],
  ['header-comment', 'A header with a comment.', `/* */${headerText}`],
]) {
  spoilt(name, what, RECORD, sealedHeader(text))
}
spoilt(
  'header-bad-utf8',
  'A header that is no UTF-8.',
  RECORD,
  sealRaw(concat(utf8(headerText.slice(0, -1)), utf8(',"x":"'), [0xc0, 0x80], utf8('"}')), bodyOf({}), own.keys.record),
)

// Bodies of another form, sealed and listed by whoever has the keys.
const recordOf = (body, header = own.recordHeader(first, 2)) =>
  sealRaw(utf8(JSON.stringify(header)), body, own.keys.record)
const info = own.recordInfo('x')
insider(
  'body-unknown-member',
  'A record with a member nobody knows.',
  RECORD,
  recordOf(bodyOf({ ...info, extra: 1 }, utf8('sk-x'))),
  [altered(RECORD, 'ERR_BAD_JSON')],
)
insider(
  'body-member-twice',
  'A record that says its label twice.',
  RECORD,
  recordOf(bodyOf('{"label":"a","label":"b","hint":"","created":1,"changed":1}', utf8('sk-x'))),
  [altered(RECORD, 'ERR_BAD_JSON')],
)
insider('body-no-json', 'A record whose facts are no JSON.', RECORD, recordOf(bodyOf('label=x', utf8('sk-x'))), [
  altered(RECORD, 'ERR_BAD_JSON'),
])
insider(
  'body-length-beyond',
  'Facts said to be longer than the body.',
  RECORD,
  recordOf(sodium.pad(concat([255, 255, 255, 255], utf8('{}')), BLOCK)),
  [altered(RECORD, 'ERR_BAD_FORMAT')],
)
insider('body-all-zeros', 'A body without an end of its padding.', RECORD, recordOf(new Uint8Array(BLOCK)), [
  altered(RECORD, 'ERR_BAD_FORMAT'),
])
insider(
  'body-padding-a-block-early',
  'Padding that begins before the last block.',
  RECORD,
  recordOf(concat(bodyOf(info, utf8('sk-x')), new Uint8Array(BLOCK))),
  [altered(RECORD, 'ERR_BAD_FORMAT')],
)
insider(
  'record-under-settings-key',
  'A record sealed with the subkey of the settings.',
  RECORD,
  seal(own.recordHeader(first, 2), info, utf8('sk-x'), own.keys.settings),
  [altered(RECORD)],
)
insider(
  'settings-unknown-member',
  'Settings with a member nobody knows.',
  'settings',
  own.sealSettings(2, { extra: [] }),
  [altered('settings', 'ERR_BAD_JSON')],
)
insider(
  'settings-never-lock',
  'Settings that say: lock after no minute.',
  'settings',
  own.sealSettings(2, { lock: 0 }),
  [altered('settings', 'ERR_BAD_JSON')],
)
noWayInListed(
  'slot-short-root',
  'A slot that holds 31 bytes.',
  seal(own.slotHeader(), {}, own.root.subarray(1), own.slotKey),
  'ERR_BAD_FORMAT',
)
noWayInListed(
  'slot-with-facts',
  'A slot that says something beside its key.',
  seal(own.slotHeader(), { a: 1 }, own.root, own.slotKey),
  'ERR_BAD_FORMAT',
)
noWayIn(
  'slot-other-key',
  'A slot sealed with another key, not as listed.',
  seal(own.slotHeader(), {}, own.root, foreign.slotKey),
  'ERR_SLOT_DAMAGED',
)
noWayInListed(
  'slot-other-key-listed',
  'A slot sealed with another key, and listed so: a wrong passphrase.',
  seal(own.slotHeader(), {}, own.root, foreign.slotKey),
  'ERR_CANNOT_UNLOCK',
)

// Manifests of another form, sealed.
for (const [name, what, code, change] of [
  [
    'manifest-short-digest',
    'A digest of 31 bytes.',
    'ERR_BAD_FORMAT',
    (body) => (body.entries.settings[1] = base64url(ZEROS.subarray(1))),
  ],
  ['manifest-entry-empty', 'An entry that says nothing.', 'ERR_BAD_FORMAT', (body) => (body.entries.settings = [])],
  ['manifest-revision-text', 'A revision that is a text.', 'ERR_BAD_JSON', (body) => (body.entries.settings[0] = '2')],
  [
    'manifest-lists-record',
    'The manifest lists a record itself, without a page.',
    'ERR_BAD_FORMAT',
    (body) => (body.entries[RECORD] = own.listed(now)[RECORD]),
  ],
  [
    'manifest-page-of-two',
    'A page for two characters.',
    'ERR_BAD_FORMAT',
    (body) => (body.entries['page/AB'] = body.entries[PAGE]),
  ],
  [
    'manifest-page-of-none',
    'A page for no character.',
    'ERR_BAD_FORMAT',
    (body) => (body.entries['page/'] = body.entries[PAGE]),
  ],
  ['manifest-without-audit', 'No word about the trail.', 'ERR_BAD_JSON', (body) => delete body.audit],
  [
    'manifest-slot-unlisted',
    'The header lists a way in that the body does not.',
    'ERR_BAD_FORMAT',
    (body) => delete body.entries[SLOT],
  ],
  [
    'manifest-slots-differ',
    'The header has another digest for a way in than the body.',
    'ERR_BAD_FORMAT',
    (body, header) => (header.slots[own.slot] = digestOf(ZEROS)),
  ],
  ['manifest-unknown-member', 'A member nobody knows.', 'ERR_BAD_JSON', (body) => (body.extra = 1)],
  ['manifest-endless-audit', 'A trail of 2^53 entries.', 'ERR_BAD_FORMAT', (body) => (body.audit.last = 2 ** 53)],
  [
    'manifest-audit-without-steps',
    'A trail that is long enough to have a step, without it.',
    'ERR_BAD_FORMAT',
    (body) => (body.audit.last = 1500),
  ],
]) {
  hostileManifest(name, what, change, [altered('manifest', code)])
}

// Of another vault.
add(
  'foreign-record',
  'Another vault’s record in the place of one’s own.',
  { [RECORD]: foreign.sealed.get(RECORD) },
  { findings: [finding(RECORD, 'swapped', 'ERR_SWAPPED')] },
)
add(
  'foreign-settings',
  'Another vault’s settings.',
  { settings: foreign.sealed.get('settings') },
  { findings: [finding('settings', 'swapped', 'ERR_SWAPPED')] },
)
add(
  'foreign-manifest',
  'Another vault’s manifest.',
  { manifest: foreign.sealed.get('manifest') },
  { findings: [altered('manifest', 'ERR_SWAPPED')] },
)
add(
  'foreign-slot',
  'Another vault’s way in beside one’s own.',
  { [`slot/${foreign.slot}`]: foreign.sealed.get(`slot/${foreign.slot}`) },
  { findings: [finding(`slot/${foreign.slot}`, 'unexpected', 'ERR_SWAPPED')] },
)
add(
  'foreign-vault',
  'Another vault altogether: this passphrase does not open it.',
  { ...Object.fromEntries([...now.keys()].map((key) => [key, null])), ...Object.fromEntries(foreign.sealed) },
  { unlock: 'ERR_CANNOT_UNLOCK' },
)
add(
  'row-of-no-kind',
  'A row that is nobody’s.',
  { rubbish: new Uint8Array([1, 2, 3]) },
  { findings: [finding('rubbish', 'unexpected', 'ERR_BAD_FORMAT')] },
)

// The trail. It is read apart from the rest: `audit` is the number of the first entry that is missing or does not fit.
add('audit-dropped', 'An entry of the trail is gone.', { [ENTRY(3)]: null }, { audit: 3 })
add(
  'audit-cut',
  'The last two entries are gone.',
  { [ENTRY(LAST - 1)]: null, [ENTRY(LAST)]: null },
  { audit: LAST - 1 },
)
add('audit-flipped', 'A bit of an entry is flipped.', { [ENTRY(4)]: flipped(now.get(ENTRY(4)), 1) }, { audit: 4 })
add(
  'audit-swapped',
  'Two entries in each other’s place.',
  { [ENTRY(2)]: now.get(ENTRY(3)), [ENTRY(3)]: now.get(ENTRY(2)) },
  { audit: 2 },
)
add('audit-replayed', 'An entry a second time.', { [ENTRY(LAST)]: now.get(ENTRY(LAST - 1)) }, { audit: LAST })
add('audit-foreign', 'Another vault’s first entry.', { [ENTRY(1)]: foreign.sealed.get(ENTRY(1)) }, { audit: 1 })
{
  const info = { at: 1, action: 'key-add', code: 'ok' }
  const forged = seal(headerOf(now.get(ENTRY(LAST))), info, [], own.keys.audit)
  add(
    'audit-forged-last',
    'Another last entry, sealed and chained: only the manifest tells.',
    { [ENTRY(LAST)]: forged },
    { audit: LAST },
  )
}

pageCases({
  own,
  foreign,
  now,
  before,
  names: {
    first,
    second,
    third,
    gone,
    RECORD,
    OTHER,
    PAGE,
    OTHER_PAGE: pageOf(OTHER),
    GONE_PAGE: pageOf(`record/${gone}`),
  },
  words: { add, spoilt, hostilePage, hostileManifest, finding, altered },
})

const backups = backupCases({ record, slot, manifest, foreignRecord: foreign.sealed.get(RECORD) })
const all = [...cases, ...backups.cases]

const rows = Object.fromEntries([...now].map(([key, bytes]) => [key, base64url(bytes)]))
const kit = {
  about:
    'Vaults somebody tampered with, and what must come of each. README.md says how to run them. All keys are made up.',
  format: 1,
  passphrase: base64url(passphrase),
  slotKey: base64url(own.slotKey),
  secrets: { [first]: 'sk-kit-first', [second]: 'sk-kit-second', [third]: 'sk-kit-third' },
  base: 'https://api.openai.com/v1/',
  rows,
  backup: backups.facts,
  cases: all.map((one) => ({ ...one, expect: sorted(one.expect) })),
}
writeFileSync(new URL('kit.json', import.meta.url), JSON.stringify(kit, null, 1) + '\n')
console.log(`${all.length} cases`)

function sorted(expect) {
  const byKey = (a, b) => (a.key < b.key ? -1 : 1)
  return expect.findings ? { ...expect, findings: expect.findings.toSorted(byKey) } : expect
}
