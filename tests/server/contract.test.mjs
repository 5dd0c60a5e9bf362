// contract: the document at /v1/openapi.json is what server/openapi.json says, describes every problem and every route, and would be
// missed: an answer that is not as described is noticed.
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { DOCUMENT, objection } from './support/contract.mjs'
import { ask, configOf, startProvider, startServer, token } from './support/server.mjs'

let provider
let server
before(async () => {
  provider = await startProvider()
  server = await startServer(configOf(provider))
})
after(async () => {
  await server?.stop()
  await provider?.stop()
})

const { schemas } = DOCUMENT.components
const problems = Object.entries(schemas).filter(([, { properties }]) => properties?.type?.const?.startsWith('urn:'))

test('the document is served without a token, and is valid OpenAPI 3.1', async () => {
  const response = await fetch(`${server.url}/v1/openapi.json`)
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), DOCUMENT)
  assert.deepEqual(await new Validator().validate(structuredClone(DOCUMENT)), { valid: true })
  const broken = { ...DOCUMENT, paths: { '/x': { get: { responses: { 200: { headers: {} } } } } } }
  assert.equal((await new Validator().validate(broken)).valid, false, 'the validator finds what is wrong')
  assert.equal(DOCUMENT.info.version, JSON.parse(readFileSync('package.json', 'utf8')).version)
})

test('every problem of problem.def is described with its name, status and sentence, and is one that an answer may have', () => {
  const text = readFileSync('server/relay/problem.def', 'utf8')
  const defined = [...text.matchAll(/^KEYHOLD_PROBLEM\((\w+), (\d+), "(.*)"\)$/gm)]
  assert.ok(defined.length > 20)
  assert.deepEqual(
    problems.map(([name, { properties }]) => [name, String(properties.status.const), properties.title.const]),
    defined.map(([, ...parts]) => parts),
  )
  const used = JSON.stringify([DOCUMENT.components.responses, DOCUMENT.paths])
  for (const [name] of problems) assert.ok(used.includes(`"#/components/schemas/${name}"`), name)
})

test('no problem has undeclared members, and its example is an answer of a route', () => {
  for (const [name, schema] of problems) assert.equal(schema.additionalProperties, false, name)
  const routes = [
    ['POST', '/v1/relay/openai/chat/completions'],
    ['GET', '/v1/account'],
    ['GET', '/v1/usage'],
    ['POST', '/v1/checkout'],
    ['POST', '/v1/portal'],
    ['POST', '/v1/webhooks/stripe'],
    ['GET', '/readyz'],
    ['GET', '/nothing'],
  ]
  let examples = 0
  for (const { headers, content } of Object.values(DOCUMENT.components.responses)) {
    for (const [name, { value }] of Object.entries(content?.['application/problem+json']?.examples ?? {})) {
      assert.equal(value.type, `urn:keyhold:${name}`)
      const given = { 'content-type': 'application/problem+json', 'keyhold-request-id': value.request_id }
      if (headers['www-authenticate']) given['www-authenticate'] = 'Bearer'
      const answer = { status: value.status, headers: new Headers(given), body: JSON.stringify(value) }
      const answers = routes.map(([method, path]) => objection({ ...answer, method, path }))
      assert.ok(answers.includes(undefined), answers.join('\n'))
      examples++
    }
  }
  assert.ok(examples >= problems.length)
})

test('an answer that was changed is noticed: a member more or less, another status, type or header, another address', async () => {
  const response = await fetch(`${server.url}/v1/account`, {
    headers: { authorization: `Bearer ${await token('ann')}` },
  })
  const body = await response.json()
  const good = {
    method: 'GET',
    path: '/v1/account',
    status: 200,
    headers: response.headers,
    body: JSON.stringify(body),
  }
  assert.equal(objection(good), undefined)
  const headers = (change) => {
    const changed = new Headers(response.headers)
    change(changed)
    return { ...good, headers: changed }
  }
  const { plan: _, ...less } = body
  for (const [changed, wrong] of [
    [{ ...good, body: JSON.stringify({ ...body, more: 1 }) }, /additional properties/],
    [{ ...good, body: JSON.stringify(less) }, /required property 'plan'/],
    [{ ...good, body: JSON.stringify({ ...body, held: -1 }) }, /held must be >= 0/],
    [{ ...good, status: 201 }, /no such status/],
    [{ ...good, method: 'DELETE' }, /no such status/],
    [{ ...good, path: '/v1/accounts' }, /no such status/],
    [{ ...good, path: '/v1/plans' }, /required property 'plans'/],
    [headers((all) => all.set('content-type', 'text/html')), /text\/html is not described/],
    [headers((all) => all.delete('keyhold-request-id')), /no keyhold-request-id/],
    [headers((all) => all.set('keyhold-request-id', 'x')), /keyhold-request-id: .*pattern/],
    [headers((all) => all.set('set-cookie', 'a=b')), /set-cookie is not described/],
  ]) {
    assert.match(objection(changed) ?? 'nothing', wrong)
  }
})

test("a provider's answer says that it is one; without that it is the server's, and has to be described", async () => {
  provider.answer = (_, response) => response.writeHead(418, { 'content-type': 'text/plain' }).end('no')
  const response = await ask(server, 'ann')
  await response.text()
  const good = { method: 'POST', path: '/v1/relay/mock/chat/completions', status: 418, headers: response.headers }
  assert.equal(objection(good), undefined)
  const other = new Headers(response.headers)
  other.set('keyhold-source', 'own')
  assert.match(objection({ ...good, headers: other }), /keyhold-source/)
  other.delete('keyhold-source')
  assert.match(objection({ ...good, headers: other }), /no such status/)
  assert.match(objection({ ...good, status: 402, headers: other, body: 'no' }), /text\/plain is not described/)
})

test('without its database the server says 503, to be tried again; and 401 to whoever has no token', async () => {
  const own = await startServer(configOf(provider))
  for (const name of ['', '-wal', '-shm']) rmSync(join(own.folder, `keyhold-server.db${name}`), { force: true })
  const headers = { authorization: `Bearer ${await token('ann')}` }
  const paths = ['/readyz', '/v1/account', '/v1/usage'].map((path) => fetch(`${own.url}${path}`, { headers }))
  for (const answer of [...(await Promise.all(paths)), await ask(own, 'ann')]) {
    assert.deepEqual([answer.status, (await answer.json()).type], [503, 'urn:keyhold:unavailable'])
    assert.ok(Number(answer.headers.get('retry-after')) > 0)
  }
  await own.kill()
  rmSync(own.folder, { recursive: true })
  assert.equal((await fetch(`${server.url}/v1/relay/mock/models`)).status, 401)
})
