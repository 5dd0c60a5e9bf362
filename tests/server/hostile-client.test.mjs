// hostile-client: what a client or a page can put into a request that has no business there: a user's own key in any place, another
// origin, no token or a bad one. Keys are looked for in the log, in the database's bytes and in what the provider got.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { attackServer } from './support/hostile.mjs'
import { BODY, CHAT, answerOf, callRaw, requestText, sendRaw } from './support/raw.mjs'
import { APP_KEY, ORIGIN, QUESTION, configOf, settled, startServer, token } from './support/server.mjs'

const USER = 'user-of-the-ledger'
let provider
let server
attackServer(USER, (attacked) => ({ provider, server } = attacked))

/** What the database's files are, byte for byte. */
function databaseBytes(folder) {
  const files = readdirSync(folder).filter((name) => name.startsWith('keyhold-server.db'))
  assert.ok(files.length > 0)
  return files.map((name) => readFileSync(join(folder, name), 'latin1')).join('\n')
}

const providerGot = () =>
  provider.requests.map(({ method, url, headers, text }) => JSON.stringify([method, url, headers, text])).join('\n')

const canary = (place) => `sk-canary-${place}-0123456789abcdef`

/** Where a user's key is put, what is answered, and what of it goes on. */
const PLACES = [
  ['beside-the-token', 200, { headers: [['authorization', `Bearer ${canary('beside-the-token')}`]] }],
  ['x-api-key', 200, { headers: [['x-api-key', canary('x-api-key')]] }],
  ['api-key', 200, { headers: [['api-key', canary('api-key')]] }],
  ['x-goog-api-key', 200, { headers: [['x-goog-api-key', canary('x-goog-api-key')]] }],
  ['proxy-authorization', 200, { headers: [['proxy-authorization', `Basic ${canary('proxy-authorization')}`]] }],
  ['cookie', 200, { headers: [['cookie', `key=${canary('cookie')}`]] }],
  ['custom', 200, { headers: [['x-my-provider-key', canary('custom')]] }],
  ['stainless', 200, { headers: [['x-stainless-key', canary('stainless')]] }],
  ['header-name', 200, { headers: [[canary('header-name'), 'x']] }],
  ['user-agent', 200, { headers: [['user-agent', canary('user-agent')]] }],
  ['referer', 200, { headers: [['referer', `https://app.example.com/?key=${canary('referer')}`]] }],
  ['forwarded', 200, { headers: [['x-forwarded-for', canary('forwarded')]] }],
  ['type', 200, { headers: [], type: `application/json; key=${canary('type')}` }],
  ['idempotency', 200, { headers: [['idempotency-key', canary('idempotency')]] }],
  ['instead-of-the-token', 401, { auth: [['authorization', `Bearer ${canary('instead-of-the-token')}`]] }],
  ['basic', 401, { auth: [['authorization', `Basic ${canary('basic')}`]] }],
  ['origin', 403, { headers: [['origin', `https://${canary('origin')}`]] }],
  ['query', 403, { path: `${CHAT}?key=${canary('query')}` }],
  ['query-name', 403, { path: `${CHAT}?${canary('query-name')}` }],
  ['as-provider', 403, { path: `/v1/relay/${canary('as-provider')}/chat/completions` }],
  ['as-path', 403, { path: `/v1/relay/mock/${canary('as-path')}` }],
  ['at-the-end', 403, { path: `${CHAT}/${canary('at-the-end')}` }],
  ['other-path', 404, { path: `/v1/${canary('other-path')}` }],
  ['as-method', 400, { method: canary('as-method') }],
  ['no-json', 400, { body: `{"key": ${canary('no-json')}}` }],
  ['as-model', 400, { body: JSON.stringify({ ...QUESTION, model: canary('as-model') }) }],
  ['member', 400, { body: JSON.stringify({ ...QUESTION, api_key: canary('member') }) }],
  // The messages are what is asked: they are for the provider, and not kept.
  ['text', 200, { body: JSON.stringify({ ...QUESTION, messages: [{ role: 'user', content: canary('text') }] }) }],
]
const PASSED_ON = new Set(['text'])
/** An id that the client chose, and may ask for again: it has to be stored. */
const STORED = new Set(['idempotency'])

test("a user's own key is neither logged nor stored nor sent to the provider, wherever it stands", async (t) => {
  const own = await startServer(configOf(provider))
  t.after(() => own.kill())
  provider.requests.length = 0
  for (const [place, status, { type, ...request }] of PLACES) {
    const answer = type ? await callWithType(own, type) : await callRaw(own, USER, request)
    // A method of lower-case letters and digits may already be none to the parser.
    if (place === 'as-method') assert.ok([400, 403].includes(answer.status), answer.text)
    else assert.equal(answer.status, status, `${place}: ${answer.text}`)
    assert.ok(!answer.text.includes('sk-canary'), `${place}: the answer does not repeat it`)
  }
  await settled(own, USER)
  const running = databaseBytes(own.folder)
  await own.stop({ keep: true })
  const database = running + databaseBytes(own.folder)
  rmSync(own.folder, { recursive: true })

  // The search finds what is there.
  assert.ok(own.log.includes('relay/mock') && own.log.includes('"status":401'))
  assert.ok(database.includes(USER) && database.includes('m-1'))
  assert.ok(providerGot().includes(`Bearer ${APP_KEY}`))
  for (const [place] of PLACES) {
    assert.ok(!own.log.includes(canary(place)), `${place}: in the log`)
    assert.equal(database.includes(canary(place)), STORED.has(place), `${place}: in the database`)
    assert.equal(providerGot().includes(canary(place)), PASSED_ON.has(place), `${place}: at the provider`)
  }
  for (const text of [own.log, database]) assert.ok(!text.includes(APP_KEY) && !text.includes('sk-app-'))
})

async function callWithType(to, type) {
  const headers = [
    ['authorization', `Bearer ${await token(USER)}`],
    ['content-type', type],
    ['content-length', String(BODY.length)],
    ['connection', 'close'],
  ]
  return answerOf((await sendRaw(to, requestText(`POST ${CHAT}`, headers, BODY))).text)
}

describe('pages of other origins', () => {
  const ROUTES = ['/healthz', '/readyz', '/v1/plans', '/v1/openapi.json', '/v1/account', '/v1/usage', CHAT, '/nothing']
  const OTHERS = [
    'https://evil.example',
    'null',
    'http://app.example.com',
    'https://app.example.com:444',
    'https://app.example.com.evil.example',
    'https://app.example.co',
    'https://APP.example.com',
    'https://app.example.com/',
    '*',
    `${ORIGIN}, https://evil.example`,
  ]
  const corsOf = ({ headers }) => [...headers.keys()].filter((name) => name.startsWith('access-control-'))
  const request = async (method, path, headers) =>
    answerOf(
      (
        await sendRaw(
          server,
          requestText(`${method} ${path}`, [
            ['authorization', `Bearer ${await token(USER)}`],
            ...headers,
            ['connection', 'close'],
          ]),
        )
      ).text,
    )

  for (const origin of OTHERS) {
    test(`${origin} gets 403 of every address, and nothing that lets it read that`, async () => {
      provider.requests.length = 0
      for (const path of ROUTES) {
        const preflight = [
          ['access-control-request-method', 'POST'],
          ['access-control-request-headers', 'authorization'],
        ]
        for (const [method, headers] of [
          ['GET', []],
          ['POST', []],
          ['OPTIONS', preflight],
        ]) {
          const answer = await request(method, path, [['origin', origin], ...headers])
          assert.equal(answer.status, 403, `${method} ${path}`)
          assert.equal(answer.type, 'origin_not_allowed')
          assert.deepEqual(corsOf(answer), [])
        }
      }
      assert.equal(provider.requests.length, 0)
    })
  }

  test('the allowed origin gets its own name, never a star, and no credentials', async () => {
    for (const path of ROUTES) {
      for (const [method, ...more] of [['GET'], ['OPTIONS', ['access-control-request-method', 'POST']]]) {
        const { headers, type } = await request(method, path, [['origin', ORIGIN], ...more])
        assert.notEqual(type, 'origin_not_allowed', `${method} ${path}`)
        assert.equal(headers.get('access-control-allow-origin'), ORIGIN)
        assert.equal(headers.get('access-control-allow-credentials'), undefined)
        assert.ok(![...headers.values()].includes('*'))
        assert.ok(headers.get('vary').includes('origin'))
      }
    }
    const call = await callRaw(server, USER, { headers: [['origin', ORIGIN]] })
    assert.equal(call.status, 200)
    assert.equal(call.headers.get('access-control-allow-origin'), ORIGIN)
  })

  test('no page is told anything that nobody asked for an origin', async () => {
    const answer = await request('GET', '/v1/plans', [])
    assert.equal(answer.status, 200)
    assert.deepEqual(corsOf(answer), [])
  })
})

describe('tokens', () => {
  const SECONDS = Math.floor(Date.now() / 1000)
  const signed = (claims, secret = 'another-secret-0123456789-0123456789') =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret))
  const claims = { sub: USER, aud: 'keyhold', exp: SECONDS + 300 }
  const BAD = [
    ['none at all', 'malformed', () => null],
    ['an empty one', 'malformed', () => 'Bearer '],
    ['another scheme', 'malformed', async () => `Token ${await token(USER)}`],
    ['no scheme', 'malformed', () => token(USER)],
    ['a user and a password', 'malformed', () => `Basic ${btoa('user:password')}`],
    ['one that has expired', 'expired', async () => `Bearer ${await token(USER, { expires: SECONDS - 3600 })}`],
    ['one of another secret', 'bad_signature', async () => `Bearer ${await signed(claims)}`],
    ['one for another app', 'wrong_audience', async () => `Bearer ${await token(USER, { audience: 'other' })}`],
    ['one that is not signed', 'algorithm', () => `Bearer ${new UnsecuredJWT(claims).encode()}`],
    ['one of nine kilobytes', 'too_large', () => `Bearer ${'a'.repeat(9 << 10)}`],
    ['two in one', 'malformed', async () => `Bearer ${await token(USER)}, Bearer ${await token(USER)}`],
    [
      'one signed with zeros',
      'bad_signature',
      async () => `Bearer ${(await token(USER)).slice(0, -43)}${'A'.repeat(43)}`,
    ],
  ]
  for (const [what, code, make] of BAD) {
    test(`${what} is 401 ${code}, on every route that needs one, and the provider gets nothing`, async () => {
      provider.requests.length = 0
      const value = await make()
      const auth = value === null ? [] : [['authorization', value]]
      for (const [method, path] of [
        ['POST', CHAT],
        ['GET', '/v1/account'],
        ['GET', '/v1/usage'],
      ]) {
        const answer = await callRaw(server, USER, { method, path, auth, ...(method === 'GET' && { body: '' }) })
        assert.deepEqual([answer.status, answer.type, answer.code], [401, 'unauthorized', code], answer.text)
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer')
      }
      assert.equal(provider.requests.length, 0)
    })
  }

  test('one in the address, a cookie or the body is none', async () => {
    provider.requests.length = 0
    const good = await token(USER)
    for (const request of [
      { path: `${CHAT}?access_token=${good}` },
      { headers: [['cookie', `authorization=Bearer ${good}`]] },
      { body: JSON.stringify({ ...QUESTION, access_token: good }) },
    ]) {
      const answer = await callRaw(server, USER, { ...request, auth: [] })
      assert.equal(answer.status, 401)
    }
    assert.equal(provider.requests.length, 0)
    assert.ok(!server.log.includes(good))
    assert.equal((await callRaw(server, USER, {})).status, 200, 'where it belongs it is one')
  })
})
