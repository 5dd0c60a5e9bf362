// cors-kit: do the vault's requests get through what each provider's CORS lets pass? With a control: a page's own fetch with
// one header too many fails there, as in life. In each of the three engines; see tests/cors-kit.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { profileNamed, profileOf, RIGHT_KEY, startKit, TEXT } from '../cors-kit/kit.mjs'
import { ENGINES } from './support/engines.mjs'
import { startProxy } from './support/proxy.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
/** What the official SDKs and frameworks put on their requests, and one that nobody knows. */
const SDK_HEADERS = {
  accept: 'application/json',
  'anthropic-version': '2023-06-01',
  authorization: 'Bearer a-placeholder-of-the-app',
  'content-type': 'application/json',
  'http-referer': 'https://app.example/',
  'openai-organization': 'org-1',
  'x-api-key': 'a-placeholder-of-the-app',
  'x-goog-api-client': 'google-genai-sdk/2',
  'x-mistral-user-agent': 'mistral-client',
  'x-of-nobody': '1',
  'x-stainless-arch': 'unknown',
  'x-stainless-lang': 'js',
  'x-stainless-retry-count': '0',
  'x-title': 'App',
}
const ONE_TOO_MANY = 'x-one-too-many'

const { providers: catalogue } = JSON.parse(
  readFileSync(new URL('../../wasm/catalogue/providers.json', import.meta.url), 'utf8'),
)
const isLocal = ({ base }) => new URL(base).protocol === 'http:'
const letsIn = ({ id }) => profileNamed(profileOf(id)).preflight !== null
/** With profiles, which the first test sees to. Of those with an address of each user's own, the users'. */
const measured = catalogue.filter(({ id }) => profileOf(id) !== null)
const remote = measured.filter((one) => !isLocal(one) && letsIn(one))
const local = measured.filter(isLocal)
const CLOSED = 'https://closed.example/v1/'

let kit
let proxy
let site
let plain
/** Provider on this computer -> the address at which it is now. */
const localBases = new Map()
const doors = []

before(async () => {
  const hosts = Object.fromEntries(remote.map(({ id, base }) => [new URL(base).host, id]))
  kit = await startKit(hosts)
  const here = { open: `127.0.0.1:${kit.port}`, closed: `localhost:${kit.port}` }
  Object.assign(hosts, { 'claims.example': 'mistral', 'closed.example': 'nvidia' })
  Object.assign(hosts, { [here.open]: 'lmstudio', [here.closed]: 'nvidia' })
  for (const { id, base } of local) {
    const door = await startDoor(kit.port)
    doors.push(door)
    const host = `127.0.0.1:${door.address().port}`
    hosts[host] = id
    localBases.set(id, `http://${host}${new URL(base).pathname}`)
  }
  proxy = await startProxy(kit.port)
  site = await startTestSite({
    providers: [
      // Says of itself that a header passes, which does not.
      { id: 'claims', name: 'Claims', base: 'https://claims.example/v1/', cors: { headers: ['x-of-nobody'] } },
      { id: 'closed', name: 'Closed', base: CLOSED },
      { id: 'local-open', name: 'Local, open', base: `http://${here.open}/v1/` },
      { id: 'local-closed', name: 'Local, closed', base: `http://${here.closed}/v1/` },
    ],
  })
  plain = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>any page</title>')
  })
  await listen(plain, 0)
})
after(async () => {
  await stop(plain)
  await site?.stop()
  await proxy?.stop()
  for (const door of doors) door.close()
  await kit?.stop()
})

test('each provider of the catalogue has a profile, and the catalogue hides no 401 that can be read, nor the reverse', () => {
  assert.deepEqual(
    catalogue.filter(({ id }) => profileOf(id) === null).map(({ id }) => id),
    [],
  )
  for (const { id, like, cors = catalogue.find((one) => one.id === like)?.cors, browser } of catalogue) {
    const profile = profileNamed(profileOf(id))
    assert.equal(browser === 'no', profile.preflight === null, id)
    if (profile.preflight === null) continue
    assert.equal(cors?.opaque_401 ?? false, profile.unauthorized === 'hidden', id)
  }
})

for (const [name, open] of Object.entries(ENGINES)) {
  describe(name, () => {
    let engine
    before(async () => {
      engine = await open({ proxy: proxy.port })
    })
    after(() => engine?.close())

    test('control: a page with one header too many is refused where it would be in life, and with none too many is not', async () => {
      await engine.open(`http://localhost:${plain.address().port}/`)
      const asked = remote.map(({ id, base }) => ({ id, url: base, header: keyHeader(id) }))
      const seen = await engine.run(askPlainly, asked, RIGHT_KEY, ONE_TOO_MANY)
      for (const { id } of remote) {
        const { preflight } = profileNamed(profileOf(id))
        const lenient = preflight === 'reflect' || preflight.includes('*')
        assert.deepEqual(seen[id], { without: true, with: lenient }, id)
      }
      assert.ok(
        Object.values(seen).some((one) => !one.with),
        'some do refuse',
      )
    })

    test(
      "the vault's own requests pass: check, models, a question, and a fetch with what SDKs add",
      { timeout: 240_000 },
      async () => {
        await engine.open(`${site.url}driver.html`)
        await engine.run(makeVault, PASSPHRASE)
        const addresses = [...remote.map(({ id, base }) => [id, base]), ...localBases]
        for (const [id, base] of addresses) {
          const before = kit.preflights.length
          const provider = await engine.run(providerAt, id, base)
          const seen = await engine.run(askThroughVault, provider, base, RIGHT_KEY, SDK_HEADERS)
          const { unauthorized } = profileNamed(profileOf(id))
          const { text, ...rest } = seen
          assert.deepEqual(
            rest,
            {
              check: 'ok',
              models: true,
              status: 200,
              wrong: unauthorized === 'hidden' ? 'ERR_BAD_KEY_LIKELY' : 'ERR_BAD_KEY',
            },
            `${id}: ${JSON.stringify(kit.preflights.slice(before))}`,
          )
          assert.equal(text, TEXT, id)
        }
      },
    )

    test('control: the vault itself is refused where an entry lets one header too many pass', async () => {
      const base = 'https://claims.example/v1/'
      await assert.rejects(engine.run(askThroughVault, 'claims', base, RIGHT_KEY, SDK_HEADERS), /TypeError/)
      const { 'x-of-nobody': _, ...rest } = SDK_HEADERS
      const seen = await engine.run(askThroughVault, 'claims', base, RIGHT_KEY, rest)
      assert.deepEqual([seen.check, seen.status, seen.text], ['ok', 200, TEXT])
    })

    test('one that lets no page call it is said to do so, and no key is stored for one that is known for it', async () => {
      assert.deepEqual(await engine.run(askThroughVault, 'closed', CLOSED, RIGHT_KEY, SDK_HEADERS), {
        check: 'ERR_NO_CORS',
      })
      for (const { id } of catalogue.filter(({ browser }) => browser === 'no')) {
        await assert.rejects(engine.run(askThroughVault, id, '', RIGHT_KEY, SDK_HEADERS), /ERR_NO_CORS/)
      }
    })

    test('a server on this computer: one that lets pages in is used, one that does not is said to', async () => {
      const ask = (id, host) =>
        engine.run(askThroughVault, id, `http://${host}:${kit.port}/v1/`, RIGHT_KEY, SDK_HEADERS)
      const open = await ask('local-open', '127.0.0.1')
      assert.deepEqual([open.check, open.status, open.text, open.wrong], ['ok', 200, TEXT, 'ERR_BAD_KEY'])
      assert.deepEqual(await ask('local-closed', 'localhost'), { check: 'ERR_LOCAL_CORS' })
    })
  })
}

/** Another port that leads to the kit. */
async function startDoor(to) {
  const server = createTcpServer((socket) => {
    const onward = connect(to, '127.0.0.1')
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await listen(server, 0)
  return server
}

function keyHeader(id) {
  return { google: 'x-goog-api-key', 'azure-openai': 'api-key', anthropic: 'x-api-key' }[id] ?? 'authorization'
}

// In the page.

async function askPlainly(providers, key, oneTooMany) {
  const seen = {}
  for (const { id, url, header } of providers) {
    const ask = (more) =>
      fetch(`${url}models`, {
        headers: { [header]: header === 'authorization' ? `Bearer ${key}` : key, ...more },
      }).then(
        () => true,
        () => false,
      )
    seen[id] = { without: await ask({}), with: await ask({ [oneTooMany]: '1' }) }
  }
  return seen
}

async function makeVault(passphrase) {
  while (!window.keyhold) await new Promise((resolve) => setTimeout(resolve, 20))
  window.engine = await window.keyhold.KeyholdEngine.connect()
  await window.engine.create(window.keyhold.passphraseBytes(passphrase))
}

/** Its id; where users have an address of their own, that of the endpoint at this one. */
async function providerAt(id, base) {
  const { engine } = window
  const { example } = (await engine.providers()).find((one) => one.id === id)
  return example ? (await engine.addEndpoint(id, base, id)).id : id
}

async function askThroughVault(id, base, key, headers) {
  const { engine, keyhold } = window
  const add = async (label, secret) =>
    (
      await engine.add({ provider: id, label, secret: keyhold.keyBytes(secret), unchecked: true }).catch((error) => {
        throw new Error(error.code)
      })
    ).key.id
  const check = async (key) => {
    const { ok, error } = await engine.check(key)
    return ok ? 'ok' : error.code
  }
  const right = await add('right', key)
  const seen = { check: await check(right) }
  if (seen.check !== 'ok') return seen
  seen.models = (await engine.models(right)).length > 0
  seen.text = ''
  const messages = [{ role: 'user', text: 'hello' }]
  for await (const part of engine.chat({ key: right, model: 'model-1', messages })) {
    if (part.type === 'text') seen.text += part.text
  }
  const { wire, like } = (await engine.providers()).find((one) => one.id === id)
  const content = [{ role: 'user', content: 'hello' }]
  const calls = {
    'openai-chat': ['chat/completions', { model: 'model-1', messages: content }],
    'openai-responses': ['responses', { model: 'model-1', input: 'hello' }],
    anthropic: ['messages', { model: 'model-1', max_tokens: 10, messages: content }],
    gemini: ['models/model-1:generateContent', { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }],
    cohere: ['v2/chat', { model: 'model-1', messages: content }],
    ollama: ['api/chat', { model: 'model-1', messages: content }],
  }
  const [path, body] = calls[wire]
  const below = like === 'llamacpp' ? 'v1/' : ''
  const response = await engine.fetch(base + below + path, { method: 'POST', headers, body: JSON.stringify(body) })
  await response.text()
  seen.status = response.status
  const wrong = await add('wrong', 'a-wrong-key-0123456789abcdef')
  seen.wrong = await check(wrong)
  return seen
}
