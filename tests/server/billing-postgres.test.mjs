// billing-postgres: Stripe's events on PostgreSQL, brought to three processes: in any order, twice, and all at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import { startProcesses, stopAll } from './support/quota.mjs'
import { account, ask, startProvider } from './support/server.mjs'
import { bring, checkoutEvent, configWith, MAX_PRICE, startStripe, subscriptionEvent } from './support/stripe.mjs'

let postgres
let provider
let stripe
let servers
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  postgres = await startPostgres()
  servers = await startProcesses(3, configWith(provider, stripe), postgres)
})
after(async () => {
  if (servers) await stopAll(servers, postgres)
  await postgres?.stop()
  await stripe?.stop()
  await provider?.stop()
})

let next = 0
/** Each to another process than the one before. */
async function brought(event) {
  const { status, body } = await bring(servers[next++ % servers.length], event)
  assert.deepEqual([status, body.received], [200, true], JSON.stringify(body))
}
/** At every process the same. */
async function planOf(user) {
  const all = await Promise.all(servers.map((server) => account(server, user)))
  const [first, ...others] = all.map(({ plan, status }) => `${plan} ${status}`)
  for (const other of others) assert.equal(other, first)
  return first
}
const rows = (sql) => postgres.sql(sql, servers[0].database)

const lifeOf = (id, user) => [
  subscriptionEvent({ id, verb: 'created', status: 'incomplete', created: 100 }),
  subscriptionEvent({ id, status: 'active', created: 100 }),
  checkoutEvent({ id, user, created: 101 }),
  subscriptionEvent({ id, status: 'past_due', created: 120 }),
  subscriptionEvent({ id, status: 'active', created: 130 }),
]
const ORDERS = [
  [0, 1, 2, 3, 4],
  [4, 3, 2, 1, 0],
  [4, 2, 0, 3, 1],
  [3, 4, 3, 4, 0, 1, 0, 2, 2],
]

test('in whatever order events come, to whichever process, the account ends as the last says, and each counts once', async () => {
  for (const [i, order] of ORDERS.entries()) {
    const events = lifeOf(`sub_order${i}`, `order${i}`)
    for (const at of order) await brought(events[at])
    assert.equal(await planOf(`order${i}`), 'pro active', `order ${order}`)
    assert.equal(await rows(`SELECT events FROM subscriptions WHERE subscription_id = 'sub_order${i}'`), '5')
  }
})

test('a subscription that ended stays over, whatever comes late from the same second or before', async () => {
  const of = { id: 'sub_late', user: 'late' }
  await brought(subscriptionEvent({ ...of, verb: 'created', created: 100 }))
  assert.equal(await planOf('late'), 'pro active')
  await brought(subscriptionEvent({ ...of, verb: 'deleted', status: 'canceled', created: 105 }))
  await brought(subscriptionEvent({ ...of, status: 'active', created: 105 }))
  await brought(subscriptionEvent({ ...of, status: 'active', created: 104 }))
  assert.equal(await planOf('late'), 'free active')
})

test('unpaid is 402 plan_lapsed at every process, and paid again works again', async () => {
  const of = { id: 'sub_unpaid', user: 'unpaid' }
  const answers = () =>
    Promise.all(
      servers.map(async (server) => {
        const answer = await ask(server, 'unpaid')
        await answer.text()
        return answer.status
      }),
    )
  await brought(subscriptionEvent({ ...of, status: 'unpaid', created: 10 }))
  assert.deepEqual(await answers(), [402, 402, 402])
  await brought(subscriptionEvent({ ...of, status: 'active', created: 11 }))
  assert.deepEqual(await answers(), [200, 200, 200])
})

test('the events of five lives at once, each of them three times, count once each', async () => {
  const before = Number(await rows('SELECT COUNT(*) FROM billing_events'))
  const lives = Array.from({ length: 5 }, (_, i) => lifeOf(`sub_all${i}`, `all${i}`))
  const more = lives.map((_, i) =>
    subscriptionEvent({ id: `sub_more${i}`, user: `all${i}`, price: MAX_PRICE, created: 200 }),
  )
  const all = [...lives.flat(), ...more]
  await Promise.all([...all, ...all.toReversed(), ...all].map(brought))
  for (const i of lives.keys()) assert.equal(await planOf(`all${i}`), 'max active')
  assert.equal(Number(await rows('SELECT COUNT(*) FROM billing_events')), before + all.length)
  assert.equal(
    await rows(
      "SELECT SUM(events) FROM subscriptions WHERE subscription_id LIKE 'sub_all%' OR subscription_id LIKE 'sub_more%'",
    ),
    `${all.length}`,
  )
})
