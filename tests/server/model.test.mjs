// model: random steps over HTTP - calls, clients that leave, keys used twice, processes killed and started, plans changed by the operator
// and by Stripe's events in any order - and after each of them what must hold, holds. The seed is printed; KEYHOLD_SEED repeats one.
// At full effort 10,000 steps.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { wrongIn } from './support/ledger.mjs'
import { startPostgres } from './support/postgres.mjs'
import { heldByCall, KINDS, startAgain, startProcesses, textOf, wait } from './support/quota.mjs'
import {
  account,
  ask,
  command,
  complete,
  delta,
  DONE,
  plan,
  QUESTION,
  startProvider,
  token,
  usageEvent,
} from './support/server.mjs'
import { bring, configWith, query, startStripe } from './support/stripe.mjs'
import { randomEvent, Subscriptions } from './support/subscriptions.mjs'

const full = process.env.KEYHOLD_EFFORT === 'full'
/** By default; three processes that are sanitized cost more. */
const STEPS = { SQLite: 200, PostgreSQL: 100 }
const FULL_STEPS = 10_000
const QUIET_EVERY = full ? 250 : 100
const LEASE_S = 3
const USERS = ['ann', 'bob', 'cleo']
const LIMITS = { free: 60, pro: 100_000, max: 200_000 }
/** All their orders are tried out. */
const MOST_AT_ONCE = 4

/** Numbers from 0 to below 1 (mulberry32). */
function randomOf(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

let provider
let stripe
let postgres
/** What is held for one call. */
let held
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  postgres = await startPostgres()
  held = await heldByCall(provider)
})
after(async () => {
  await postgres?.stop()
  await stripe?.stop()
  await provider?.stop()
})

/** One life of several processes on one database. */
class Life {
  constructor(random, servers, database) {
    Object.assign(this, { random, servers, database, keys: 0, seen: {} })
    /** Of each user: charges that are certain, calls of which only the most is known, and what it had beyond a lowered limit. */
    this.users = new Map(USERS.map((name) => [name, { sure: 0, unsure: 0, beyond: 0 }]))
    this.paid = new Subscriptions()
    /** Of Stripe's events: all that were brought; when the next are made. */
    this.brought = []
    this.second = 1000
  }
  below(bound) {
    return Math.floor(this.random() * bound)
  }
  any(list) {
    return list[this.below(list.length)]
  }
  async step() {
    const what = this.any([
      ...Array(10).fill('call'),
      ...Array(4).fill('stream'),
      ...Array(4).fill('abort'),
      ...Array(3).fill('duplicate'),
      ...Array(2).fill('together'),
      ...Array(4).fill('event'),
      ...Array(2).fill('replay'),
      ...Array(2).fill('events'),
      'plan',
      'kill',
      'restart',
    ])
    // A start takes longer than all else.
    if (['kill', 'restart'].includes(what) && this.below(2) === 0) return this.step()
    this.seen[what] = (this.seen[what] ?? 0) + 1
    await this[what](this.any(USERS))
    return what
  }

  /** Remembers what an answer costs whose figures the provider reports. */
  async whole(user, response, cost) {
    const text = await response.text()
    if (response.status === 200) this.users.get(user).sure += cost
    assert.ok([200, 402, 409, 429].includes(response.status), `${response.status} ${text}`)
    return response.status
  }
  figures() {
    const input = 1 + this.below(200)
    const output = this.below(5)
    return { input, output, cost: input + 2 * output }
  }
  async call(user, headers = {}) {
    const { input, output, cost } = this.figures()
    provider.answer = (_, response) => complete(response, { input, output })
    return this.whole(user, await ask(this.any(this.servers), user, { headers }), cost)
  }
  async stream(user) {
    const { input, output, cost } = this.figures()
    provider.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(delta('some text') + usageEvent(input, output) + DONE)
    }
    return this.whole(user, await ask(this.any(this.servers), user, { body: { ...QUESTION, stream: true } }), cost)
  }
  /** A client that leaves in the middle. */
  async abort(user) {
    provider.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta('some text'))
    }
    const leaving = new AbortController()
    const { signal } = leaving
    const response = await ask(this.any(this.servers), user, { body: { ...QUESTION, stream: true }, signal })
    if (response.status === 200) {
      this.users.get(user).unsure++
      await response.body.getReader().read()
    }
    leaving.abort()
  }
  async duplicate(user) {
    const headers = { 'idempotency-key': `key-${++this.keys}` }
    if ((await this.call(user, headers)) !== 200) return
    const before = provider.requests.length
    assert.equal(await this.call(user, headers), 409)
    assert.equal(provider.requests.length, before)
  }
  /** The same key, and other calls, at all processes at once. */
  async together(user) {
    const { input, output, cost } = this.figures()
    provider.answer = (_, response) => complete(response, { input, output })
    const headers = { 'idempotency-key': `key-${++this.keys}` }
    const all = [...this.servers, ...this.servers]
    const one = all.map(async (server) => this.whole(user, await ask(server, user, { headers }), cost))
    const others = all.map(async (server) => this.whole(user, await ask(server, user), cost))
    const statuses = await Promise.all(one)
    await Promise.all(others)
    assert.ok(statuses.filter((status) => status === 200).length <= 1, `${statuses}`)
  }
  async plan(user) {
    const [id, status] = [
      this.any(Object.keys(LIMITS)),
      this.any(['active', 'active', 'active', 'lapsed', 'suspended']),
    ]
    assert.equal((await command(this.servers[0].folder, 'plan', 'set', user, id, '--status', status)).code, 0)
    this.paid.accounts.set(user, { plan: id, status })
    await this.limitChanged()
  }
  /** What was used under a limit that was higher stays. */
  async limitChanged() {
    for (const [user, of] of this.users) {
      const { settled, held: now } = await account(this.any(this.servers), user)
      of.beyond = settled + now
    }
  }

  newEvent(user) {
    // Slower than events come: which of one second holds is to be decided often.
    if (this.below(4) === 0) this.second++
    return randomEvent({ below: (bound) => this.below(bound), any: (list) => this.any(list) }, user, this.second)
  }
  newEvents() {
    return Array.from({ length: 1 + this.below(MOST_AT_ONCE) }, () => this.newEvent(this.any(USERS)))
  }
  async bring(event) {
    const { status, body } = await bring(this.any(this.servers), event)
    assert.deepEqual([status, body.received], [200, true], JSON.stringify(body))
  }
  /** One of these has become of the accounts: which, the server says. */
  async isOneOf(outcomes) {
    const now = new Map()
    for (const user of USERS) {
      const { plan, status } = await account(this.any(this.servers), user)
      now.set(user, { plan, status })
    }
    const text = (accounts) => JSON.stringify(USERS.map((user) => accounts(user)))
    const found = outcomes.find((one) => text((user) => one.account(user)) === text((user) => now.get(user)))
    const expected = [...new Set(outcomes.map((one) => text((user) => one.account(user))))]
    assert.ok(found, `${text((user) => now.get(user))} is none of ${expected}`)
    this.paid = found
    await this.limitChanged()
    await this.eachCountedOnce()
  }
  async eachCountedOnce() {
    const sql =
      "SELECT (SELECT COUNT(*) FROM billing_events) || ' ' || (SELECT COALESCE(SUM(events), 0) FROM subscriptions)"
    const counted = this.database ? await postgres.sql(sql, this.database) : query(this.servers[0], sql)
    assert.equal(
      counted,
      `${this.brought.length} ${this.brought.length}`,
      'events that were counted, and had their effect',
    )
  }
  /** Of its user or of another: it may come late. */
  async event(user) {
    const { event, said } = this.newEvent(user)
    this.brought.push(event)
    await this.bring(event)
    await this.isOneOf([this.paid.copy().take(said)])
  }
  /** One that came before: it changes nothing. */
  async replay() {
    if (this.brought.length === 0) return
    await this.bring(this.any(this.brought))
    await this.isOneOf([this.paid])
  }
  /** Several at once, each of them twice, at any processes. */
  async events() {
    const all = this.newEvents()
    this.brought.push(...all.map(({ event }) => event))
    const twice = [...all, ...all.toReversed()]
    await Promise.all(twice.map(({ event }) => this.bring(event)))
    await this.isOneOf(this.paid.afterAll(all.map(({ said }) => said)))
  }
  /** With calls and events under way; the events come again after it, as Stripe brings what was not acknowledged, or was. */
  async kill() {
    const at = this.below(this.servers.length)
    const server = this.servers[at]
    const { input, output } = this.figures()
    provider.answer = async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta('some text'))
      await wait(this.below(40))
      response.end(usageEvent(input, output) + DONE)
    }
    const calls = USERS.map(async (user) => {
      this.users.get(user).unsure++
      const response = await ask(server, user, { body: { ...QUESTION, stream: true } }).catch(() => null)
      await response?.text().catch(() => null)
    })
    const events = this.newEvents()
    const bringing = events.map(async ({ event }) => {
      await wait(this.below(40))
      await bring(server, event).catch(() => null)
    })
    await wait(this.below(40))
    await server.kill()
    await Promise.all([...calls, ...bringing])
    this.servers[at] = await startAgain(server)
    this.brought.push(...events.map(({ event }) => event))
    for (const { event } of events.toReversed()) await this.bring(event)
    await this.isOneOf(this.paid.afterAll(events.map(({ said }) => said)))
  }
  async restart() {
    const at = this.below(this.servers.length)
    await this.servers[at].stop({ keep: true })
    this.servers[at] = await startAgain(this.servers[at])
  }

  /** At any moment. */
  async holds() {
    for (const [user, { beyond }] of this.users) {
      const now = await account(this.any(this.servers), user)
      const text = `${user}: ${JSON.stringify(now)}`
      const { plan: id, status } = this.paid.account(user)
      assert.deepEqual([now.plan, now.status, now.limit], [id, status, LIMITS[id] * held], text)
      assert.ok(now.settled >= 0 && now.held >= 0 && now.available >= 0, text)
      assert.equal(now.available, Math.max(0, now.limit - now.settled - now.held), text)
      assert.ok(now.settled + now.held <= Math.max(now.limit, beyond), text)
    }
    if (this.database) assert.equal((await wrongIn(postgres, this.database)).unlikeLedger, 0)
  }
  /** When nothing is under way, and no lease of the dead is left. */
  async holdsInQuiet() {
    for (const until = Date.now() + (LEASE_S + 10) * 1000; ;) {
      const all = await Promise.all(USERS.map((user) => account(this.servers[0], user)))
      if (all.every(({ held: now, running }) => now === 0 && running === 0)) break
      assert.ok(Date.now() < until, `still held: ${JSON.stringify(all)}`)
      await wait(100)
    }
    for (const [user, { sure, unsure }] of this.users) {
      const { settled } = await account(this.servers[0], user)
      const ledger = await this.ledger(user)
      assert.equal(settled, ledger, `${user}: the account is the sum of its ledger`)
      assert.ok(
        settled >= sure && settled <= sure + unsure * held,
        JSON.stringify({ user, settled, sure, unsure, held }),
      )
    }
  }
  async ledger(user) {
    const headers = { authorization: `Bearer ${await token(user)}` }
    const { usage } = await (await fetch(`${this.servers[0].url}/v1/usage`, { headers })).json()
    return usage.reduce((sum, row) => sum + row.charged, 0)
  }
}

for (const { kind, processes } of KINDS) {
  const steps = full ? FULL_STEPS : STEPS[kind]
  test(`${steps} random steps on ${textOf({ kind, processes })}`, async (t) => {
    const seed = Number(process.env.KEYHOLD_SEED ?? Math.floor(Math.random() * 2 ** 31))
    t.diagnostic(`KEYHOLD_SEED=${seed}`)
    const config = configWith(provider, stripe, {
      leaseSeconds: LEASE_S,
      plans: Object.entries(LIMITS).map(([id, calls]) =>
        plan({ id, name: id, limitUsd: (calls * held) / 1e6, period: 'once', maxRunning: 1000 }),
      ),
    })
    const servers = await startProcesses(processes, config, kind === 'PostgreSQL' ? postgres : undefined)
    const life = new Life(randomOf(seed), servers, servers[0].database)
    t.after(async () => {
      await Promise.all(life.servers.map((server) => server.kill()))
      for (const { folder } of life.servers) rmSync(folder, { recursive: true, force: true })
    })
    let what
    try {
      for (let number = 1; number <= steps; number++) {
        what = `step ${number}`
        what = `step ${number}: ${await life.step()}`
        await life.holds()
        if (number % QUIET_EVERY === 0) await life.holdsInQuiet()
      }
    } catch (error) {
      throw new Error(`KEYHOLD_SEED=${seed}, ${what}: ${error.message}`, { cause: error })
    }
    t.diagnostic(JSON.stringify({ ...life.seen, ofStripe: life.brought.length }))
    await Promise.all(life.servers.map((server) => server.stop({ keep: true })))
  })
}
