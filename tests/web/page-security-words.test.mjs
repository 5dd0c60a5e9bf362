// page-security-words: does the page say rightly how long to wait, what may go, and take a recovery code as people type one?
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const { recovery, waiting, slots, text, KeyholdError } = await bundled()
const CODE = 'K7QM-3XHD-9WTP-2RBV-6FNC-8YJE-4GSA-5ZKL'
const BARE = CODE.replaceAll('-', '')

test('a recovery code is the same however it is typed', () => {
  for (const typed of [
    CODE,
    CODE.toLowerCase(),
    CODE.replaceAll('-', ' '),
    CODE.replaceAll('-', ' \u2013 '),
    ` ${BARE}\n`,
    CODE.replaceAll('-', '\u00a0'),
    CODE.replaceAll('-', '\u2011'),
    [...BARE].map((one) => String.fromCodePoint(one.codePointAt(0) + 0xfee0)).join(''),
  ]) {
    assert.equal(recovery.tidyCode(typed), BARE, typed)
  }
  assert.deepEqual(recovery.groupsOf(CODE), CODE.split('-'))
  assert.equal(recovery.CODE_CHARACTERS, BARE.length)
})

test('how much of a code is typed is said, too much as well', () => {
  assert.equal(recovery.countWords('', 8), '')
  assert.equal(recovery.countWords(' - ', 8), '')
  assert.equal(recovery.countWords('4gsa', 8), '4 of 8 characters')
  assert.equal(recovery.countWords('4gsa-5zkl', 8), 'Complete')
  assert.equal(recovery.countWords('4gsa-5zkl-x', 8), '1 too many')
})

test('a code on paper says what it is, where it belongs and what to do', () => {
  const sheet = recovery.codeSheet(BARE, 'https://keys.example', 'November 23, 2026')
  for (const part of [CODE, 'https://keys.example', 'November 23, 2026', 'new passphrase', 'backup']) {
    assert.ok(sheet.includes(part), part)
  }
  for (const line of sheet.split('\n')) assert.ok(line.length <= 100, line)
})

test('the waiting time counts down as on a clock, and never below nothing', () => {
  assert.equal(waiting.clock(107), '1:47 minutes')
  assert.equal(waiting.clock(60), '1:00 minutes')
  assert.equal(waiting.clock(59.2), '1:00 minutes')
  assert.equal(waiting.clock(48), '48 seconds')
  assert.equal(waiting.clock(1), '1 second')
  assert.equal(waiting.clock(-3), '0 seconds')
  assert.equal(waiting.attemptsWords(1), 'One wrong attempt so far.')
  assert.equal(waiting.attemptsWords(6), '6 wrong attempts so far.')
})

test('minutes are hours where they are', () => {
  assert.deepEqual([1, 15, 60, 90, 240, 720].map(waiting.minutesWords), [
    '1 minute',
    '15 minutes',
    '1 hour',
    '1.5 hours',
    '4 hours',
    '12 hours',
  ])
})

test('the last way in that is no passkey stays; every other may go', () => {
  const slot = (id, kind) => ({ id, kind, name: '', createdAt: 0 })
  const [passphrase, recoverySlot, passkey, other] = [
    slot('a', 'passphrase'),
    slot('b', 'recovery'),
    slot('c', 'passkey'),
    slot('d', 'passkey'),
  ]
  assert.match(slots.whyStays(passphrase, [passphrase]), /only way in/)
  assert.match(slots.whyStays(passphrase, [passphrase, passkey]), /Add a recovery code first/)
  assert.match(slots.whyStays(recoverySlot, [recoverySlot, passkey, other]), /Add a passphrase first/)
  assert.equal(slots.whyStays(passphrase, [passphrase, recoverySlot]), '')
  assert.equal(slots.whyStays(recoverySlot, [passphrase, recoverySlot, passkey]), '')
  for (const all of [[passkey], [passkey, other], [passphrase, passkey]]) assert.equal(slots.whyStays(passkey, all), '')
})

test('what did not open the vault is named for what it is', () => {
  const wrong = new KeyholdError('ERR_CANNOT_UNLOCK')
  assert.match(text.explainWay(wrong, 'passphrase').sentence, /passphrase/)
  assert.match(text.explainWay(wrong, 'recovery').sentence, /recovery code/)
  assert.match(text.explainWay(wrong, 'passkey').sentence, /passkey/)
  assert.equal(text.explainWay(wrong, 'recovery').code, 'ERR_CANNOT_UNLOCK')
  // Anything else is said as the vault says it.
  const typo = new KeyholdError('ERR_RECOVERY_CODE')
  assert.equal(text.explainWay(typo, 'recovery').sentence, typo.message)
})

test('what the page itself refuses is no fault of its own', () => {
  const told = text.explainThrown(new text.Told('It ends in a space.', 'Take it away.', 'ERR_BAD_PASSPHRASE'))
  assert.deepEqual(told, { code: 'ERR_BAD_PASSPHRASE', sentence: 'It ends in a space.', next: 'Take it away.' })
})

async function bundled() {
  const result = await build({
    stdin: {
      contents: `
        export * as recovery from './web/src/page/recovery'
        export * as waiting from './web/src/page/waiting'
        export * as slots from './web/src/page/slots'
        export * as text from './web/src/page/text'
        export { KeyholdError } from './web/src/engine/error'`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
  })
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString('base64')}`)
}
