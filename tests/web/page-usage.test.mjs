// page-usage: amounts, caps and usage as a person gets to see them, and the files of usage.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const {
  money,
  typedMoney,
  moneyField,
  capStates,
  capWarning,
  hasCap,
  entriesOf,
  grouped,
  total,
  csv,
  json,
  daysBetween,
} = await bundle(['money', 'caps', 'usage-sums'].map((name) => `export * from './web/src/page/${name}'`).join('\n'))

test('amounts are said as finely as they need, and nothing is said to be free that is not', () => {
  const said = { 0: '$0.00', 1: '$0.000001', 99: '$0.000099', 100: '$0.0001', 2412: '$0.0024' }
  for (const [micro, words] of Object.entries(said)) assert.equal(money(Number(micro)), words)
  assert.deepEqual([99_999, 100_000, 12_345_678].map(money), ['$0.10', '$0.10', '$12.35'])
})

test('what is typed as an amount is read to the millionth, or refused', () => {
  const read = { '': null, '  ': null, 5: 5e6, '0.50': 500_000, '$ 3': 3e6, '1,000': 1e9, 0.000001: 1, '5.': 5e6 }
  for (const [typed, micro] of Object.entries(read)) assert.equal(typedMoney(typed), micro, typed)
  for (const typed of ['five', '-1', '1e3', '.5', '0.0000001', '12345678', '1 2']) {
    assert.equal(typedMoney(typed), undefined, typed)
  }
  for (const micro of [null, 0, 1, 500_000, 20_000_000]) assert.equal(typedMoney(moneyField(micro)), micro)
})

test('a cap is quiet below 80 %, warns from there, and says when it is used up', () => {
  const key = { caps: { dayMicroUsd: 1_000_000, monthMicroUsd: 10_000_000 } }
  const states = (day, month) => capStates(key, { key: 'k', dayMicroUsd: day, monthMicroUsd: month, heldMicroUsd: 0 })
  assert.deepEqual(states(120_000, 0)[0], { words: '$0.12 of $1.00 today', share: 0.12, tone: 'none' })
  assert.equal(capWarning(states(799_999, 0)), '')
  assert.equal(capWarning(states(800_000, 0)), '80 % of the cap is used.')
  assert.equal(capWarning(states(0, 9_999_999)), '99 % of the cap is used.')
  assert.match(capWarning(states(0, 10_000_000)), /used up/)
  assert.equal(states(5_000_000, 0)[0].share, 1)
  assert.deepEqual([hasCap(key), hasCap({ caps: { dayMicroUsd: null, monthMicroUsd: null } })], [true, false])
  assert.deepEqual(capStates({ caps: { dayMicroUsd: null, monthMicroUsd: 0 } }, null), [
    { words: '$0.00 of $0.00 this month', share: 1, tone: 'bad' },
  ])
})

const row = (key, model, figures, requests, unpriced, cost, app = '') => [
  key,
  'openai',
  model,
  app,
  'user',
  figures,
  requests,
  unpriced,
  ...[10 * requests, 4 * requests, 3 * requests, requests],
  cost,
]
const report = {
  unreadable: 0,
  pricesMade: '2026-09-23',
  days: [
    { day: 20_000, entries: [row('k1', 'm-1', 'reported', 2, 0, 500), row('k1', 'm-2', 'estimated', 1, 0, 70)] },
    {
      day: 20_002,
      entries: [row('k2', 'm-1', 'reported', 1, 1, 0, 'https://a.test'), row('k1', '', 'unknown', 3, 3, 0)],
    },
  ],
}
const entries = entriesOf(report)

test('sums tell apart what was reported, what is estimated, and what nobody knows', () => {
  assert.deepEqual(total(entries), {
    ...{ requests: 7, estimated: 1, unknown: 3, unpriced: 4, input: 70, cached: 28, output: 21, reasoning: 7 },
    ...{ costMicroUsd: 570, estimatedMicroUsd: 70 },
  })
  const groups = (by) => grouped(entries, by).map(({ group, sum }) => [group, sum.requests, sum.costMicroUsd])
  assert.deepEqual(groups('day'), [
    ['20002', 4, 0],
    ['20000', 3, 570],
  ])
  assert.deepEqual(groups('key'), [
    ['k1', 6, 570],
    ['k2', 1, 0],
  ])
  assert.deepEqual(groups('model'), [
    ['openai/m-1', 3, 500],
    ['openai/m-2', 1, 70],
    ['openai/', 3, 0],
  ])
  assert.deepEqual(groups('app'), [
    ['', 6, 570],
    ['https://a.test', 1, 0],
  ])
  assert.deepEqual(daysBetween(3, 5), [3, 4, 5])
  assert.deepEqual(daysBetween(5, 3), [])
})

test('the CSV has every entry; what is not known is an empty cell, not 0; no cell is a formula', () => {
  const name = (id) => ({ k1: '=cmd()', k2: 'say "hi", twice' })[id] ?? ''
  const lines = csv(entries, name).split('\r\n')
  assert.equal(lines.length, 6)
  assert.match(lines[0], /^day,key,key_name,provider,model,.*,cost_usd$/)
  assert.equal(lines[1], "2024-10-04,k1,'=cmd(),openai,m-1,,user,reported,2,0,20,8,6,2,0.000500")
  assert.equal(lines[3], '2024-10-06,k2,"say ""hi"", twice",openai,m-1,https://a.test,user,reported,1,1,10,4,3,1,')
  assert.equal(lines[4], "2024-10-06,k1,'=cmd(),openai,,,user,unknown,3,3,,,,,")
  for (const first of ['=', '+', '-', '@', '\t'])
    assert.ok(csv([{ ...entries[0], model: `${first}1` }], name).includes(`'${first}1`))
})

test('the JSON says the same, with null for what is not known, and by which price list', () => {
  const {
    currency,
    prices_made: made,
    unreadable_days: unreadable,
    usage,
  } = JSON.parse(json(entries, () => 'n', report))
  assert.deepEqual([currency, made, unreadable, usage.length], ['USD', '2026-09-23', 0, 4])
  assert.deepEqual([usage[0].cost_usd, usage[0].input_tokens], ['0.000500', 20])
  assert.deepEqual([usage[2].cost_usd, usage[3].cost_usd, usage[3].input_tokens], [null, null, null])
})
