// postgres: several processes on one PostgreSQL: exact together, whichever of them is killed, and through its restart.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import {
  ADDRESS,
  askAll,
  assertRight,
  heldByCall,
  limitedTo,
  slowStream,
  startProcesses,
  stopAll as stopProcesses,
  STREAM_COST,
  wait,
} from './support/quota.mjs'
import {
  account,
  ask,
  command,
  complete,
  DONE,
  makeFolder,
  QUESTION,
  settled,
  startProvider,
} from './support/server.mjs'

const CALLS = 1000
const FIT = 37
const LEASE_S = 3

let postgres
let provider
let held
before(async () => {
  postgres = await startPostgres()
  provider = await startProvider()
  held = await heldByCall(provider)
})
after(async () => {
  await provider?.stop()
  await postgres?.stop()
})

const configFor = (limitMicroUsd, over) => limitedTo(provider, limitMicroUsd, over)
const startAll = (count, config) => startProcesses(count, config, postgres)
const stopAll = (servers) => stopProcesses(servers, postgres)
const isRight = (database) => assertRight(postgres, database)

/** Asks until it is stopped. Of each answer: by which process, when it was asked for, when it was there, and whether as a whole. */
function load(servers, user, lanes) {
  const seen = []
  const over = new AbortController()
  const running = servers.flatMap((server) =>
    Array.from({ length: lanes }, async () => {
      while (!over.signal.aborted) {
        const answer = { server, asked: Date.now(), status: 0, whole: false }
        try {
          const response = await ask(server, user, { body: { ...QUESTION, stream: true } })
          answer.status = response.status
          answer.whole = (await response.text()).endsWith(DONE)
        } catch {
          if (server.child.signalCode !== null) return
        }
        seen.push(Object.assign(answer, { there: Date.now() }))
        if (answer.status !== 200) await wait(20)
      }
    }),
  )
  return {
    seen,
    async stop() {
      over.abort()
      await Promise.all(running)
    },
  }
}

test('of 1,000 calls at once at three processes on a limit for 37, exactly 37 pass', async () => {
  const servers = await startAll(3, configFor(FIT * held + held - 1))
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response, { input: held - 10, output: 5 })
  const statuses = await askAll(servers, 'ann', CALLS)
  assert.equal(statuses.get(200), FIT)
  for (const status of statuses.keys()) assert.ok([200, 402, 429].includes(status), `${status}`)
  assert.equal(provider.requests.length, FIT)
  assert.equal((await settled(servers[0], 'ann')).settled, FIT * held)
  await isRight(servers[0].database)
  await stopAll(servers)
})

test('where each uses half of what was held, all of the limit can be used, wherever it was asked', async () => {
  const half = Math.floor(held / 2)
  const servers = await startAll(3, configFor(10 * held))
  provider.answer = (_, response) => complete(response, { input: half, output: 0 })
  let passed = 0
  for (let tries = 0; tries < 200; tries++) {
    const statuses = await askAll(servers, 'ann', 6)
    passed += statuses.get(200) ?? 0
    if (statuses.get(402) === 6) break
  }
  const { available, settled: spent } = await settled(servers[1], 'ann')
  assert.equal(spent, passed * half)
  assert.ok(available < held, `${available} of ${held} could still have been used`)
  await stopAll(servers)
})

test('one Idempotency-Key at all processes at once is one call', async () => {
  const servers = await startAll(3, configFor(1000 * held))
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response)
  for (let round = 0; round < 10; round++) {
    const statuses = await askAll(servers, 'ann', 6, { 'idempotency-key': `key-${round}` })
    assert.deepEqual([...statuses].sort(), [
      [200, 1],
      [409, 5],
    ])
  }
  assert.equal(provider.requests.length, 10)
  await stopAll(servers)
})

test('ten processes that start at once on an empty database all serve', async () => {
  const servers = await startAll(10, configFor(1000 * held))
  provider.answer = (_, response) => complete(response)
  for (const server of servers) assert.equal((await ask(server, 'ann')).status, 200)
  await settled(servers[0], 'ann')
  await isRight(servers[0].database)
  await stopAll(servers)
})

test('of three processes under load one is killed: nothing settled is lost, its holds end with its lease, no one else does', async () => {
  const servers = await startAll(3, configFor(2000 * held, { leaseSeconds: LEASE_S }))
  provider.answer = slowStream
  const loading = load(servers, 'ann', 4)
  await wait(1500)
  const { settled: before } = await account(servers[1], 'ann')
  await servers[0].kill()
  // Longer than a lease: the calls of those that live are renewed.
  await wait(2 * LEASE_S * 1000)
  await loading.stop()
  const wholes = loading.seen.filter(({ whole, server }) => whole && server !== servers[0]).length
  assert.ok(wholes > 0 && before > 0)
  const now = await settled(servers[1], 'ann')
  assert.ok(now.settled >= before && now.settled >= wholes * STREAM_COST, JSON.stringify({ now, before, wholes }))
  // Those that live answer all the time.
  const statuses = new Set(loading.seen.map(({ status }) => status).filter((status) => status !== 0))
  assert.deepEqual([...statuses], [200])
  // Of those that live none was taken for dead: what they answered as a whole was charged by its figures.
  const estimated = await postgres.sql("SELECT COUNT(*) FROM calls WHERE figures = 'estimated'", servers[0].database)
  assert.ok(Number(estimated) <= 4, `${estimated}`)
  await isRight(servers[0].database)
  rmSync(servers[0].folder, { recursive: true, force: true })
  await stopAll(servers.slice(1))
})

test('PostgreSQL that is killed and started under load: 503 meanwhile, then all goes on, and not a call is lost or free', async () => {
  const servers = await startAll(3, configFor(5000 * held, { leaseSeconds: LEASE_S }))
  provider.answer = slowStream
  const loading = load(servers, 'ann', 4)
  await wait(1000)
  const down = Date.now()
  await postgres.stopAtOnce()
  const gone = Date.now()
  await wait(2500)
  assert.equal((await fetch(`${servers[0].url}/readyz`)).status, 503)
  const starting = Date.now()
  await postgres.start()
  const up = Date.now()
  await wait(3000)
  await loading.stop()
  const { seen } = loading
  const during = seen.filter(({ asked, there }) => asked > gone && there < starting)
  assert.ok(during.length > 0)
  assert.deepEqual([...new Set(during.map(({ status }) => status))], [503])
  assert.deepEqual([...new Set(seen.map(({ status }) => status))].sort(), [200, 503])
  const slowest = Math.max(...seen.map(({ asked, there }) => there - asked))
  assert.ok(slowest < 6000, `${slowest} ms`)
  for (const server of servers) {
    assert.ok(
      seen.some((answer) => answer.server === server && answer.status === 200 && answer.asked > up),
      'it recovers',
    )
  }
  // Not one: what ended while the database was away was settled when it was back.
  const now = await settled(servers[0], 'ann')
  const answered = seen.filter(({ status }) => status === 200)
  assert.ok(answered.some(({ asked, there }) => asked < down && there > down) || answered.length > 0)
  assert.ok(answered.every(({ whole }) => whole))
  assert.equal(now.settled, answered.length * STREAM_COST)
  await isRight(servers[0].database)
  await stopAll(servers)
})

test('an address that is none, or not there, is named by its place; what is in it is not said', async () => {
  const folder = makeFolder(configFor(held, { database: { postgresEnv: ADDRESS } }))
  try {
    delete process.env[ADDRESS]
    assert.match((await command(folder, 'check-config')).output, /database\.postgresEnv: the environment has no such/)
    for (const wrong of ['keep-this-quiet', 'postgresql://a:keep-this-quiet@[', 'mysql://a:keep-this-quiet@b/c']) {
      process.env[ADDRESS] = wrong
      const { code, output } = await command(folder, 'check-config')
      assert.equal(code, 1)
      assert.match(output, /database\.postgresEnv: an address is expected/)
      assert.ok(!output.includes('keep-this-quiet'))
    }
    for (const wrong of [
      postgres.url().replace(/:[^:@]*@/, ':keep-this-quiet@'),
      'postgresql://a:keep-this-quiet@127.0.0.1:1/x',
    ]) {
      process.env[ADDRESS] = wrong
      const { code, output } = await command(folder, 'serve')
      assert.equal(code, 1)
      assert.match(output, /database\.postgresEnv: the database cannot be opened/)
      assert.ok(!output.includes('keep-this-quiet'))
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
