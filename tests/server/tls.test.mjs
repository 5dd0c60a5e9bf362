// tls: is a provider behind TLS reached if, and only if, it has a certificate for its very host from somebody who is trusted?
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { listen, stop } from '../../scripts/local-server.mjs'
import {
  APP_KEY,
  DONE,
  ask,
  complete,
  configOf,
  delta,
  plan,
  settled,
  startServer,
  usageEvent,
} from './support/server.mjs'

const folder = mkdtempSync(join(tmpdir(), 'keyhold-tls-'))
const EVENTS = 20_000

/** Signed by itself, for these names. */
function certificate(name, names) {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const named = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]
  execFileSync('openssl', [...made, ...named, '-out', cert, '-keyout', key], { stdio: 'ignore' })
  return { file: cert, cert: readFileSync(cert), key: readFileSync(key) }
}

async function startProvider({ cert, key }) {
  const provider = { connections: new Set(), requests: [], answer: (response) => complete(response) }
  const server = createServer({ cert, key }, async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    provider.connections.add(request.socket)
    provider.requests.push({ headers: request.headers, body })
    await provider.answer(response)
  })
  server.on('tlsClientError', () => {})
  await listen(server, 0)
  return Object.assign(provider, { port: server.address().port, stop: () => stop(server) })
}

const named = certificate('named', 'DNS:localhost')
const addressed = certificate('addressed', 'IP:127.0.0.1')
let provider
after(() => rmSync(folder, { recursive: true }))
before(async () => (provider = await startProvider(named)))
after(() => provider.stop())

const start = (base, trusted) =>
  startServer(configOf({ base }, { plans: [plan({ limitUsd: 100 })] }), { env: { SSL_CERT_FILE: trusted.file } })

test('a call, a stream and a large question go over one connection', async () => {
  const server = await start(`https://localhost:${provider.port}/v1/`, named)
  try {
    provider.answer = (response) => complete(response)
    const first = await ask(server, 'u')
    assert.equal(first.status, 200)
    assert.equal((await first.json()).model, 'm-1')
    assert.equal(provider.requests.at(-1).headers.authorization, `Bearer ${APP_KEY}`)

    const text = delta('word').repeat(EVENTS) + usageEvent(10, 20) + DONE
    provider.answer = (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
    const stream = await ask(server, 'u')
    assert.equal(await stream.text(), text)
    assert.equal((await settled(server, 'u')).settled, 20 + 50)

    provider.answer = (response) => complete(response)
    const content = 'x'.repeat(300_000)
    const body = { model: 'm-1', messages: [{ role: 'user', content }], max_tokens: 5 }
    assert.equal((await ask(server, 'u', { body })).status, 200)
    assert.equal(JSON.parse(provider.requests.at(-1).body).messages[0].content, content)
    assert.equal(provider.connections.size, 1)
  } finally {
    await server.stop()
  }
})

test('a provider that breaks off within TLS ends the answer, and the server goes on', async () => {
  const server = await start(`https://localhost:${provider.port}/v1/`, named)
  try {
    provider.answer = async (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('word'))
      await new Promise((done) => setTimeout(done, 50))
      response.destroy()
    }
    await assert.rejects(async () => (await ask(server, 'u')).text())
    provider.answer = (response) => complete(response)
    assert.equal((await ask(server, 'u')).status, 200)
  } finally {
    await server.stop()
  }
})

test('a provider that hangs up while a large question is on its way ends the call, and the server goes on', async () => {
  const rude = createTlsServer(named, (socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.destroy())
  })
  await listen(rude, 0)
  const server = await start(`https://localhost:${rude.address().port}/v1/`, named)
  try {
    const body = { model: 'm-1', messages: [{ role: 'user', content: 'x'.repeat(2_000_000) }], max_tokens: 5 }
    for (let times = 0; times < 5; times++) assert.equal((await ask(server, 'u', { body })).status, 502)
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
  } finally {
    await server.stop()
    rude.close()
  }
})

test('a client that leaves ends the call at the provider', async () => {
  const server = await start(`https://localhost:${provider.port}/v1/`, named)
  try {
    let closed
    const ended = new Promise((resolve) => (closed = resolve))
    provider.answer = (response) => {
      response.on('close', closed)
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('word'))
    }
    const leaving = new AbortController()
    const response = await ask(server, 'u', { signal: leaving.signal })
    await response.body.getReader().read()
    leaving.abort()
    await ended
    const { settled: charged } = await settled(server, 'u')
    assert.ok(charged > 0)
  } finally {
    await server.stop()
  }
})

/** What the server believes, who is there, and how it is called. */
for (const [name, host, shown, trusted, status] of [
  ['a certificate for its name', 'localhost', named, named, 200],
  ['a certificate for its address', '127.0.0.1', addressed, addressed, 200],
  ['a certificate that nobody vouches for', 'localhost', named, addressed, 502],
  ['a certificate for another name', 'localhost', addressed, addressed, 502],
  ['a certificate for a name, called by its address', '127.0.0.1', named, named, 502],
]) {
  test(`${name}: ${status}`, async () => {
    const there = await startProvider(shown)
    const server = await start(`https://${host}:${there.port}/v1/`, trusted)
    try {
      assert.equal((await ask(server, 'u')).status, status)
      // Whoever is not believed gets neither the key nor the question.
      assert.equal(there.requests.length, status === 200 ? 1 : 0)
    } finally {
      await server.stop()
      await there.stop()
    }
  })
}
