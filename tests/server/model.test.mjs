// model: random steps over HTTP - calls, clients that leave, keys used twice, processes killed and started, plans changed - and
// after each of them what must hold, holds. The seed is printed; KEYHOLD_SEED repeats one. At full effort 10,000 steps.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { wrongIn } from './support/ledger.mjs'
import { startPostgres } from './support/postgres.mjs'
import {
  account,
  ask,
  command,
  complete,
  configOf,
  delta,
  DONE,
  makeFolder,
  plan,
  QUESTION,
  startProvider,
  startServer,
  token,
  usageEvent,
} from './support/server.mjs'

const full = process.env.KEYHOLD_EFFORT === 'full'
/** By default; three processes that are sanitized cost more. */
const STEPS = { SQLite: 200, PostgreSQL: 100 }
const FULL_STEPS = 10_000
const QUIET_EVERY = full ? 250 : 100
const LEASE_S = 3
const USERS = ['ann', 'bob', 'cleo']
const LIMITS = { free: 60, pro: 100_000 }
const wait = (ms) => new Promise((done) => setTimeout(done, ms))

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
let postgres
/** What is held for one call. */
let held
before(async () => {
  provider = await startProvider()
  postgres = await startPostgres()
  const server = await startServer(configOf(provider, { plans: [plan({ limitUsd: 0 })] }))
  held = (await (await ask(server, 'poor')).json()).needed
  await server.stop()
})
after(async () => {
  await provider?.stop()
  await postgres?.stop()
})

/** One life of several processes on one database. */
class Life {
  constructor(random, folders, database) {
    Object.assign(this, { random, folders, database, servers: [], keys: 0, seen: {} })
    /** Of each user: charges that are certain, calls of which only the most is known, and what it had beyond a lowered limit. */
    this.users = new Map(USERS.map((name) => [name, { plan: 'free', sure: 0, unsure: 0, beyond: 0 }]))
  }
  below(bound) {
    return Math.floor(this.random() * bound)
  }
  any(list) {
    return list[this.below(list.length)]
  }
  async start() {
    this.servers = await Promise.all(this.folders.map((folder) => startServer(folder)))
  }

  async step() {
    const what = this.any([
      ...Array(10).fill('call'),
      ...Array(4).fill('stream'),
      ...Array(4).fill('abort'),
      ...Array(3).fill('duplicate'),
      ...Array(2).fill('together'),
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
    const id = this.any(['free', 'pro'])
    assert.equal((await command(this.folders[0], 'plan', 'set', user, id)).code, 0)
    this.users.get(user).plan = id
    const { settled, held: now } = await account(this.any(this.servers), user)
    this.users.get(user).beyond = settled + now
  }
  /** With calls under way. */
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
    await wait(this.below(40))
    await server.kill()
    await Promise.all(calls)
    this.servers[at] = await startServer(this.folders[at])
  }
  async restart() {
    const at = this.below(this.servers.length)
    await this.servers[at].stop({ keep: true })
    this.servers[at] = await startServer(this.folders[at])
  }

  /** At any moment. */
  async holds() {
    for (const [user, { beyond }] of this.users) {
      const now = await account(this.any(this.servers), user)
      const text = `${user}: ${JSON.stringify(now)}`
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

for (const [name, processes] of [
  ['SQLite', 1],
  ['PostgreSQL', 3],
]) {
  const steps = full ? FULL_STEPS : STEPS[name]
  test(`${steps} random steps on ${name} with ${processes} process${processes > 1 ? 'es' : ''}`, async (t) => {
    const seed = Number(process.env.KEYHOLD_SEED ?? Math.floor(Math.random() * 2 ** 31))
    t.diagnostic(`KEYHOLD_SEED=${seed}`)
    const database = name === 'PostgreSQL' ? 'model' : null
    if (database) process.env.TEST_DATABASE_URL = await postgres.database(database)
    const config = configOf(provider, {
      leaseSeconds: LEASE_S,
      plans: Object.entries(LIMITS).map(([id, calls]) =>
        plan({ id, name: id, limitUsd: (calls * held) / 1e6, period: 'once', maxRunning: 1000 }),
      ),
      ...(database ? { database: { postgresEnv: 'TEST_DATABASE_URL' } } : {}),
    })
    const folders = Array.from({ length: processes }, () => makeFolder(config))
    t.after(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))
    const life = new Life(randomOf(seed), folders, database)
    await life.start()
    t.after(() => life.servers.forEach(({ child }) => child.kill('SIGKILL')))
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
    t.diagnostic(JSON.stringify(life.seen))
    await Promise.all(life.servers.map((server) => server.stop({ keep: true })))
  })
}
