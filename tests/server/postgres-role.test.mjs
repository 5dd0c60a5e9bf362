// postgres-role: how little a role on PostgreSQL may be allowed: the one that docs/server.md has made, and one that may not even make tables.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import { ADDRESS, limitedTo, startProcesses, stopAll } from './support/quota.mjs'
import { account, ask, command, makeFolder, settled, startProvider, startServer } from './support/server.mjs'
import { bring, configWith, MAX_PRICE, startStripe, subscriptionEvent } from './support/stripe.mjs'

const ENOUGH = 1e6

let postgres
let provider
let stripe
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

test('the documented role is nobody: no superuser, no databases, no roles; it owns its own, and that is enough', async () => {
  const rights = 'rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls'
  assert.equal(await postgres.sql(`SELECT ${rights} FROM pg_roles WHERE rolname = 'keyhold'`), 'f|f|f|f|f')
  const servers = await startProcesses(3, limitedTo(provider, ENOUGH), postgres)
  const [{ database }] = servers
  const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '${database}'`
  assert.equal(await postgres.sql(owner), 'keyhold')
  for (const server of servers) assert.equal((await ask(server, 'ann')).status, 200)
  assert.equal((await settled(servers[0], 'ann')).settled, 3 * 20)
  await stopAll(servers, postgres)
})

test('a role that may not make tables serves once they are there, and cannot make or change any', async (t) => {
  const config = configWith(provider, stripe, { database: { postgresEnv: ADDRESS } })
  const folder = makeFolder(config)
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const database = 'of_clerk'
  await postgres.database(database)
  await postgres.role('clerk')

  // Nothing is there yet, and it may make nothing.
  process.env[ADDRESS] = postgres.url(database, 'clerk')
  const early = await command(folder, 'serve')
  assert.equal(early.code, 1, early.output)
  assert.match(early.output, /database\.postgresEnv: the database cannot be opened, or made/)

  process.env[ADDRESS] = postgres.url(database)
  await (await startServer(folder)).stop({ keep: true })
  await postgres.sql(
    `GRANT USAGE ON SCHEMA public TO clerk;
     GRANT SELECT ON schema_version TO clerk;
     GRANT SELECT, INSERT, UPDATE ON accounts, calls, subscriptions TO clerk;
     GRANT SELECT, INSERT, DELETE ON billing_events TO clerk;
     GRANT SELECT, INSERT, UPDATE ON audit TO clerk;
     GRANT SELECT, UPDATE ON upkeep TO clerk;
     GRANT SELECT ON stored_keys TO clerk`,
    database,
  )
  process.env[ADDRESS] = postgres.url(database, 'clerk')
  const server = await startServer(folder)
  assert.equal((await ask(server, 'ann')).status, 200)
  assert.equal((await settled(server, 'ann')).settled, 20)
  const event = subscriptionEvent({ id: 'sub_ann', user: 'ann', price: MAX_PRICE })
  for (const _ of [1, 2]) assert.equal((await bring(server, event)).status, 200)
  assert.equal((await account(server, 'ann')).plan, 'max')
  assert.equal((await command(folder, 'plan', 'set', 'ann', 'pro')).code, 0)
  assert.equal((await account(server, 'ann')).plan, 'pro')
  await server.stop({ keep: true })

  // Positive control: that is all it may do.
  const may = `has_schema_privilege('clerk', 'public', 'CREATE'), has_table_privilege('clerk', 'calls', 'DELETE')`
  assert.equal(await postgres.sql(`SELECT ${may}`, database), 'f|f')
  await postgres.sql('REVOKE INSERT ON calls FROM clerk', database)
  const less = await startServer(folder)
  assert.equal((await ask(less, 'ann')).status, 503)
  await less.stop({ keep: true })
})
