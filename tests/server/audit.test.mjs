// audit: who did what and from where: behind a proxy and without one, as the database has it and as it is written out.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { startPostgres } from './support/postgres.mjs'
import { ask, command, complete, settled, startProvider, startServer, token } from './support/server.mjs'
import {
  bring,
  buy,
  configWith,
  query,
  startStripe,
  STRIPE_KEY,
  subscriptionEvent,
  WEBHOOK_SECRET,
} from './support/stripe.mjs'

const PROXY = { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] }
const today = () => new Date().toISOString().slice(0, 10)

let provider
let stripe
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  provider.answer = (_, response) => complete(response)
})
after(async () => {
  await stripe?.stop()
  await provider?.stop()
})

const addresses = (server, user) =>
  query(server, `SELECT COALESCE(GROUP_CONCAT(address, ' '), '-') FROM calls WHERE user_id = '${user}'`)
const call = async (server, user, forwarded) => {
  const response = await ask(server, user, { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded } })
  await response.text()
  assert.equal(response.status, 200)
}
async function exported(server, ...more) {
  const day = today()
  const { code, output } = await command(server.folder, 'audit', 'export', '--from', day, '--to', day, ...more)
  assert.equal(code, 0, output)
  return output
}
const rowsOf = async (server, ...more) => JSON.parse(await exported(server, '--format', 'json', ...more)).audit

test("the address is the peer's where no proxy is trusted, and what the proxy says where one is", async () => {
  for (const [over, forwarded, expected] of [
    [{}, '203.0.113.9', '127.0.0.1'],
    [{ trustedProxies: ['10.0.0.1'] }, '203.0.113.9', '127.0.0.1'],
    [PROXY, undefined, '127.0.0.1'],
    [PROXY, '203.0.113.9', '203.0.113.9'],
    [PROXY, "1.2.3.4, '; DROP TABLE calls; --, 203.0.113.9, 10.1.1.1", '203.0.113.9'],
    [PROXY, '::ffff:203.0.113.9', '203.0.113.9'],
    [PROXY, '203.0.113.9, unknown', '127.0.0.1'],
    [{ ...PROXY, addressDays: 0 }, '203.0.113.9', ''],
  ]) {
    const server = await startServer(configWith(provider, stripe, over))
    try {
      await call(server, 'ann', forwarded)
      assert.equal(addresses(server, 'ann'), expected, `${JSON.stringify(over)} ${forwarded}`)
      const rows = await rowsOf(server)
      assert.deepEqual([rows[0].action, rows[0].actor, rows[0].address], ['account_added', 'user:ann', expected])
      // Neither a provider nor the log is told.
      assert.ok(!server.log.includes('203.0.113.9'))
      assert.equal(provider.requests.at(-1).headers['x-forwarded-for'], undefined)
    } finally {
      await server.stop()
    }
  }
})

test('what is done leaves a row: by users, by Stripe and by the operator, in order, and none of it a secret', async () => {
  const server = await startServer(configWith(provider, stripe, PROXY))
  try {
    await call(server, 'ann', '192.0.2.1')
    const from = { 'x-forwarded-for': '192.0.2.2' }
    const bought = await buy(server, 'ann', { headers: from })
    assert.equal(bought.status, 200)
    const { status } = await bring(server, subscriptionEvent({ id: 'sub_ann', user: 'ann' }), { headers: from })
    assert.equal(status, 200)
    const managed = await buy(server, 'ann', { route: 'portal', headers: from })
    assert.equal(managed.status, 200)
    assert.equal((await command(server.folder, 'plan', 'set', 'ann', 'max', '--status', 'suspended')).code, 0)
    const usage = await command(server.folder, 'usage', 'export', '--from', today(), '--to', today())
    assert.equal(usage.code, 0)
    await settled(server, 'ann')
    const rows = await rowsOf(server)
    assert.deepEqual(
      rows.map(({ action, actor, subject, address }) => [action, actor, subject, address]),
      [
        ['account_added', 'user:ann', 'ann', '192.0.2.1'],
        ['checkout_made', 'user:ann', 'ann', '192.0.2.2'],
        ['subscription_changed', 'stripe', 'ann', '192.0.2.2'],
        ['plan_set', 'stripe', 'ann', '192.0.2.2'],
        ['portal_made', 'user:ann', 'ann', '192.0.2.2'],
        ['plan_set', 'operator', 'ann', ''],
        ['status_changed', 'operator', 'ann', ''],
        ['usage_exported', 'operator', '', ''],
        ['audit_exported', 'operator', '', ''],
      ],
    )
    // The id that the log and the answer have.
    assert.ok(server.log.includes(`"request":"${rows[1].request_id}","route":"/v1/checkout"`))
    assert.deepEqual(rows[1].detail, { plan: 'pro' })
    assert.deepEqual(rows[6].detail, { status: 'suspended', was: 'active' })
    assert.deepEqual(
      rows.map(({ at }) => at),
      rows.map(({ at }) => at).toSorted(),
    )
    // With the calls, in the form of a table; of one user only what is about them.
    const csv = await exported(server, '--calls', '--user', 'ann')
    const lines = csv.trimEnd().split('\r\n')
    assert.equal(lines[0], 'at,action,actor,subject,address,request_id,detail')
    assert.equal(lines.length, 1 + 7 + 1 + 1)
    assert.match(
      lines.at(-1),
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z,call,user:ann,mock,192\.0\.2\.1,,"\{""call"":1,""model"":""m-1""/,
    )
    assert.match(lines.at(-1), /""charged_micro_usd"":20,""status"":200/)
    for (const secret of [STRIPE_KEY, WEBHOOK_SECRET, bought.url, managed.url, await token('ann'), 'hello']) {
      assert.ok(!csv.includes(secret), secret)
    }
  } finally {
    await server.stop()
  }
})

test('a session of which nothing can be written down is not handed out', async () => {
  const server = await startServer(configWith(provider, stripe, PROXY))
  try {
    query(server, "CREATE TRIGGER closed BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'closed'); END")
    const refused = await buy(server, 'ann')
    assert.equal(refused.status, 503)
    assert.equal((await ask(server, 'ann')).status, 503)
    assert.equal(query(server, 'SELECT COUNT(*) FROM accounts'), '0')
    query(server, 'DROP TRIGGER closed')
    assert.equal((await buy(server, 'ann')).status, 200)
    await call(server, 'ann')
  } finally {
    await server.stop()
  }
})

test('cells that a spreadsheet would run are written as text', async () => {
  const server = await startServer(configWith(provider, stripe, PROXY))
  try {
    for (const user of ['=HYPERLINK("http://x")', '+1', '@x', 'a,"b']) await call(server, user)
    const lines = (await exported(server, '--calls')).split('\r\n')
    assert.ok(lines.some((line) => line.includes(`,"'=HYPERLINK(""http://x"")",`)))
    assert.ok(lines.some((line) => line.includes(`,'+1,`)))
    assert.ok(lines.some((line) => line.includes(`,'@x,`)))
    assert.ok(lines.some((line) => line.includes(`,"a,""b",`)))
    assert.ok(lines.every((line) => !/(^|,)"?[=+@-]/.test(line)))
  } finally {
    await server.stop()
  }
})

test('old addresses are taken out by the server itself, and the rows stay', async () => {
  const server = await startServer(configWith(provider, stripe, { ...PROXY, addressDays: 30, leaseSeconds: 3 }))
  try {
    for (const user of ['old', 'new']) await call(server, user, '203.0.113.9')
    await settled(server, 'new')
    const month = 31 * 86_400_000
    query(server, `UPDATE calls SET created_at = created_at - ${month} WHERE user_id = 'old'`)
    query(server, `UPDATE audit SET happened_at = happened_at - ${month} WHERE subject = 'old'`)
    const end = Date.now() + 15_000
    while (addresses(server, 'old') !== '' && Date.now() < end) await new Promise((done) => setTimeout(done, 100))
    assert.equal(addresses(server, 'old'), '')
    assert.equal(addresses(server, 'new'), '203.0.113.9')
    const rows = query(server, "SELECT subject, address FROM audit WHERE action = 'account_added' ORDER BY id")
    assert.deepEqual(rows.split('\n'), ['old|', 'new|203.0.113.9'])
  } finally {
    await server.stop()
  }
})

test('who keeps no addresses any more is soon rid of those that were kept', async () => {
  const config = configWith(provider, stripe, { ...PROXY, leaseSeconds: 3 })
  let server = await startServer(config)
  try {
    await call(server, 'ann', '203.0.113.9')
    await settled(server, 'ann')
    await server.stop({ keep: true })
    // A row is left alone as long as its call may still be under way.
    const quarter = 15 * 60_000
    query(server, `UPDATE calls SET created_at = created_at - ${quarter}`)
    query(server, `UPDATE audit SET happened_at = happened_at - ${quarter}`)
    writeFileSync(`${server.folder}/keyhold-server.json`, JSON.stringify({ ...config, addressDays: 0 }))
    server = await startServer(server.folder)
    const end = Date.now() + 15_000
    while (addresses(server, 'ann') !== '' && Date.now() < end) await new Promise((done) => setTimeout(done, 100))
    assert.equal(addresses(server, 'ann'), '')
    assert.equal(query(server, "SELECT subject, address FROM audit WHERE action = 'account_added'"), 'ann|')
  } finally {
    await server.stop()
  }
})

test('a database that cannot be opened is named with its reason', async () => {
  const server = await startServer(configWith(provider, stripe))
  await server.stop({ keep: true })
  try {
    for (const end of ['', '-wal', '-shm']) rmSync(`${server.folder}/keyhold-server.db${end}`, { force: true })
    mkdirSync(`${server.folder}/keyhold-server.db`)
    const { code, output } = await command(server.folder, 'serve')
    assert.equal(code, 1)
    assert.match(output, /the database cannot be opened, or made: .*unable to open database file/)
  } finally {
    rmSync(server.folder, { recursive: true })
  }
})

test('on PostgreSQL the rows are the same, and a wrong password is named as such and not said', async () => {
  const postgres = await startPostgres()
  process.env.TEST_DATABASE_URL = postgres.url()
  let server
  try {
    server = await startServer(
      configWith(provider, stripe, { ...PROXY, database: { postgresEnv: 'TEST_DATABASE_URL' } }),
    )
    await call(server, 'ann', '192.0.2.1')
    assert.equal((await bring(server, subscriptionEvent({ id: 'sub_pg', user: 'ann' }))).status, 200)
    assert.equal((await command(server.folder, 'plan', 'set', 'ann', 'max')).code, 0)
    await settled(server, 'ann')
    const rows = await rowsOf(server, '--calls', '--user', 'ann')
    assert.deepEqual(
      rows.map(({ action, actor, address }) => `${action} ${actor} ${address}`),
      [
        'account_added user:ann 192.0.2.1',
        'subscription_changed stripe 127.0.0.1',
        'plan_set stripe 127.0.0.1',
        'plan_set operator ',
        'audit_exported operator ',
        'call user:ann 192.0.2.1',
      ],
    )
    process.env.TEST_DATABASE_URL = postgres.url().replace(/:[^:@]*@/, ':keep-this-quiet@')
    const { code, output } = await command(server.folder, 'plan', 'set', 'ann', 'pro')
    assert.equal(code, 1)
    assert.match(
      output,
      /cannot be opened, or made: PostgreSQL refuses the connection: .*password authentication failed/,
    )
    for (const part of ['keep-this-quiet', 'keyhold"', `${postgres.port}`, '/quota'])
      assert.ok(!output.includes(part), output)
  } finally {
    await server?.stop()
    await postgres.stop()
  }
})
