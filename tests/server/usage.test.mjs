// usage: what GET /v1/usage and `usage export` say of the same calls: whose they are, of which days, and in which form.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  QUESTION,
  ask,
  command,
  configOf,
  plan,
  settled,
  startProvider,
  startServer,
  token,
} from './support/server.mjs'

const ODD = '=HYPERLINK("http://x",1)'
let provider
let server
before(async () => {
  provider = await startProvider()
  const price = (model) => ({ provider: 'mock', model, inputUsd: 1, outputUsd: 2 })
  server = await startServer(configOf(provider, { plans: [plan()], ownPrices: [price('m-1'), price(ODD)] }))
  for (const [user, model, calls] of [
    ['ann', 'm-1', 2],
    ['ann', ODD, 1],
    ['bob', 'm-1', 1],
  ]) {
    for (let i = 0; i < calls; i++) await (await ask(server, user, { body: { ...QUESTION, model } })).text()
    await settled(server, user)
  }
})
after(async () => {
  await server?.stop()
  await provider?.stop()
})

const usage = async (user, query = '', headers = {}) =>
  fetch(`${server.url}/v1/usage${query}`, { headers: { authorization: `Bearer ${await token(user)}`, ...headers } })
const day = (ms = 0) => new Date(Date.now() + ms).toISOString().slice(0, 10)
const DAY = 86_400_000

test('a user sees the calls of their own, and nobody else can ask for them', async () => {
  const rows = async (user, query) =>
    (await (await usage(user, query)).json()).usage.map(({ model, calls }) => [model, calls])
  assert.deepEqual(await rows('ann'), [
    [ODD, 1],
    ['m-1', 2],
  ])
  assert.deepEqual(await rows('bob'), [['m-1', 1]])
  assert.deepEqual(await rows('cleo'), [])
  assert.equal((await usage('bob', '?user=ann')).status, 400, 'there is no such parameter')
  const bare = await fetch(`${server.url}/v1/usage?format=csv`)
  assert.equal(bare.status, 401)
})

test('days count from the first to the last, both included; without them it is the last 92', async () => {
  const calls = async (query) =>
    (await (await usage('ann', query)).json()).usage.reduce((sum, row) => sum + row.calls, 0)
  assert.equal(await calls(''), 3)
  assert.equal(await calls(`?from=${day()}&to=${day()}`), 3)
  assert.equal(await calls(`?from=${day(-DAY)}`), 3)
  assert.equal(await calls(`?to=${day(-DAY)}`), 0)
  assert.equal(await calls(`?from=${day(DAY)}&to=${day(2 * DAY)}`), 0)
  assert.equal(await calls(`?from=${day(-365 * DAY)}&to=${day()}`), 3)
})

test('what is no day, too long a time, another form or another parameter is 400, and named', async () => {
  for (const [query, code] of [
    ['?from=yesterday', 'from'],
    ['?from=2026-02-30', 'from'],
    ['?from=', 'from'],
    ['?from', 'from'],
    ['?to=2026-1-1', 'to'],
    ['?to=2026-01-01%00', 'to'],
    [`?from=${day(DAY)}`, 'from'],
    ['?from=2026-01-02&to=2026-01-01', 'from'],
    ['?from=2025-01-01&to=2026-01-02', 'from'],
    ['?from=2026-01-01&from=2026-01-02', 'from'],
    ['?format=xml', 'format'],
    ['?format=csv&format=csv', 'format'],
    ['?fromm=2026-01-01', 'other'],
    ['?=', 'other'],
  ]) {
    const answer = await usage('ann', query)
    assert.equal(answer.status, 400, query)
    const problem = await answer.json()
    assert.deepEqual([problem.type, problem.code], ['urn:keyhold:bad_query', code], query)
  }
})

const LINES = [
  'day,provider,model,organisation,calls,charged_micro_usd,estimated_calls',
  `${day()},mock,"'=HYPERLINK(""http://x"",1)",,1,20,0`,
  `${day()},mock,m-1,,2,40,0`,
  '',
].join('\r\n')

test('CSV is asked for by format or by accept; a model that looks like a formula is a text', async () => {
  for (const [query, headers] of [
    ['?format=csv', {}],
    ['', { accept: 'text/csv' }],
    ['', { accept: 'text/html, text/csv; q=0.5' }],
    ['?format=csv', { accept: 'application/json' }],
  ]) {
    const answer = await usage('ann', query, headers)
    assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8; header=present')
    assert.match(answer.headers.get('content-disposition'), /^attachment; filename="usage-[-\d]+-to-[-\d]+\.csv"$/)
    assert.equal(await answer.text(), LINES)
  }
  for (const accept of ['*/*', 'application/json, text/csv', 'text/csvx']) {
    assert.equal((await usage('ann', '', { accept })).headers.get('content-type'), 'application/json')
  }
  assert.equal(
    (await usage('ann', '?format=json', { accept: 'text/csv' })).headers.get('content-type'),
    'application/json',
  )
})

test('the operator exports all users, or one, while the server runs', async () => {
  const days = ['--from', day(-DAY), '--to', day(DAY)]
  const all = await command(server.folder, 'usage', 'export', ...days)
  assert.equal(all.code, 0, all.output)
  const lines = all.output.trim().split('\r\n')
  assert.deepEqual(
    lines.map((line) => line.split(',')[0]),
    ['user', 'ann', 'ann', 'bob'],
  )
  const bob = await command(server.folder, 'usage', 'export', ...days, '--user', 'bob', '--format', 'json')
  assert.deepEqual(JSON.parse(bob.output), {
    usage: [
      {
        user: 'bob',
        day: day(),
        provider: 'mock',
        model: 'm-1',
        organisation: '',
        calls: 1,
        charged_micro_usd: 20,
        cost_micro_usd: 20,
        estimated_calls: 0,
      },
    ],
  })
  for (const wrong of [
    ['--from', 'x', '--to', day()],
    ['--from', day()],
    [...days, '--format', 'xml'],
  ]) {
    const { code, output } = await command(server.folder, 'usage', 'export', ...wrong)
    assert.notEqual(code, 0, output)
  }
})
