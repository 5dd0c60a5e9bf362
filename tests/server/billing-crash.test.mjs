// billing-crash: servers killed under a flood of Stripe's events, on SQLite and on PostgreSQL. What was acknowledged is there, what was counted has its effect, and
// when all of them have come again, as Stripe brings them, each has counted once.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import { KINDS, startAgain, startProcesses, textOf } from './support/quota.mjs'
import { startProvider } from './support/server.mjs'
import {
  bring,
  checkoutEvent,
  configWith,
  MAX_PRICE,
  query,
  startStripe,
  subscriptionEvent,
} from './support/stripe.mjs'

const full = process.env.KEYHOLD_EFFORT === 'full'
const KILLS = { SQLite: full ? 40 : 8, PostgreSQL: full ? 40 : 2 }
const USERS = 18
const AT_ONCE = 16
/** A flood that does not end by then never does. */
const MOST_MS = 120_000

let provider
let stripe
let postgres
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  postgres = await startPostgres()
})
after(async () => {
  await postgres?.stop()
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

/**
 * Brings them all, several at once, until a server is gone.
 * @param acknowledged  gets the ids of those that were acknowledged
 */
async function flood(servers, events, { acknowledged = [], gone = () => false } = {}) {
  const waiting = shuffled(events)
  const until = Date.now() + MOST_MS
  const one = async (_, lane) => {
    while (waiting.length > 0 && !gone()) {
      assert.ok(Date.now() < until, `${waiting.length} events are not taken`)
      const event = waiting.pop()
      const answer = await bring(servers[lane % servers.length], event).catch(() => undefined)
      if (!answer && gone()) return
      if (answer?.status === 200) acknowledged.push(event.id)
      // Whatever else it is, Stripe brings it again.
      else waiting.unshift(event)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
}

for (const { kind, processes } of KINDS) {
  const kills = KILLS[kind]
  test(`${kills} times killed under a flood of events, ${textOf({ kind, processes })}: nothing lost, nothing half done, each counted once`, async (t) => {
    const onPostgres = kind === 'PostgreSQL'
    const servers = await startProcesses(processes, configWith(provider, stripe), onPostgres ? postgres : undefined)
    t.after(async () => {
      await Promise.all(servers.map((server) => server.kill()))
      for (const { folder } of servers) rmSync(folder, { recursive: true })
    })
    const rows = async (sql) => (onPostgres ? postgres.sql(sql, servers[0].database) : query(servers[0], sql))
    /** Events that were counted, and those that had their effect: at one moment. */
    const counted = async () => {
      const text = await rows(
        "SELECT (SELECT COUNT(*) FROM billing_events) || ' ' || (SELECT COALESCE(SUM(events), 0) FROM subscriptions)",
      )
      return text.split(' ').map(Number)
    }
    const all = []
    let cutOff = 0
    for (let round = 0; round < kills; round++) {
      const lives = Array.from({ length: USERS }, (_, n) => lifeOf(round, n))
      const events = lives.flatMap((life) => life.events)
      // One of them, or all at the same moment.
      const dying = servers.filter((_, i) => round % 2 === 0 || i === round % processes)
      // Somewhere in the middle, however fast this machine is.
      const acknowledged = []
      const enough = 1 + Math.floor(Math.random() * (events.length - 2 * AT_ONCE))
      let killing
      await flood(servers, [...events, ...events], {
        acknowledged,
        gone: () => {
          if (acknowledged.length >= enough) killing ??= Promise.all(dying.map((server) => server.kill()))
          return killing !== undefined
        },
      })
      await killing

      // As the crash left it: a mark without its effect, or the other way round, would show here.
      const [marks, effects] = await counted()
      assert.equal(effects, marks)
      const there = new Set((await rows('SELECT event_id FROM billing_events')).split('\n'))
      assert.deepEqual(
        acknowledged.filter((id) => !there.has(id)),
        [],
      )
      if (marks > all.length && marks < all.length + events.length) cutOff++

      all.push(...events)
      for (const server of dying) servers[servers.indexOf(server)] = await startAgain(server)
      await flood(servers, events)
      const ends = await rows("SELECT user_id || ' ' || plan || ' ' || status FROM accounts")
      const lines = new Set(ends.split('\n'))
      for (const { user, end } of lives) assert.ok(lines.has(`${user} ${end}`), `${user} ${end}: ${ends}`)
      assert.deepEqual(await counted(), [all.length, all.length])
    }
    // Positive control: the kills came in the middle.
    assert.ok(cutOff >= kills / 2, `only ${cutOff} of ${kills} kills were in the middle of a flood`)
    t.diagnostic(`${cutOff} of ${kills} kills in the middle of a flood; ${all.length} events`)
    await flood(servers, all)
    assert.deepEqual(await counted(), [all.length, all.length])
    await Promise.all(servers.map((server) => server.stop({ keep: true })))
  })
}
