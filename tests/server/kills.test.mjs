// kills: processes killed under load over HTTP, on SQLite and on PostgreSQL: what was settled stays, nothing stays held, no limit is passed.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import {
  assertRight,
  heldByCall,
  KINDS,
  limitedTo,
  slowStream,
  startAgain,
  startProcesses,
  textOf,
  wait,
} from './support/quota.mjs'
import { account, ask, QUESTION, settled, startProvider } from './support/server.mjs'

const full = process.env.KEYHOLD_EFFORT === 'full'
const KILLS = { SQLite: full ? 100 : 8, PostgreSQL: full ? 100 : 3 }
/** Of each user: in calls, for each kill. */
const LIMIT = 40
const LEASE_S = 3
const USERS = ['ann', 'bob', 'cleo']
const LANES = 4

let provider
let postgres
/** What is held for one call. */
let held
before(async () => {
  provider = await startProvider()
  postgres = await startPostgres()
  held = await heldByCall(provider)
})
after(async () => {
  await provider?.stop()
  await postgres?.stop()
})

/** Calls of all users at all processes, until `over`. @returns how many of them a kill cut off */
async function load(servers, over) {
  let cutOff = 0
  const lanes = USERS.flatMap((user) =>
    Array.from({ length: LANES }, async (_, lane) => {
      const server = servers[lane % servers.length]
      while (!over.aborted) {
        const response = await ask(server, user, { body: { ...QUESTION, stream: true } }).catch(() => null)
        const text = await response?.text().catch(() => null)
        if (typeof text === 'string') continue
        cutOff++
        return
      }
    }),
  )
  await Promise.all(lanes)
  return cutOff
}

for (const { kind, processes } of KINDS) {
  const kills = KILLS[kind]
  test(`${kills} SIGKILLs under load, ${textOf({ kind, processes })}: no settled use is lost, nothing stays held, never over`, async (t) => {
    const onPostgres = kind === 'PostgreSQL'
    const config = limitedTo(provider, LIMIT * kills * held, { leaseSeconds: LEASE_S })
    const servers = await startProcesses(processes, config, onPostgres ? postgres : undefined)
    const { database } = servers[0]
    t.after(async () => {
      await Promise.all(servers.map((server) => server.kill()))
      for (const { folder } of servers) rmSync(folder, { recursive: true, force: true })
    })
    provider.answer = slowStream
    let cutOff = 0
    for (let kill = 0; kill < kills; kill++) {
      const over = new AbortController()
      const loading = load(servers, over.signal)
      await wait(100 + Math.random() * 200)
      const at = kill % processes
      const before = await Promise.all(USERS.map((user) => account(servers[at], user)))
      await servers[at].kill()
      over.abort()
      cutOff += await loading
      servers[at] = await startAgain(servers[at])
      for (const [i, user] of USERS.entries()) {
        const now = await account(servers[at], user)
        assert.ok(now.settled >= before[i].settled, `settled before the kill: ${before[i].settled}, now ${now.settled}`)
        assert.ok(now.settled + now.held <= now.limit, JSON.stringify(now))
      }
      if (onPostgres) await assertRight(postgres, database)
    }
    // What the last kill left behind is held until its lease ends, and then charged what it had come to.
    await wait(LEASE_S * 1000)
    for (const user of USERS) {
      const now = await settled(servers[0], user)
      assert.ok(now.settled <= now.limit && now.settled > 0, JSON.stringify(now))
    }
    if (onPostgres) await assertRight(postgres, database)
    // Positive control: the kills came in the middle of calls.
    assert.ok(cutOff >= kills, `${cutOff} calls cut off by ${kills} kills`)
    t.diagnostic(`${kills} kills, ${cutOff} calls cut off`)
    await Promise.all(servers.map((server) => server.stop({ keep: true })))
  })
}
