// abort: what a call is charged that its client leaves, at each point of its answer, in each form, with figures and without.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, configOf, plan, settled, startProvider, startServer, token } from './support/server.mjs'
import { REPORTED, WIRES } from './support/wires.mjs'

// Millionths of a dollar for a token.
const INPUT = 1000
const OUTPUT = 2000
const EXACT = REPORTED.input * INPUT + REPORTED.output * OUTPUT

// The built-in ones have the plain names.
const idOf = (name) => `mock-${name}`

let provider
let server

before(async () => {
  provider = await startProvider()
  const origin = provider.base.replace(/v1\/$/, '')
  const providers = WIRES.map(({ name, like }) => ({ id: idOf(name), name, like, base: `${origin}${name}/` }))
  server = await startServer(
    configOf(provider, {
      providers,
      plans: [plan({ limitUsd: 1000, models: Object.fromEntries(WIRES.map(({ name }) => [idOf(name), ['*']])) })],
      keys: Object.fromEntries(WIRES.map(({ name }) => [idOf(name), { env: 'TEST_APP_KEY' }])),
      ownPrices: WIRES.map(({ name }) => ({ provider: idOf(name), model: 'm-1', inputUsd: INPUT, outputUsd: OUTPUT })),
    }),
  )
})
after(async () => {
  await server?.stop()
  await provider?.stop()
})

const usageOf = async (user) => {
  const headers = { authorization: `Bearer ${await token(user)}` }
  return (await (await fetch(`${server.url}/v1/usage`, { headers })).json()).usage
}

/**
 * The answer up to a point, and then nothing more; at once all of it where `point` is 'whole'.
 * @returns {Promise<{ charged: number, estimated: number, closed: boolean }>} `closed`: the provider saw the client leave
 */
async function charge(wire, point, usage) {
  const user = `${wire.name}-${point}-${usage}`
  const parts = {
    'before the first byte': [],
    'in the middle': [wire.begin(usage), wire.text[0]],
    'after the last token': [wire.begin(usage), ...wire.text, usage ? wire.usage : ''],
    whole: [wire.begin(usage), ...wire.text, usage ? wire.usage : '', wire.end(usage)],
  }[point]
  const leave = new AbortController()
  let closed = false
  const sent = new Promise((resolve) => {
    provider.answer = async (_, response) => {
      response.on('close', () => (closed = !response.writableEnded))
      if (parts.length > 0) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(parts.join(''))
      if (point === 'whole') response.end()
      resolve()
    }
  })
  const asking = ask(server, user, { body: wire.body, path: `${idOf(wire.name)}/${wire.path}`, signal: leave.signal })
  await sent
  if (point === 'before the first byte') {
    leave.abort()
    await assert.rejects(asking)
  } else {
    const response = await asking
    assert.equal(response.status, 200)
    const reader = response.body.getReader()
    const last = point === 'in the middle' ? 'Something ' : 'as asked for.'
    let seen = ''
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      seen += Buffer.from(next.value).toString()
      if (point !== 'whole' && seen.includes(last)) break
    }
    // What follows the text was sent with it, and is only read by the server.
    await new Promise((done) => setTimeout(done, 50))
    if (point !== 'whole') leave.abort()
  }
  const { settled: charged } = await settled(server, user)
  const [row] = await usageOf(user)
  return { charged, estimated: row.estimated, closed }
}

for (const wire of WIRES) {
  test(`${wire.name}: a client that leaves pays for what it asked and what had come, never for nothing or for all`, async () => {
    const points = ['before the first byte', 'in the middle', 'after the last token']
    for (const usage of [true, false]) {
      const charges = []
      for (const point of points) {
        const { charged, estimated, closed } = await charge(wire, point, usage)
        charges.push(charged)
        assert.equal(estimated, 1, `${point}: said to be estimated`)
        assert.equal(closed, true, `${point}: the provider's connection ends with the client's`)
      }
      const [first, middle, last] = charges
      assert.ok(first > 0, 'the question was sent')
      assert.ok(first < middle && middle < last, `${charges}`)
      const { charged: whole, estimated } = await charge(wire, 'whole', usage)
      assert.equal(estimated, usage ? 0 : 1)
      if (usage) assert.equal(whole, EXACT)
      // The worst that was held for it: 50 tokens out, and at least 1,024 in.
      assert.ok(last < 1024 * INPUT && whole < 1024 * INPUT)
    }
  })
}
