// billing-crash: a server killed under a flood of Stripe's events. What was acknowledged is there, what was counted has its effect, and
// when all of them have come again, as Stripe brings them, each has counted once.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startProvider, startServer } from './support/server.mjs'
import {
  bring,
  checkoutEvent,
  configWith,
  MAX_PRICE,
  query,
  startStripe,
  subscriptionEvent,
} from './support/stripe.mjs'

const KILLS = process.env.KEYHOLD_EFFORT === 'full' ? 40 : 10
const USERS = 18
const AT_ONCE = 16
/** A flood that does not end by then never does. */
const MOST_MS = 120_000

let provider
let stripe
let server
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
})
after(async () => {
  await server?.kill()
  if (server) rmSync(server.folder, { recursive: true })
  await stripe?.stop()
  await provider?.stop()
})

function shuffled(list) {
  const all = [...list]
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[all[i], all[j]] = [all[j], all[i]]
  }
  return all
}

/** A user's events of one round, and where they must end: later rounds are later in time. */
function lifeOf(round, n) {
  const user = `user${n}`
  const first = { id: `sub_${n}_a` }
  const second = { id: `sub_${n}_b`, price: MAX_PRICE }
  const at = 1000 * (round + 1)
  const events = [
    checkoutEvent({ ...first, user, created: at }),
    subscriptionEvent({ ...first, verb: 'created', status: 'incomplete', created: at }),
    subscriptionEvent({ ...first, status: 'active', created: at }),
    subscriptionEvent({ ...first, status: 'past_due', created: at + 1 }),
    subscriptionEvent({ ...first, status: n % 3 === 0 ? 'unpaid' : 'active', created: at + 2 }),
    subscriptionEvent({ ...second, user, verb: 'created', created: at + 2 }),
    subscriptionEvent({ ...second, user, status: n % 3 === 1 ? 'active' : 'canceled', created: at + 3 }),
  ]
  return { events, user, end: ['pro lapsed', 'max active', 'pro active'][n % 3] }
}

/** Brings them all, several at once, until the server is gone. @returns the ids of those that were acknowledged */
async function flood(server, events, gone = () => false) {
  const waiting = shuffled(events)
  const acknowledged = []
  const until = Date.now() + MOST_MS
  const one = async () => {
    while (waiting.length > 0 && !gone()) {
      assert.ok(Date.now() < until, `${waiting.length} events are not taken`)
      const event = waiting.pop()
      const answer = await bring(server, event).catch(() => undefined)
      if (!answer && gone()) return
      if (answer?.status === 200) acknowledged.push(event.id)
      // Whatever else it is, Stripe brings it again.
      else waiting.unshift(event)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return acknowledged
}

const numberOf = (server, sql) => Number(query(server, sql))

test(`${KILLS} times killed under a flood of events: nothing lost, nothing half done, each counted once`, async () => {
  server = await startServer(configWith(provider, stripe))
  const all = []
  let cutOff = 0
  for (let round = 0; round < KILLS; round++) {
    const lives = Array.from({ length: USERS }, (_, n) => lifeOf(round, n))
    const events = lives.flatMap((life) => life.events)
    let killed = false
    const killing = new Promise((done) => setTimeout(done, 30 + Math.random() * 400)).then(() => {
      killed = true
      return server.kill()
    })
    const acknowledged = await flood(server, [...events, ...events], () => killed)
    await killing

    // As the crash left it: a mark without its effect, or the other way round, would show here.
    const marks = numberOf(server, 'SELECT COUNT(*) FROM billing_events')
    assert.equal(numberOf(server, 'SELECT COALESCE(SUM(events), 0) FROM subscriptions'), marks)
    const there = new Set(query(server, 'SELECT event_id FROM billing_events').split('\n'))
    assert.deepEqual(
      acknowledged.filter((id) => !there.has(id)),
      [],
    )
    if (marks > all.length && marks < all.length + events.length) cutOff++

    all.push(...events)
    server = await startServer(server.folder)
    await flood(server, events)
    for (const { user, end } of lives) {
      assert.equal(query(server, `SELECT plan || ' ' || status FROM accounts WHERE user_id = '${user}'`), end, user)
    }
    assert.equal(numberOf(server, 'SELECT COUNT(*) FROM billing_events'), all.length)
    assert.equal(numberOf(server, 'SELECT SUM(events) FROM subscriptions'), all.length)
  }
  // Positive control: the kills came in the middle.
  assert.ok(cutOff >= KILLS / 4, `only ${cutOff} of ${KILLS} kills were in the middle of a flood`)
  await flood(server, all)
  assert.equal(numberOf(server, 'SELECT SUM(events) FROM subscriptions'), all.length)
  await server.stop({ keep: true })
})
