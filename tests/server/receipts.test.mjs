// receipts: what calls came to, signed: are they what was charged, whose call it was, and what another library takes for signed?
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { compactVerify, createLocalJWKSet } from 'jose'
import { startPostgres } from './support/postgres.mjs'
import {
  DONE,
  ENVIRONMENT,
  QUESTION,
  account,
  ask,
  complete,
  configOf,
  delta,
  settled,
  startProvider,
  startServer,
  token,
} from './support/server.mjs'

const fresh = () => randomBytes(32).toString('base64url')
ENVIRONMENT.TEST_RECEIPT_KEY = fresh()
const RECEIPTS = { receipts: { keyEnv: 'TEST_RECEIPT_KEY' } }

let provider
before(async () => {
  provider = await startProvider()
})
after(async () => provider?.stop())

const get = async (server, path, user) =>
  fetch(`${server.url}/v1/receipts/${path}`, user ? { headers: { authorization: `Bearer ${await token(user)}` } } : {})

async function keysOf(server) {
  const response = await get(server, 'keys')
  assert.equal(response.status, 200)
  return response.json()
}

async function receiptOf(server, user, call) {
  const response = await get(server, call, user)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return JSON.parse(text).receipt
}

/** What a receipt says, once another library has found its signature good. */
async function read(receipt, keys) {
  const { payload, protectedHeader } = await compactVerify(receipt, createLocalJWKSet(keys))
  assert.deepEqual([protectedHeader.alg, protectedHeader.typ], ['EdDSA', 'keyhold-receipt+jwt'])
  return JSON.parse(new TextDecoder().decode(payload))
}

for (const database of ['SQLite', 'PostgreSQL']) {
  describe(database, () => {
    let postgres
    let server
    let keys
    before(async () => {
      const over = { ...RECEIPTS }
      if (database === 'PostgreSQL') {
        postgres = await startPostgres()
        ENVIRONMENT.TEST_RECEIPTS_DATABASE = postgres.url()
        over.database = { postgresEnv: 'TEST_RECEIPTS_DATABASE' }
      }
      server = await startServer(configOf(provider, over))
      keys = await keysOf(server)
    })
    after(async () => {
      await server?.stop()
      await postgres?.stop()
    })

    test('it is what was charged, of whose call it was, and the same each time', async () => {
      const began = Date.now()
      const response = await ask(server, 'ann')
      await response.text()
      const call = response.headers.get('keyhold-call')
      const { settled: charged } = await settled(server, 'ann')
      const receipt = await receiptOf(server, 'ann', call)
      const said = await read(receipt, keys)
      const { created_at, ended_at, ...rest } = said
      assert.deepEqual(rest, {
        sub: 'ann',
        call,
        provider: 'mock',
        model: 'm-1',
        charged_micro_usd: charged,
        figures: 'reported',
        http_status: 200,
      })
      assert.ok(charged > 0 && began <= created_at && created_at <= ended_at && ended_at <= Date.now())
      assert.equal(await receiptOf(server, 'ann', call), receipt)
    })

    test('somebody else’s call is as unknown as none', async () => {
      const response = await ask(server, 'ann')
      await response.text()
      await settled(server, 'ann')
      const call = response.headers.get('keyhold-call')
      const answers = []
      for (const path of [call, '999999999', '0', '-1', `0${call}`, `${call}%20`, 'x', `${call}/..`, '9'.repeat(20)]) {
        const answer = await get(server, path, 'bob')
        const { type, title } = await answer.json()
        answers.push(JSON.stringify([answer.status, type, title]))
      }
      assert.equal(new Set(answers).size, 1, answers.join('\n'))
      assert.match(answers[0], /^\[404,.*not_found/)
      assert.equal((await get(server, call)).status, 401)
      assert.equal((await get(server, call, 'ann')).status, 200)
    })

    test('while the call is under way there is none; broken off, it says so; refused, nothing was charged', async () => {
      let send
      provider.answer = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(delta('some words'))
        send = () => response.end(DONE)
      }
      const stop = new AbortController()
      const body = { ...QUESTION, stream: true }
      const running = await ask(server, 'cleo', { body, signal: stop.signal })
      const call = running.headers.get('keyhold-call')
      const early = await get(server, call, 'cleo')
      assert.equal(early.status, 409)
      assert.equal((await early.json()).type, 'urn:keyhold:call_not_over')
      assert.equal(early.headers.get('retry-after'), '1')
      stop.abort()
      await running.text().catch(() => {})
      const { settled: charged } = await settled(server, 'cleo')
      const broken = await read(await receiptOf(server, 'cleo', call), keys)
      assert.deepEqual([broken.figures, broken.charged_micro_usd], ['estimated', charged])
      assert.ok(charged > 0)
      send()

      provider.answer = (_, response) => response.writeHead(400, { 'content-type': 'application/json' }).end('{}')
      const refused = await ask(server, 'cleo')
      await refused.text()
      await settled(server, 'cleo')
      const said = await read(await receiptOf(server, 'cleo', refused.headers.get('keyhold-call')), keys)
      assert.deepEqual([said.figures, said.charged_micro_usd, said.http_status], ['none', 0, 400])

      provider.answer = (_, response) => response.destroy()
      const failed = await ask(server, 'cleo')
      assert.equal(failed.status, 502)
      await settled(server, 'cleo')
      const none = await read(await receiptOf(server, 'cleo', failed.headers.get('keyhold-call')), keys)
      assert.deepEqual([none.figures, none.charged_micro_usd], ['none', 0])
      provider.answer = (_, response) => complete(response)
    })

    test('with one byte altered anywhere it is no receipt', async () => {
      const response = await ask(server, 'ann')
      await response.text()
      await settled(server, 'ann')
      const receipt = await receiptOf(server, 'ann', response.headers.get('keyhold-call'))
      await read(receipt, keys)
      for (let i = 0; i < receipt.length - 1; ++i) {
        if (receipt[i] === '.') continue
        const altered = `${receipt.slice(0, i)}${receipt[i] === 'A' ? 'B' : 'A'}${receipt.slice(i + 1)}`
        await assert.rejects(compactVerify(altered, createLocalJWKSet(keys)), `at ${i}`)
      }
    })
  })
}

test('after another key has come, old receipts are checked with the served set, and new ones as well', async () => {
  const first = await startServer(configOf(provider, RECEIPTS))
  const response = await ask(first, 'ann')
  await response.text()
  await settled(first, 'ann')
  const call = response.headers.get('keyhold-call')
  const old = await receiptOf(first, 'ann', call)
  const before = await keysOf(first)
  await first.stop()
  const options = { env: { TEST_RECEIPT_KEY: fresh() } }
  const without = await startServer(configOf(provider, RECEIPTS), options)
  await assert.rejects(read(old, await keysOf(without)), 'control')
  await without.stop()
  const oldKeys = before.keys.map(({ x }) => x)
  const second = await startServer(configOf(provider, { receipts: { keyEnv: 'TEST_RECEIPT_KEY', oldKeys } }), options)
  const after = await keysOf(second)
  assert.equal(after.keys.length, 2)
  assert.equal((await read(old, after)).call, call)
  const again = await ask(second, 'ann')
  await again.text()
  await settled(second, 'ann')
  await read(await receiptOf(second, 'ann', again.headers.get('keyhold-call')), after)
  await second.stop()
})

test('without a key for them there are none, and they are off before anything is asked of a token', async () => {
  const server = await startServer(configOf(provider))
  for (const path of ['keys', '1']) {
    const answer = await get(server, path, 'ann')
    assert.equal(answer.status, 404)
    assert.equal((await answer.json()).type, 'urn:keyhold:receipts_off')
  }
  assert.ok((await ask(server, 'ann')).headers.get('keyhold-call'))
  await server.stop()
})

test('a key that is none stops the server by its name; the key is in no answer and no line of the log', async () => {
  await assert.rejects(
    startServer(configOf(provider, RECEIPTS), { env: { TEST_RECEIPT_KEY: 'no-key-CANARY' } }),
    (error) => {
      assert.match(error.message, /receipts\.keyEnv: 43 characters are expected/)
      return !error.message.includes('CANARY')
    },
  )
  const server = await startServer(configOf(provider, RECEIPTS))
  const response = await ask(server, 'ann')
  await response.text()
  await settled(server, 'ann')
  const keys = await keysOf(server)
  const texts = [JSON.stringify(keys), await receiptOf(server, 'ann', response.headers.get('keyhold-call'))]
  texts.push(JSON.stringify(await account(server, 'ann')))
  await server.stop()
  texts.push(server.log)
  const found = (secret) => texts.some((text) => text.includes(secret))
  assert.ok(!found(ENVIRONMENT.TEST_RECEIPT_KEY))
  assert.ok(found(keys.keys[0].x), 'control: the public one is found')
})

test('another web page gets neither receipts nor keys', async () => {
  const server = await startServer(configOf(provider, RECEIPTS))
  for (const path of ['keys', '1']) {
    const headers = { authorization: `Bearer ${await token('ann')}`, origin: 'https://other.example' }
    const answer = await fetch(`${server.url}/v1/receipts/${path}`, { headers })
    assert.equal(answer.status, 403)
    assert.equal((await answer.json()).type, 'urn:keyhold:origin_not_allowed')
  }
  await server.stop()
})

test('without the database there is no receipt, and it may be asked for again', async () => {
  const postgres = await startPostgres()
  const options = { env: { TEST_RECEIPTS_LOST: postgres.url() } }
  const server = await startServer(
    configOf(provider, { ...RECEIPTS, database: { postgresEnv: 'TEST_RECEIPTS_LOST' } }),
    options,
  )
  const response = await ask(server, 'ann')
  await response.text()
  await settled(server, 'ann')
  const call = response.headers.get('keyhold-call')
  assert.equal((await get(server, call, 'ann')).status, 200)
  await postgres.stopAtOnce()
  const answer = await get(server, call, 'ann')
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
  await postgres.start()
  const until = Date.now() + 15_000
  while ((await get(server, call, 'ann')).status !== 200) {
    assert.ok(Date.now() < until, 'not back in time')
    await new Promise((done) => setTimeout(done, 200))
  }
  await server.stop()
  await postgres.stop()
})

test('a page may read which call it was', async () => {
  const server = await startServer(configOf(provider, RECEIPTS))
  const response = await ask(server, 'ann', { headers: { origin: 'https://app.example.com' } })
  assert.match(response.headers.get('access-control-expose-headers'), /keyhold-call/)
  await response.text()
  await server.stop()
})
