// exact: the quota over HTTP: neither parallel calls nor a server that is told to end make it wrong. (Killed ones: kills.test.mjs).
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { askAll, heldByCall, limitedTo, STREAM_COST, wait } from './support/quota.mjs'
import {
  account,
  ask,
  complete,
  delta,
  DONE,
  QUESTION,
  settled,
  startProvider,
  startServer,
  usageEvent,
} from './support/server.mjs'

const CALLS = 1000
const FIT = 37

/** What is held for one call, in millionths of a dollar. */
let held
let provider
before(async () => {
  provider = await startProvider()
  held = await heldByCall(provider)
})
after(() => provider?.stop())

const configFor = (limitMicroUsd) => limitedTo(provider, limitMicroUsd)

test('of 1,000 calls at once on a limit for 37, exactly 37 pass, where each uses all that was held', async () => {
  const server = await startServer(configFor(FIT * held + held - 1))
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response, { input: held - 10, output: 5 })
  const statuses = await askAll([server], 'ann', CALLS)
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
    const statuses = await askAll([server], 'ann', 5)
    passed += statuses.get(200) ?? 0
    if (statuses.get(402) === 5) break
  }
  const { available, settled: spent } = await settled(server, 'ann')
  assert.equal(spent, passed * half)
  assert.ok(available < held, `${available} of ${held} could still have been used`)
  await server.stop()
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
  assert.deepEqual([now.settled, now.held], [STREAM_COST, 0])
  await again.stop()
})
