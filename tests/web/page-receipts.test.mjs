// page-receipts: what a receipt is said to be, what all of them come to, and the file that proves them to others.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const { markOf, chargedInAll, withNewKey, proofFile } = await bundle("export * from './web/src/page/receipt-words'")

const AT = Date.UTC(2026, 10, 27)
const receipt = ({ counted = 20, charged = 20, state = 'signed', jws = 'a.b.c', key = 'K1', at = AT } = {}) => [
  at,
  'call-1',
  'openai',
  'm-1',
  counted,
  charged,
  state,
  jws,
  key,
]
const refused = (state) => receipt({ charged: -1, state, jws: '', key: '' })

test('what was signed is said to be as counted, more, less, or not counted', () => {
  const said = (counted, charged) => markOf(receipt({ counted, charged }))
  assert.deepEqual(said(20, 20), { text: 'Signed by the server, as counted here', look: 'good' })
  assert.deepEqual(said(0, 0), { text: 'Signed by the server, as counted here', look: 'good' })
  assert.match(said(20, 21).text, /Charged more than counted: you counted \$0\.00002$/)
  assert.equal(said(20, 21).look, 'warn')
  assert.match(said(20, 19).text, /Differs: you counted \$0\.00002$/)
  assert.equal(said(20, 19).look, 'good')
  assert.deepEqual(said(-1, 20), { text: 'Signed by the server. Not counted here', look: 'good' })
})

test('what was refused says why and is never good; what could not be checked is not said to be signed', () => {
  const texts = ['form', 'call', 'provider', 'model', 'key', 'signature'].map((state) => {
    const { text, look } = markOf(refused(state))
    assert.equal(look, 'bad')
    assert.match(text, /^Refused: /)
    return text
  })
  assert.equal(new Set(texts).size, texts.length)
  const { text, look } = markOf(receipt({ state: 'unchecked' }))
  assert.deepEqual([look, /signed/i.test(text)], ['warn', false])
})

test('a refused one adds nothing to what was charged, and takes nothing from it', () => {
  assert.equal(chargedInAll([]), 0)
  assert.equal(chargedInAll([receipt({ charged: 7 }), refused('signature'), receipt({ charged: 5 })]), 12)
})

test('another key is marked once, where it begins, whatever was refused between', () => {
  const [newest, between, first, oldest] = [
    receipt({ key: 'K2' }),
    refused('key'),
    receipt({ key: 'K2' }),
    receipt({ key: 'K1' }),
  ]
  assert.deepEqual([...withNewKey([newest, between, first, oldest])], [first])
  assert.equal(withNewKey([newest, between, first]).size, 0)
  assert.equal(withNewKey([]).size, 0)
})

test('the file has each as it was signed, each key once, and nothing of what was refused', () => {
  const file = JSON.parse(
    proofFile([
      receipt(),
      receipt({ jws: 'd.e.f', key: 'K2', counted: -1 }),
      refused('form'),
      receipt({ jws: 'g.h.i' }),
    ]),
  )
  assert.deepEqual(
    file.keys,
    ['K1', 'K2'].map((x) => ({ kty: 'OKP', crv: 'Ed25519', x })),
  )
  assert.deepEqual(
    file.receipts.map(({ jws, key, countedMicroUsd }) => [jws, key, countedMicroUsd]),
    [
      ['a.b.c', 'K1', 20],
      ['d.e.f', 'K2', null],
      ['g.h.i', 'K1', 20],
    ],
  )
  assert.equal(file.receipts[0].at, '2026-11-27T00:00:00.000Z')
})
