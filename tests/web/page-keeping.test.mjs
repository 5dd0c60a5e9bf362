// page-keeping: does the page count days, sort choices and tell the record as they are?
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const { life, imports, audit, errors, KeyholdError } = await bundle(`
  export * as life from './web/src/page/key-life'
  export * as imports from './web/src/page/imports'
  export * as audit from './web/src/page/audit'
  export { ERROR_TEXT as errors } from './web/src/protocol/errors'
  export { KeyholdError } from './web/src/engine/error'`)
const DAY = 86_400_000
const NOON = new Date(2026, 10, 20, 12).getTime()

test('the end of a key is said in days while it is near, and is bad news only when it has come', () => {
  const said = (days) => life.expiry(NOON + days * DAY, NOON)
  assert.equal(life.expiry(null, NOON), null)
  assert.deepEqual(said(15), { words: 'Expires on Dec 5, 2026', tone: 'none' })
  assert.deepEqual(said(14), { words: 'Expires in 14 days', tone: 'warn' })
  assert.deepEqual(said(1), { words: 'Expires tomorrow', tone: 'warn' })
  assert.deepEqual(said(0.2), { words: 'Expires today', tone: 'warn' })
  assert.deepEqual(said(-0.2), { words: 'Expired today', tone: 'bad' })
  assert.deepEqual(said(-1), { words: 'Expired yesterday', tone: 'bad' })
  assert.deepEqual(said(-3), { words: 'Expired 3 days ago', tone: 'bad' })
  assert.deepEqual(said(-40), { words: 'Expired on Oct 11, 2026', tone: 'bad' })
})

test('an expiry date lasts to the end of its day, and comes back from its field as it went in', () => {
  const at = life.fromDateField('2026-11-20')
  assert.equal(life.expiry(at, NOON).words, 'Expires today')
  for (const day of ['2026-03-29', '2026-10-25', '2028-02-29', '2026-12-31']) {
    assert.equal(life.dateField(life.fromDateField(day)), day)
  }
  for (const wrong of ['', 'soon', '2026-13-01', '2026-02-30', '20-1-1'])
    assert.equal(life.fromDateField(wrong), null, wrong)
  assert.equal(life.dateField(null), '')
})

test('a key is called unused after 90 days, counted from its last use, or from when it was added', () => {
  const words = (lastUsedAt, createdAt) => life.unused({ lastUsedAt, createdAt }, NOON)
  assert.equal(words(NOON - 89 * DAY, 0), '')
  assert.match(words(NOON - 90 * DAY, 0), /^Not used for 90 days/)
  assert.match(words(null, NOON - 120 * DAY), /^Not used for 120 days/)
  assert.equal(words(null, NOON), '')
})

test('a key moves among those of its provider, past the others, and not beyond the ends', () => {
  const keys = [
    { id: 'a', provider: 'x' },
    { id: 'b', provider: 'y' },
    { id: 'c', provider: 'x' },
  ]
  assert.deepEqual(life.moved(keys, 'a', 1), ['c', 'b', 'a'])
  assert.deepEqual(life.moved(keys, 'c', -1), ['c', 'b', 'a'])
  assert.equal(life.moved(keys, 'a', -1), null)
  assert.equal(life.moved(keys, 'c', 1), null)
  assert.equal(life.moved(keys, 'b', 1), null)
  assert.equal(life.moved(keys, 'nobody', 1), null)
})

const item = (state, rest = {}) => ({
  provider: 'openai',
  label: 'x',
  hint: '',
  base: '',
  state,
  key: null,
  unknownProvider: false,
  ...rest,
})
const ITEMS = [item('new'), item('same'), item('differs'), item('new', { unknownProvider: true })]

test('nothing that is in the vault is replaced unless somebody says so', () => {
  assert.deepEqual(ITEMS.map(imports.firstChoice), ['add', 'skip', 'skip', 'skip'])
  assert.deepEqual(imports.sweep(ITEMS, 'new'), ['add', 'skip', 'skip', 'skip'])
  assert.deepEqual(imports.sweep(ITEMS, 'replace'), ['add', 'skip', 'replace', 'skip'])
  assert.deepEqual(imports.sweep(ITEMS, 'none'), ['skip', 'skip', 'skip', 'skip'])
})

test('every choice the page makes is one the item offers', () => {
  for (const how of ['new', 'replace', 'none']) {
    for (const [index, choice] of imports.sweep(ITEMS, how).entries()) {
      assert.ok(imports.choicesFor(ITEMS[index]).some(({ value }) => value === choice))
    }
  }
  assert.deepEqual(
    imports.choicesFor(ITEMS[3]).map(({ value }) => value),
    ['skip'],
  )
  assert.deepEqual(
    imports.choicesFor(ITEMS[2]).map(({ value }) => value),
    ['skip', 'replace', 'add'],
  )
})

test('what will be done and what was done, in words', () => {
  assert.equal(imports.planWords(['skip', 'skip']), '')
  assert.equal(imports.planWords(['add', 'skip']), 'Add 1 key')
  assert.equal(imports.planWords(['add', 'add', 'replace']), 'Add 2 keys, replace 1 key')
  assert.equal(imports.resultWords({ added: 3, replaced: 1, skipped: 0 }), '3 keys added, 1 key replaced.')
  assert.equal(imports.resultWords({ added: 0, replaced: 0, skipped: 0 }), 'Nothing was taken over.')
})

test('lines not understood are named by number, and not by the hundred', () => {
  assert.equal(imports.skippedWords([]), '')
  assert.equal(imports.skippedWords([3]), 'Line 3 held no key that Keyhold recognises.')
  assert.match(imports.skippedWords([3, 7]), /^Lines 3 and 7 held/)
  assert.match(imports.skippedWords(Array.from({ length: 120 }, (_, i) => i + 1)), /20, and 100 more held/)
})

test('a backup is told from a .env by its name, and without one by its bytes', () => {
  const text = new TextEncoder().encode('OPENAI_API_KEY=abc\r\n\t')
  const sealed = new Uint8Array([75, 72, 49, 1, 0])
  assert.equal(imports.kindOf('mine.KEYHOLD', text), 'backup')
  assert.equal(imports.kindOf('.env', sealed), 'env')
  assert.equal(imports.kindOf('.env.local', sealed), 'env')
  assert.equal(imports.kindOf('prod.env', sealed), 'env')
  assert.equal(imports.kindOf('environment', text), 'env')
  assert.equal(imports.kindOf('download', sealed), 'backup')
})

test('what is wrong with a file is said of the file, not of the vault', () => {
  for (const code of ['ERR_CANNOT_UNLOCK', 'ERR_BAD_FORMAT', 'ERR_KDF_BOUNDS', 'ERR_TAMPERED', 'ERR_TOO_LARGE']) {
    const { sentence, next } = imports.explainFile(new KeyholdError(code))
    assert.match(sentence, /file|backup/)
    assert.notEqual(sentence, errors[code].sentence)
    assert.notEqual(next, '')
  }
  assert.equal(imports.explainFile(new KeyholdError('ERR_LOCKED')).sentence, errors.ERR_LOCKED.sentence)
})

const entry = (seq, action, rest = {}) => ({
  seq,
  at: NOON,
  action,
  code: 'ok',
  provider: null,
  subject: null,
  label: null,
  count: null,
  ...rest,
})
const ENTRIES = [
  entry(5, 'create'),
  entry(6, 'key-add', { provider: 'openai', label: 'Work' }),
  entry(7, 'use', { provider: 'openai', label: 'Work', count: 12 }),
  entry(8, 'unlock-failed', { code: 'ERR_CANNOT_UNLOCK' }),
  entry(9, 'key-check', { provider: 'groq', label: 'Main', code: 'ERR_BAD_KEY' }),
]
const seqs = (filter) =>
  audit
    .filtered(ENTRIES, { ...audit.NO_FILTER, ...filter }, (id) => (id === 'groq' ? 'Groq Cloud' : id))
    .map(({ seq }) => seq)

test('the record is read newest first, and narrowed by what was done, by whom, by outcome and by any word', () => {
  assert.deepEqual(seqs({}), [9, 8, 7, 6, 5])
  assert.deepEqual(seqs({ group: 'use' }), [9, 7])
  assert.deepEqual(seqs({ provider: 'openai' }), [7, 6])
  assert.deepEqual(seqs({ failuresOnly: true }), [9, 8])
  assert.deepEqual(seqs({ text: 'groq cloud' }), [9])
  assert.deepEqual(seqs({ text: '12 TIMES' }), [7])
  assert.deepEqual(seqs({ text: 'not valid' }), [9])
  assert.deepEqual(seqs({ text: 'work', group: 'keys' }), [6])
})

test('every kind of entry is in one group and has words', () => {
  const all = Object.values(audit.GROUPS).flatMap(({ actions }) => actions)
  assert.equal(new Set(all).size, all.length)
  assert.equal(all.length, 34)
  for (const action of all) assert.notEqual(audit.actionWords({ action, count: null }), action)
  assert.equal(audit.actionWords({ action: 'use', count: 1 }), 'Key used once that day')
  assert.equal(audit.actionWords({ action: 'of-the-future', count: null }), 'of-the-future')
})

test('the chain is good, empty or broken at a place that is named', () => {
  const trail = { entries: ENTRIES, firstSeq: 5, verified: { ok: true } }
  assert.equal(audit.chainWords(trail).sentence, 'Complete and unaltered since entry 5.')
  assert.equal(audit.chainWords({ entries: [], firstSeq: 1, verified: { ok: true } }).good, true)
  const broken = audit.chainWords({ ...trail, verified: { ok: false, broken: 7 } })
  assert.equal(broken.good, false)
  assert.match(broken.sentence, /entry 7/)
  assert.equal(audit.trimmedWords({ ...trail, firstSeq: 1 }), '')
  assert.match(audit.trimmedWords({ ...trail, firstSeq: 1234 }), /^The 1,233 oldest/)
})

test('the file is one JSON object a line, oldest first, with the verification last', () => {
  const lines = audit.jsonLines({ entries: ENTRIES, firstSeq: 5, verified: { ok: false, broken: 7 } }, NOON).split('\n')
  assert.equal(lines.pop(), '')
  const objects = lines.map((line) => JSON.parse(line))
  assert.deepEqual(
    objects.slice(0, -1).map(({ seq }) => seq),
    [5, 6, 7, 8, 9],
  )
  assert.equal(objects[0].at, new Date(NOON).toISOString())
  assert.deepEqual(objects.at(-1).verification, {
    ok: false,
    brokenAtSeq: 7,
    entries: 5,
    firstSeq: 5,
    lastSeq: 9,
    exportedAt: new Date(NOON).toISOString(),
  })
})

test('ten thousand entries are searched in a moment', () => {
  const many = Array.from({ length: 10_000 }, (_, i) =>
    entry(i + 1, i % 3 === 0 ? 'use' : 'unlock', { label: `Key ${i % 50}`, count: 3 }),
  )
  const begun = performance.now()
  audit.filtered(many, { ...audit.NO_FILTER, text: 'key 49' }, (id) => id)
  assert.ok(performance.now() - begun < 250)
})
