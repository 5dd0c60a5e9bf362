// quota: what tests of the quota set up: a limit for so many calls, several processes on one database, calls all at once.
import assert from 'node:assert/strict'
import { wrongIn } from './ledger.mjs'
import { ask, configOf, delta, DONE, makeFolder, plan, startServer, usageEvent } from './server.mjs'

/** Where a server finds the address of its PostgreSQL. */
export const ADDRESS = 'TEST_DATABASE_URL'
/** What an answer of `slowStream` costs, in millionths of a dollar. */
export const STREAM_COST = 110
/** The kinds of database, and how many processes share one in a test. */
export const KINDS = [
  { kind: 'SQLite', processes: 1 },
  { kind: 'PostgreSQL', processes: 3 },
]
export const textOf = ({ kind, processes }) => `${kind} with ${processes} process${processes > 1 ? 'es' : ''}`
export const wait = (ms) => new Promise((done) => setTimeout(done, ms))

/** One plan, with a limit in millionths of a dollar. */
export const limitedTo = (provider, limitMicroUsd, over = {}) =>
  configOf(provider, { plans: [plan({ limitUsd: limitMicroUsd / 1e6, maxRunning: 1000 })], ...over })

/** What is held for one call of `ask()`, in millionths of a dollar: as a user hears who has nothing. */
export async function heldByCall(provider) {
  const server = await startServer(limitedTo(provider, 0))
  const { needed } = await (await ask(server, 'poor')).json()
  await server.stop()
  assert.ok(needed > 1024, `${needed}`)
  return needed
}

let databases = 0
/**
 * So many processes at once, each with a folder of its own: on a new, empty database of `postgres`, or (one process) on SQLite.
 * `database`, its name, is of each of them.
 */
export async function startProcesses(count, config, postgres) {
  if (!postgres) {
    assert.equal(count, 1, 'a file of SQLite is in its folder')
    return [await startServer(makeFolder(config))]
  }
  const database = `quota_${++databases}`
  await postgres.database(database)
  return startMore(count, config, postgres, database)
}

export async function startMore(count, config, postgres, database) {
  process.env[ADDRESS] = postgres.url(database)
  const on = { ...config, database: { postgresEnv: ADDRESS } }
  const servers = await Promise.all(Array.from({ length: count }, () => startServer(on)))
  return servers.map((server) => Object.assign(server, { database }))
}

/** After a kill or a stop: another process in the same folder, on the same database. */
export async function startAgain({ folder, database }) {
  return Object.assign(await startServer(folder), { database })
}

export async function stopAll(servers, postgres) {
  await Promise.all(servers.map((server) => server.stop()))
  for (const { log } of servers) {
    assert.ok(!log.includes(postgres.password) && !log.includes('postgresql://'), 'the log has no address in it')
  }
}

export const assertRight = async (postgres, database) =>
  assert.deepEqual(await wrongIn(postgres, database), { unlikeLedger: 0, overLimit: 0 })

/** All at once, as far as the machine lets them, each of another process than the one before. @returns status → how many */
export async function askAll(servers, user, count, headers = {}) {
  const statuses = new Map()
  await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const response = await ask(servers[i % servers.length], user, { headers })
      await response.arrayBuffer()
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    }),
  )
  return statuses
}

/** An answer of a provider that takes a moment, so that there is a middle to be killed in. */
export async function slowStream(_, response, { input = 100, output = 5, mostMs = 30 } = {}) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(delta('some text'))
  await wait(Math.random() * mostMs)
  response.end(usageEvent(input, output) + DONE)
}
