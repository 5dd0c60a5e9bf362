// exact: the quota over HTTP: neither parallel calls, nor a killed server, nor one that is told to end, make it wrong.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import {
  account,
  ask,
  complete,
  configOf,
  delta,
  DONE,
  plan,
  QUESTION,
  settled,
  startProvider,
  startServer,
  usageEvent,
} from './support/server.mjs'

const KILLS = process.env.KEYHOLD_EFFORT === 'full' ? 100 : 10
const CALLS = 1000
const FIT = 37
const wait = (ms) => new Promise((done) => setTimeout(done, ms))

/** What is held for one call, in millionths of a dollar: as a user hears who has nothing. */
let held
let provider
before(async () => {
  provider = await startProvider()
  const server = await startServer(configFor(0))
  held = (await (await ask(server, 'poor')).json()).needed
  await server.stop()
  assert.ok(held > 1024, `${held}`)
})
after(() => provider?.stop())

const configFor = (limitMicroUsd, over = {}) =>
  configOf(provider, { plans: [plan({ limitUsd: limitMicroUsd / 1e6, maxRunning: 1000, ...over })] })

/** All at once, as far as the machine lets them; each until it is decided. */
async function askAll(server, user, count) {
  const statuses = new Map()
  await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await ask(server, user)
      await response.arrayBuffer()
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
    }),
  )
  return statuses
}

test('of 1,000 calls at once on a limit for 37, exactly 37 pass, where each uses all that was held', async () => {
  const server = await startServer(configFor(FIT * held + held - 1))
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response, { input: held - 10, output: 5 })
  const statuses = await askAll(server, 'ann', CALLS)
  assert.equal(statuses.get(200), FIT)
  assert.equal(
    [...statuses.values()].reduce((a, b) => a + b),
    CALLS,
  )
  // Those that came while others were held may come again; those after that may not.
  for (const status of statuses.keys()) assert.ok([200, 402, 429].includes(status), `${status}`)
  assert.equal(provider.requests.length, FIT)
  const { limit, settled: spent, available } = await settled(server, 'ann')
  assert.equal(spent, FIT * held)
  assert.equal(available, limit - spent)
  await server.stop()
})

test('where each uses half of what was held, all of the limit can be used', async () => {
  const half = Math.floor(held / 2)
  const server = await startServer(configFor(10 * held))
  provider.answer = (_, response) => complete(response, { input: half, output: 0 })
  let passed = 0
  for (let tries = 0; tries < 500; tries++) {
    const statuses = await askAll(server, 'ann', 5)
    passed += statuses.get(200) ?? 0
    if (statuses.get(402) === 5) break
  }
  const { available, settled: spent } = await settled(server, 'ann')
  assert.equal(spent, passed * half)
  assert.ok(available < held, `${available} of ${held} could still have been used`)
  await server.stop()
})

test(`a server that is killed ${KILLS} times under load loses no settled use, holds nothing afterwards, and never goes over`, async (t) => {
  const limit = 400 * held
  const config = { ...configFor(limit), leaseSeconds: 3 }
  const users = ['ann', 'bob', 'cleo']
  let server = await startServer(config)
  const { folder } = server
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  provider.answer = async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(delta('some text'))
    await wait(Math.random() * 30)
    response.end(usageEvent(100, 5) + DONE)
  }
  for (let kill = 0; kill < KILLS; kill++) {
    // Answers that came whole, each of which is settled a moment after.
    const load = new AbortController()
    const loading = users.flatMap((user) =>
      Array.from({ length: 4 }, async () => {
        while (!load.signal.aborted) {
          const response = await ask(server, user, { body: { ...QUESTION, stream: true } }).catch(() => null)
          if (response === null) return
          await response.text().catch(() => null)
        }
      }),
    )
    await wait(100 + Math.random() * 200)
    const before = await Promise.all(users.map((user) => account(server, user)))
    await server.kill()
    load.abort()
    await Promise.all(loading)
    server = await startServer(folder)
    for (const [i, user] of users.entries()) {
      const now = await account(server, user)
      assert.ok(
        now.settled >= before[i].settled,
        `what was settled before the kill is still there: ${before[i].settled}`,
      )
      assert.ok(now.settled + now.held <= now.limit, JSON.stringify(now))
    }
  }
  // What the last kill left behind is held until its lease ends, and then charged what it had come to.
  await wait(3000)
  for (const user of users) {
    const now = await settled(server, user)
    assert.ok(now.settled <= now.limit && now.settled > 0, JSON.stringify(now))
  }
  await server.stop({ keep: true })
})

test('told to end, it takes no more calls, lets those under way come to their end, and settles them', async () => {
  const server = await startServer(configFor(1000 * held))
  let end
  const begun = new Promise((resolve) => {
    provider.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta('first '))
      end = () => response.end(delta('last') + usageEvent(100, 5) + DONE)
      resolve()
    }
  })
  const asking = ask(server, 'ann', { body: { ...QUESTION, stream: true } })
  await begun
  const response = await asking
  const stopping = server.stop({ keep: true })
  while (!server.log.includes('shutting down')) await wait(5)
  await assert.rejects(fetch(`${server.url}/healthz`), 'nobody listens any more')
  end()
  assert.match(await response.text(), /last/)
  await stopping
  const again = await startServer(server.folder)
  const now = await account(again, 'ann')
  assert.deepEqual([now.settled, now.held], [110, 0])
  await again.stop()
})
