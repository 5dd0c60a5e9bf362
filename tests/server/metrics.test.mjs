// metrics: what a scrape says is what was done, in a form that is read strictly, and there is nothing of users, models or keys in it.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { listen, stop } from '../../scripts/local-server.mjs'
import { startPostgres } from './support/postgres.mjs'
import { checkGrown, parseExposition, valueOf } from './support/exposition.mjs'
import {
  APP_KEY,
  ask,
  complete,
  configOf,
  delta,
  DONE,
  ENVIRONMENT,
  plan,
  QUESTION,
  settled,
  startProvider,
  startServer,
  token,
  usageEvent,
} from './support/server.mjs'
import { bring, configWith, startStripe, subscriptionEvent } from './support/stripe.mjs'

const METRICS = { metrics: { listen: '127.0.0.1:0' } }
const EACH = { input: 10, output: 5 }
const COST = 20 // micro-USD: a dollar for a million tokens in, two for those out

let provider
let stripe
let server
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  const plans = [plan({ callsPerMinute: 100_000 }), plan({ id: 'pro', name: 'Pro', limitUsd: 5 })]
  const config = configWith(provider, stripe, { ...METRICS, plans })
  config.billing.prices = { pro: config.billing.prices.pro }
  server = await startServer(config)
})
after(async () => {
  await server?.stop()
  await stripe?.stop()
  await provider?.stop()
})

const insideOf = ({ log }) => `http://127.0.0.1:${/metrics at 127\.0\.0\.1:(\d+)/.exec(log)[1]}`
async function scrape(from = server) {
  const response = await fetch(`${insideOf(from)}/metrics`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(await response.text())
}
const growth = (before, after, name, labels) => valueOf(after, name, labels) - valueOf(before, name, labels)
const until = async (what, from = server) => {
  for (const end = Date.now() + 10_000; ;) {
    const now = await scrape(from)
    if (what(now)) return now
    if (Date.now() > end) throw new Error('it does not come to that')
    await new Promise((done) => setTimeout(done, 20))
  }
}

test('the reader of this test refuses what is not in the form', () => {
  const good = '# HELP a_total x\n# TYPE a_total counter\na_total{b="c\\"\\\\\\n"} 1\n'
  assert.equal(valueOf(parseExposition(good), 'a_total', { b: 'c"\\\n' }), 1)
  const histogram = (first, second, count) =>
    `# HELP h x\n# TYPE h histogram\nh_count ${count}\nh_sum 3\nh_bucket{le="1"} ${first}\nh_bucket{le="+Inf"} ${second}\n`
  parseExposition(histogram(1, 2, 2))
  for (const bad of [
    good.slice(0, -1),
    good.replace('# HELP a_total x\n', ''),
    good.replace(' 1\n', ' one\n'),
    good.replace(' 1\n', ' -1\n'),
    good.replace('\\"', '"'),
    good.replace('\\"', '\\q'),
    good.replace('counter', 'count'),
    `${good}a_total{b="c\\"\\\\\\n"} 1\n`,
    `${good}\n`,
    `${good}b_total 1\n`,
    good.replaceAll('a_total', 'a'),
    histogram(3, 2, 2),
    histogram(1, 2, 3),
    histogram(1, 2, 2).replace('+Inf', '5'),
  ]) {
    assert.throws(() => parseExposition(bad), `${bad} is taken`)
  }
  assert.throws(() => checkGrown(parseExposition(good), parseExposition(good.replace(' 1\n', ' 0\n'))))
})

test('so many calls, so much charged, so many refusals: as they were made', async () => {
  provider.answer = (_, response) => complete(response, EACH)
  const before = await scrape()
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask(server, 'caller-17')))
  await Promise.all(answers.map((answer) => answer.text()))
  assert.ok(answers.every(({ status }) => status === 200))
  provider.answer = (_, response) => response.writeHead(418, { 'content-type': 'application/json' }).end('{}')
  for (let i = 0; i < 3; ++i) assert.equal((await ask(server, 'caller-17')).status, 418)
  provider.answer = (_, response) => response.destroy()
  assert.equal((await ask(server, 'caller-17')).status, 502)
  assert.equal(
    (await ask(server, 'caller-17', { body: { ...QUESTION, max_tokens: 10_000_000 }, path: 'nobody/x' })).status,
    403,
  )
  assert.equal((await fetch(`${server.url}/v1/account`)).status, 401)
  await settled(server, 'caller-17')
  const now = await until((at) => valueOf(at, 'keyhold_calls_held') === 0)
  const calls = (outcome) => growth(before, now, 'keyhold_calls_total', { provider: 'mock', outcome })
  assert.deepEqual(['2xx', '4xx', 'none', '3xx', '5xx'].map(calls), [20, 3, 1, 0, 0])
  assert.equal(growth(before, now, 'keyhold_charged_micro_usd_total', { provider: 'mock' }), 20 * COST)
  const refusals = (problem) => growth(before, now, 'keyhold_refusals_total', { problem })
  assert.deepEqual(
    ['upstream_failed', 'call_not_allowed', 'unauthorized', 'quota_exceeded'].map(refusals),
    [1, 1, 1, 0],
  )
  assert.equal(growth(before, now, 'keyhold_upstream_first_byte_seconds_count'), 23)
  assert.equal(growth(before, now, 'keyhold_quota_decision_seconds_count'), 25)
  assert.equal(valueOf(now, 'keyhold_database_unavailable_total'), 0)
  assert.equal(valueOf(now, 'keyhold_build_info', { version: '0.1.0' }), 1)
  checkGrown(before, now)
})

test('streams and held calls are there while they last', async () => {
  let release
  const held = new Promise((done) => (release = done))
  provider.answer = async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(delta('a'))
    await held
    response.end(usageEvent(10, 5) + DONE)
  }
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => ask(server, 'caller-18', { body: { ...QUESTION, stream: true } })),
  )
  const during = await until((at) => valueOf(at, 'keyhold_streams_open') === 5)
  assert.equal(valueOf(during, 'keyhold_calls_held'), 5)
  assert.ok(valueOf(during, 'keyhold_clients') >= 5)
  release()
  await Promise.all(answers.map((answer) => answer.text()))
  const afterwards = await until(
    (at) => valueOf(at, 'keyhold_streams_open') === 0 && valueOf(at, 'keyhold_calls_held') === 0,
  )
  checkGrown(during, afterwards)
})

test('events of Stripe are counted by what became of them', async () => {
  const before = await scrape()
  const event = subscriptionEvent({ id: 'sub_m', user: 'buyer' })
  await bring(server, event)
  await bring(server, event)
  await bring(server, event, { header: 't=1,v1=00' })
  const now = await scrape()
  const events = (result) => growth(before, now, 'keyhold_webhook_events_total', { result })
  assert.deepEqual(['changed', 'duplicate', 'bad_signature', 'older'].map(events), [1, 1, 1, 0])
})

test('what a killed process left behind is counted by the one that settles it, and no longer held', async () => {
  let held = await startServer(configOf(provider, { ...METRICS, leaseSeconds: 3 }))
  try {
    provider.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta('a'))
    }
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => ask(held, 'ann', { body: { ...QUESTION, stream: true } })),
    )
    assert.equal(valueOf(await scrape(held), 'keyhold_calls_held'), 3)
    await held.kill()
    await Promise.allSettled(answers.map((answer) => answer.text()))
    held = await startServer(held.folder)
    const now = await until((at) => valueOf(at, 'keyhold_calls_repaired_total') > 0, held)
    assert.equal(valueOf(now, 'keyhold_calls_repaired_total'), 3)
    assert.equal(valueOf(now, 'keyhold_calls_held'), 0)
  } finally {
    await held.stop()
  }
})

test('each time the keys of tokens cannot be had is counted', async () => {
  const { publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256', use: 'sig' }
  let published
  const issuer = createServer((_, response) => {
    if (published) return response.writeHead(200, { 'content-type': 'application/json' }).end(published)
    response.writeHead(500).end()
  })
  await listen(issuer, 0)
  const jwksUrl = `http://127.0.0.1:${issuer.address().port}/keys.json`
  let waiting
  try {
    waiting = await startServer(configOf(provider, { ...METRICS, tokens: { audience: 'keyhold', jwksUrl } }))
    const failures = 'keyhold_token_keys_failures_total'
    const before = await until((at) => valueOf(at, failures) > 0, waiting)
    published = JSON.stringify({ keys: [jwk] })
    for (const end = Date.now() + 15_000; (await fetch(`${waiting.url}/readyz`)).status !== 200;) {
      assert.ok(Date.now() < end, 'never ready')
      await new Promise((done) => setTimeout(done, 50))
    }
    const ready = await scrape(waiting)
    checkGrown(before, ready)
    await new Promise((done) => setTimeout(done, 1_000))
    assert.equal(growth(ready, await scrape(waiting), failures), 0)
  } finally {
    await waiting?.stop()
    await stop(issuer)
  }
})

test('nothing of a user, a model, a key, an address or a question is in a scrape', async () => {
  provider.answer = (_, response) => complete(response, EACH)
  const canary = 'canary-4711'
  const model = `m-1-${canary}`
  await (await ask(server, `user-${canary}`)).text()
  const text = JSON.stringify({ ...QUESTION, model, messages: [{ role: 'user', content: canary }] })
  for (const path of ['mock/chat/completions', `${canary}/chat/completions`, `mock/${canary}`]) {
    await (await ask(server, `user-${canary}`, { body: text, path, headers: { 'idempotency-key': canary } })).text()
  }
  await (await fetch(`${server.url}/${canary}`)).text()
  await (await fetch(`${server.url}/v1/account`, { headers: { authorization: `Bearer ${canary}` } })).text()
  const response = await fetch(`${insideOf(server)}/metrics`, { headers: { 'x-forwarded-for': canary } })
  const body = await response.text()
  const secrets = [
    canary,
    'm-1',
    APP_KEY,
    ...Object.values(ENVIRONMENT),
    'caller-17',
    'caller-18',
    'buyer',
    '127.0.0.1',
  ]
  const found = (where) => secrets.filter((secret) => where.includes(secret))
  assert.deepEqual(found(body), [])
  // The search finds them where they are.
  assert.deepEqual(found(`${body}${canary}${APP_KEY}`), [
    canary,
    APP_KEY,
    ...(ENVIRONMENT.TEST_APP_KEY ? [APP_KEY] : []),
  ])
  assert.ok(provider.requests.some((request) => request.headers.authorization?.includes(APP_KEY)))
})

test('it is not on the port of users, and nothing of theirs is on its own', async () => {
  const headers = { authorization: `Bearer ${await token('ann')}` }
  assert.equal((await fetch(`${server.url}/metrics`, { headers })).status, 404)
  const inside = insideOf(server)
  assert.equal((await fetch(`${inside}/healthz`)).status, 200)
  assert.equal((await fetch(`${inside}/metrics`, { method: 'HEAD' })).status, 200)
  for (const path of ['/', '/v1/account', '/v1/plans', '/readyz', '/v1/relay/mock/chat/completions', '/metrics/']) {
    assert.equal((await fetch(inside + path, { headers })).status, 404, path)
  }
  assert.equal((await fetch(`${inside}/metrics`, { method: 'DELETE' })).status, 405)
  assert.equal((await fetch(`${inside}/metrics`, { headers: { origin: 'https://app.example.com' } })).status, 403)
  const before = await scrape()
  await fetch(`${inside}/nothing`)
  assert.equal(growth(before, await scrape(), 'keyhold_refusals_total', { problem: 'not_found' }), 0)
})

test('without the setting there is no second port', async () => {
  const plain = await startServer(configOf(provider))
  try {
    assert.ok(!plain.log.includes('metrics at'))
    assert.equal((await fetch(`${plain.url}/metrics`)).status, 404)
  } finally {
    await plain.stop()
  }
})

test('a database that is away is counted, and its reason is in the log without its address', async () => {
  const postgres = await startPostgres()
  process.env.TEST_DATABASE_URL = postgres.url()
  let shared
  try {
    provider.answer = (_, response) => complete(response, EACH)
    shared = await startServer(
      configOf(provider, { ...METRICS, database: { postgresEnv: 'TEST_DATABASE_URL' }, leaseSeconds: 3 }),
    )
    assert.equal((await ask(shared, 'ann')).status, 200)
    await postgres.stopAtOnce()
    assert.equal((await ask(shared, 'ann')).status, 503)
    const end = Date.now() + 10_000
    while (!/does not answer: PostgreSQL/.test(shared.log) && Date.now() < end) {
      await new Promise((done) => setTimeout(done, 50))
    }
    assert.match(shared.log, /the database does not answer: PostgreSQL cannot be reached: .*Connection refused/)
    for (const part of [
      postgres.password,
      encodeURIComponent(postgres.password),
      'keyhold:',
      `${postgres.port}`,
      'quota',
    ]) {
      assert.ok(!shared.log.includes(part), part)
    }
    const now = await scrape(shared)
    assert.ok(valueOf(now, 'keyhold_database_unavailable_total') >= 1)
    assert.equal(valueOf(now, 'keyhold_refusals_total', { problem: 'unavailable' }), 1)
    await postgres.start()
  } finally {
    await shared?.stop()
    await postgres.stop()
  }
})
