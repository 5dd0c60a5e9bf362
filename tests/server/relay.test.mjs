// relay: what a user of the app's key gets, for each way a call can go, and what it is charged.
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import OpenAI from 'openai'
import {
  account,
  APP_KEY,
  ask,
  command,
  complete,
  configOf,
  delta,
  DONE,
  ORIGIN,
  plan,
  QUESTION,
  settled,
  startProvider,
  startServer,
  token,
  usageEvent,
} from './support/server.mjs'

let provider
let server
let users = 0
let user

before(async () => {
  provider = await startProvider()
  const plans = [
    plan(),
    plan({ id: 'small', name: 'Small', limitUsd: 0.000001 }),
    plan({ id: 'narrow', name: 'Narrow', models: { mock: ['m-2', 'n-*'] } }),
    plan({ id: 'single', name: 'Single', maxRunning: 1 }),
    plan({ id: 'slow', name: 'Slow', callsPerMinute: 1 }),
  ]
  server = await startServer(configOf(provider, { plans }))
})
beforeEach(() => {
  user = `user-${++users}`
  provider.requests.length = 0
  provider.answer = (_, response) => complete(response)
})
after(async () => {
  await server?.stop()
  await provider?.stop()
})

const put = async (id, status = 'active') => {
  const { code, output } = await command(server.folder, 'plan', 'set', user, id, '--status', status)
  assert.equal(code, 0, output)
}
const problem = async (response, status, type) => {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const body = await response.json()
  assert.deepEqual([response.status, body.status, body.type], [status, status, `urn:keyhold:${type}`])
  assert.equal(body.request_id, response.headers.get('keyhold-request-id'))
  return body
}

test('an answer comes as the provider gave it, says whose key it was, and is charged what the provider says', async () => {
  const response = await ask(server, user)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('keyhold-source'), 'app')
  assert.equal((await response.json()).choices[0].message.content, 'hello')
  // 10 tokens at $1 and 5 at $2 for a million.
  assert.equal((await settled(server, user)).settled, 20)
  const [{ headers, url, text }] = provider.requests
  assert.equal(headers.authorization, `Bearer ${APP_KEY}`)
  assert.equal(url, '/v1/chat/completions')
  assert.deepEqual(JSON.parse(text), QUESTION)
})

test('the SDK of OpenAI works with the server as its base, streaming too', async () => {
  provider.answer = async ({ text }, response) => {
    if (!JSON.parse(text).stream) return complete(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of ['one ', 'two ', 'three']) response.write(delta(piece))
    response.end(usageEvent(7, 3) + DONE)
  }
  const openai = new OpenAI({ apiKey: await token(user), baseURL: `${server.url}/v1/relay/mock` })
  const whole = await openai.chat.completions.create(QUESTION)
  assert.equal(whole.choices[0].message.content, 'hello')
  let text = ''
  for await (const { choices } of await openai.chat.completions.create({ ...QUESTION, stream: true })) {
    text += choices[0]?.delta.content ?? ''
  }
  assert.equal(text, 'one two three')
  assert.equal((await settled(server, user)).settled, 20 + 7 + 6)
})

test('a stream arrives as it is sent: the first piece is read while the second is not yet written', async () => {
  let goOn
  const waited = new Promise((resolve) => (goOn = resolve))
  provider.answer = async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(delta('first'))
    await waited
    response.end(delta('second') + DONE)
  }
  const response = await ask(server, user, { body: { ...QUESTION, stream: true } })
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  assert.match((await reader.read()).value, /first/)
  goOn()
  assert.match((await reader.read()).value, /second/)
})

test('usage is asked for where the caller does not, and its event is taken out again', async () => {
  provider.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(delta('x') + usageEvent(7, 3) + DONE)
  }
  const response = await ask(server, user, { body: { ...QUESTION, stream: true } })
  assert.equal(await response.text(), delta('x') + DONE)
  assert.deepEqual(JSON.parse(provider.requests[0].text).stream_options, { include_usage: true })
  assert.equal((await settled(server, user)).settled, 13)
})

test('an answer without figures is charged by what went and came, and says in the usage that it is estimated', async () => {
  provider.answer = (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(delta('0123456789'.repeat(4)) + DONE)
  }
  await (await ask(server, user, { body: { ...QUESTION, stream: true, max_tokens: 100 } })).text()
  const { settled: charged } = await settled(server, user)
  assert.ok(charged > 20 && charged < 60, `${charged}`)
  const usage = await fetch(`${server.url}/v1/usage`, { headers: { authorization: `Bearer ${await token(user)}` } })
  const [row] = (await usage.json()).usage
  assert.deepEqual([row.provider, row.model, row.calls, row.charged, row.estimated], ['mock', 'm-1', 1, charged, 1])
})

test("the plan's bound on answers is written into the request, and a lower one stays", async () => {
  await (await ask(server, user, { body: { ...QUESTION, max_tokens: 5000 } })).text()
  await (await ask(server, user, { body: { model: 'm-1', messages: [] } })).text()
  await (await ask(server, user)).text()
  assert.deepEqual(
    provider.requests.map(({ text }) => JSON.parse(text).max_tokens),
    [100, 100, 5],
  )
})

test('what a provider refuses costs nothing, and comes as the provider said it', async () => {
  for (const status of [400, 404, 429, 500]) {
    provider.answer = (_, response) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
        .end('{"error":{"message":"no"}}')
    const response = await ask(server, user)
    assert.equal(response.status, status)
    assert.deepEqual(await response.json(), { error: { message: 'no' } })
  }
  assert.equal((await settled(server, user)).settled, 0)
})

test("a refusal of the app's key is none of the user's: 502, or 402 with the way out where it is used up", async () => {
  const refuse = (status, message) => (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }))
  provider.answer = refuse(401, `Incorrect API key provided: ${APP_KEY.slice(0, 8)}`)
  await problem(await ask(server, user), 502, 'app_key_refused')
  provider.answer = refuse(402, 'no credit')
  const body = await problem(await ask(server, user), 402, 'app_key_exhausted')
  assert.equal(body.add_key, 'https://app.example.com/keys')
  assert.equal((await settled(server, user)).settled, 0)
})

test('a provider that is not there, or breaks off before its head, costs nothing', async () => {
  provider.answer = ({ response }) => response.destroy()
  await problem(await ask(server, user), 502, 'upstream_failed')
  assert.equal((await settled(server, user)).settled, 0)
})

test('a quota that is too small is a 402 with what is needed, what is left, and the way out', async () => {
  await put('small')
  const body = await problem(await ask(server, user), 402, 'quota_exceeded')
  assert.equal(body.title, 'Usage quota exceeded. Add your own API key for unlimited access.')
  assert.ok(body.needed > body.available)
  assert.equal(body.available, 1)
  assert.ok(body.resets_at > Date.now())
  assert.equal(body.add_key, 'https://app.example.com/keys')
  assert.equal(provider.requests.length, 0)
})

test('a model the plan does not have is another 402, a plan that is not paid for a third', async () => {
  await put('narrow')
  await problem(await ask(server, user), 402, 'plan_required')
  // Not priced: the plan has it, and nobody can say what it costs.
  await problem(await ask(server, user, { body: { ...QUESTION, model: 'n-17' } }), 400, 'unbounded_cost')
  await put('free', 'lapsed')
  await problem(await ask(server, user), 402, 'plan_lapsed')
  assert.equal(provider.requests.length, 0)
})

test('while one call is under way another may be too many; when it is over, not any more', async () => {
  await put('single')
  let end
  const begun = new Promise((resolve) => {
    provider.answer = (_, response) => {
      end = () => complete(response)
      resolve()
    }
  })
  const first = ask(server, user)
  await begun
  const body = await problem(await ask(server, user), 429, 'too_many_running')
  assert.equal(body.retry_after, 1)
  end()
  await (await first).text()
  await settled(server, user)
  provider.answer = (_, response) => complete(response)
  assert.equal((await ask(server, user)).status, 200)
})

test('calls in a minute are counted for each user', async () => {
  await put('slow')
  assert.equal((await ask(server, user)).status, 200)
  const body = await problem(await ask(server, user), 429, 'rate_limited')
  assert.ok(body.retry_after > 0 && body.retry_after <= 60)
  user = `${user}-other`
  assert.equal((await ask(server, user)).status, 200)
})

test('a call with the Idempotency-Key of another is not made again, whatever became of the first', async () => {
  const headers = { 'idempotency-key': 'k-1' }
  await (await ask(server, user, { headers })).text()
  const { settled: charged } = await settled(server, user)
  const body = await problem(await ask(server, user, { headers }), 409, 'idempotent_replay')
  assert.deepEqual([body.first.state, body.first.status, body.first.charged], ['settled', 200, charged])
  assert.equal(provider.requests.length, 1)
  assert.equal((await account(server, user)).settled, charged)
  // The key is the user's: another may have the same.
  assert.equal((await ask(server, `${user}-other`, { headers })).status, 200)
})

test('a page of the allowed origin may ask, after its preflight', async () => {
  const url = `${server.url}/v1/relay/mock/chat/completions`
  const asked = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  }
  const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: ORIGIN, ...asked } })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), ORIGIN)
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type')
  const response = await ask(server, user, { headers: { origin: ORIGIN } })
  assert.equal(response.headers.get('access-control-allow-origin'), ORIGIN)
  assert.match(response.headers.get('access-control-expose-headers'), /keyhold-source/)
})

test('a connection is used again only while the provider leaves it open for sure', async (t) => {
  // Each thread has connections of its own.
  const single = await startServer(configOf(provider, { threads: 1 }))
  t.after(() => single.stop())
  /** By which connection the second of two calls goes that are so far apart. */
  const again = async (hint, apart) => {
    provider.answer = (_, response) => complete(response.setHeader('keep-alive', hint))
    const ports = []
    for (const pause of [apart, 0]) {
      await (await ask(single, user)).text()
      ports.push(provider.requests.at(-1).port)
      await new Promise((done) => setTimeout(done, pause))
    }
    return ports[0] === ports[1] ? 'the same' : 'another'
  }
  assert.equal(await again('timeout=2', 100), 'the same')
  assert.equal(await again('timeout=2', 1_200), 'another')
  assert.equal(await again('timeout=1', 0), 'another')
  assert.equal(await again('timeout=0', 0), 'another')
  // What says nothing of it, or nothing that can be read, is what servers usually do.
  for (const hint of ['max=100', 'timeout=', 'timeout=-1', 'timeout=99999999999999999999']) {
    assert.equal(await again(hint, 1_200), 'the same', hint)
  }
  assert.equal(await again('max=100', 4_200), 'another')
})
