// jwks: keys by address. jose makes keys and tokens, a server of this machine publishes them, well or badly: what is taken, what is
// kept, and how often it is asked.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SignJWT, exportJWK, generateKeyPair } from 'jose'
import { listen, stop } from '../../scripts/local-server.mjs'
import { configOf, startProvider, startServer } from './support/server.mjs'

const wait = (ms) => new Promise((done) => setTimeout(done, ms))
let provider
const opened = []
before(async () => {
  provider = await startProvider()
})
after(async () => {
  for (const server of opened) await stop(server)
  await provider?.stop()
})

async function makeKey(kid, alg = 'ES256') {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  const sign = (user, header = {}) =>
    new SignJWT({})
      .setProtectedHeader({ alg, kid, ...header })
      .setSubject(user)
      .setAudience('keyhold')
      .setExpirationTime('5m')
      .sign(privateKey)
  return { jwk, sign }
}

/** Answers `issuer.answer(response)`; `fetches` counts. */
async function startIssuer(keys, make = createServer) {
  const issuer = { fetches: 0, requests: [] }
  issuer.publish = (...published) => {
    issuer.answer = (response) =>
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: published.map(({ jwk }) => jwk) }))
  }
  issuer.publish(...keys)
  const server = make((request, response) => {
    issuer.fetches++
    issuer.requests.push(request)
    issuer.answer(response)
  })
  await listen(server, 0)
  opened.push(server)
  return Object.assign(issuer, { server, url: `http://127.0.0.1:${server.address().port}/keys.json?v=1` })
}

const serverFor = (jwksUrl, environment) =>
  startServer(configOf(provider, { tokens: { audience: 'keyhold', jwksUrl } }), { env: environment })
const accountOf = async (server, token) => {
  const answer = await fetch(`${server.url}/v1/account`, { headers: { authorization: `Bearer ${token}` } })
  const { code, type } = await answer.json()
  return code ?? type?.replace('urn:keyhold:', '') ?? answer.status
}
async function until(server, status) {
  for (const end = Date.now() + 15_000; Date.now() < end; await wait(50)) {
    if ((await fetch(`${server.url}/readyz`)).status === status) return
  }
  throw new Error(`never ${status}: ${server.log}`)
}

test('keys are fetched at start, once; a token of theirs is taken, and of nobody else', async () => {
  const key = await makeKey('a')
  const issuer = await startIssuer([key])
  const server = await serverFor(issuer.url)
  await until(server, 200)
  assert.equal(await accountOf(server, await key.sign('ann')), 200)
  assert.equal(await accountOf(server, await (await makeKey('a')).sign('ann')), 'bad_signature')
  const [{ method, url, headers }] = issuer.requests
  assert.deepEqual([method, url, headers.authorization], ['GET', '/keys.json?v=1', undefined])
  assert.equal(issuer.fetches, 1)
  await server.stop()
})

test("after a rotation the new key's first token is taken, and the old key's no more", async () => {
  const [old, fresh] = [await makeKey('old'), await makeKey('new', 'EdDSA')]
  const issuer = await startIssuer([old])
  const server = await serverFor(issuer.url)
  await until(server, 200)
  const token = await old.sign('ann')
  assert.equal(await accountOf(server, token), 200)
  issuer.publish(fresh)
  assert.equal(await accountOf(server, token), 200, 'nobody knows yet')
  assert.equal(await accountOf(server, await fresh.sign('ann')), 200)
  assert.equal(await accountOf(server, token), 'unknown_key')
  assert.equal(issuer.fetches, 2)
  await server.stop()
})

test('a hundred tokens of made-up keys make it ask once, all at the same time or one after the other', async () => {
  const key = await makeKey('a')
  const issuer = await startIssuer([key])
  const server = await serverFor(issuer.url)
  await until(server, 200)
  const tokens = await Promise.all(Array.from({ length: 100 }, (_, i) => key.sign('ann', { kid: `made-up-${i}` })))
  const codes = await Promise.all(tokens.map((token) => accountOf(server, token)))
  assert.deepEqual(new Set(codes), new Set(['unknown_key']))
  assert.equal(issuer.fetches, 2)
  for (const token of tokens.slice(0, 20)) assert.equal(await accountOf(server, token), 'unknown_key')
  assert.equal(issuer.fetches, 2)
  assert.equal(await accountOf(server, await key.sign('ann')), 200)
  await server.stop()
})

test('while the address is down at start it runs, is not ready and says 503; then it gets the keys by itself', async () => {
  const key = await makeKey('a')
  const issuer = await startIssuer([key])
  issuer.answer = (response) => response.destroy()
  const server = await serverFor(issuer.url)
  await until(server, 503)
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
  const token = await key.sign('ann')
  const answer = await fetch(`${server.url}/v1/account`, { headers: { authorization: `Bearer ${token}` } })
  assert.deepEqual([answer.status, (await answer.json()).type], [503, 'urn:keyhold:unavailable'])
  assert.equal(answer.headers.get('retry-after'), '1')
  issuer.publish(key)
  await until(server, 200)
  assert.equal(await accountOf(server, token), 200)
  await server.stop()
})

const big = JSON.stringify({ keys: [], x: 'x'.repeat(64 << 10) })
const json = { 'content-type': 'application/json' }
/** Each is asked for by an unknown key's token, after a good set was fetched. */
const BAD = {
  garbage: (response) => response.writeHead(200, json).end('<html>'),
  'no keys': (response) => response.writeHead(200, json).end('{"keys":[]}'),
  'a secret': (response) => response.writeHead(200, json).end('{"keys":[{"kty":"oct","k":"AAAA","kid":"made-up"}]}'),
  'an error': (response) => response.writeHead(500, json).end('{"keys":[]}'),
  nothing: (response) => response.destroy(),
  'more than 64 KiB': (response) => response.writeHead(200, json).end(big),
  'more than 64 KiB, without an end': (response) => {
    response.writeHead(200, json)
    const more = setInterval(() => response.write('x'.repeat(32 << 10)), 5)
    response.on('close', () => clearInterval(more))
  },
  'less than it says': (response) => {
    response.writeHead(200, { ...json, 'content-length': '9000' }).write('{"keys":[')
    setTimeout(() => response.destroy(), 20)
  },
  'an answer that never ends': (response) => response.writeHead(200, json).write('{"keys":['),
}

for (const [what, answer] of Object.entries(BAD)) {
  test(`${what}: the keys that were there stay`, async () => {
    const key = await makeKey('a')
    const issuer = await startIssuer([key])
    const server = await serverFor(issuer.url)
    await until(server, 200)
    issuer.answer = answer
    const started = Date.now()
    assert.equal(await accountOf(server, await key.sign('ann', { kid: 'made-up' })), 'unknown_key')
    assert.ok(Date.now() - started < 8000)
    assert.equal(issuer.fetches, 2)
    assert.equal(await accountOf(server, await key.sign('ann')), 200)
    assert.match(server.log, /keys of tokens cannot be fetched/)
    await server.stop()
  })
}

test('a redirect is not followed, not even to good keys', async () => {
  const key = await makeKey('a')
  const good = await startIssuer([key])
  const issuer = await startIssuer([key])
  issuer.answer = (response) => response.writeHead(302, { location: good.url }).end()
  const server = await serverFor(issuer.url)
  while (issuer.fetches < 2) await wait(50)
  assert.equal((await fetch(`${server.url}/readyz`)).status, 503)
  assert.equal(good.fetches, 0)
  await server.stop()
  assert.equal((await fetch(good.url)).status, 200, 'they would have been there')
})

test('by https only a certificate that is trusted, of that very host, is one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-jwks-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [cert, secret] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, '-keyout', secret, '-out', cert, ...subject], { stdio: 'ignore' })
  const key = await makeKey('a')
  const tls = { cert: readFileSync(cert), key: readFileSync(secret) }
  const issuer = await startIssuer([key], (handle) => createTlsServer(tls, handle))
  const { port } = issuer.server.address()
  for (const [host, environment, status] of [
    ['localhost', { SSL_CERT_FILE: cert }, 200],
    ['127.0.0.1', { SSL_CERT_FILE: cert }, 503],
    ['localhost', {}, 503],
  ]) {
    const server = await serverFor(`https://${host}:${port}/keys.json`, environment)
    if (status === 503) while (!/cannot be fetched/.test(server.log)) await wait(20)
    await until(server, status)
    await server.stop()
  }
  assert.equal(issuer.fetches, 1)
})
