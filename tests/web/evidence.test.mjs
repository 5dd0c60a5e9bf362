// evidence: what the worker sees when a request fails: its own policy, the network, the leave to use the local network.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { keyhold } from './support/load.mjs'

const { forbids, gather, localNetworkOf, localWithheld, onlineWatch, PolicyWatch } = keyhold
const VAULT =
  "default-src 'none'; script-src 'self'; connect-src 'self' https://api.openai.com http://localhost:* http://127.0.0.1:*"

const given = { location: globalThis.location, navigator: Object.getOwnPropertyDescriptor(globalThis, 'navigator') }
let permissions
let onLine
beforeEach(() => {
  permissions = {}
  onLine = true
  globalThis.location = new URL('https://vault.example/assets/vault-worker-1.js')
  const query = async ({ name }) => {
    if (permissions[name] === undefined) throw new TypeError(name)
    return { state: permissions[name] }
  }
  const navigator = {
    permissions: { query },
    get onLine() {
      return onLine
    },
  }
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
})
afterEach(() => {
  globalThis.location = given.location
  if (given.navigator) Object.defineProperty(globalThis, 'navigator', given.navigator)
  else delete globalThis.navigator
})

describe('the policy itself', () => {
  test('forbids what its connect-src has no source for', () => {
    for (const [url, forbidden] of [
      ['https://api.openai.com/v1/models', false],
      ['https://api.openai.com:8443/v1/models', true],
      ['http://api.openai.com/v1/models', true],
      ['https://evil.example/', true],
      ['https://openai.com/', true],
      ['https://vault.example/keyhold.config.json', false],
      ['http://localhost:11434/v1/', false],
      ['http://127.0.0.1:1/', false],
      ['https://127.0.0.1:1/', false],
      ['http://[::1]:11434/', true],
      ['data:,x', true],
      ['no address', false],
    ]) {
      assert.equal(forbids(VAULT, url), forbidden, url)
    }
  })

  test('forbids only where it is written as ours is', () => {
    const url = 'https://api.example.com/v1'
    for (const [policy, forbidden] of [
      ["connect-src 'none'", true],
      ["default-src 'none'; connect-src 'self'; script-src 'self'", true],
      ["connect-src 'self', default-src 'none'", true],
      ['connect-src https://api.example.com', false],
      ['connect-src https:', false],
      ['connect-src http:', false],
      ['', false],
      ["default-src 'none'", false],
      ['connect-src', false],
      ['connect-src *', false],
      ['connect-src *.example.com', false],
      ['connect-src https://api.example.com/other', false],
      ["connect-src 'self' api.other.example", false],
    ]) {
      assert.equal(forbids(policy, url), forbidden, policy)
    }
  })
})

describe('the local network', () => {
  test('is known by its addresses', () => {
    for (const [url, network] of [
      ['http://localhost:1/', 'loopback-network'],
      ['http://a.localhost/', 'loopback-network'],
      ['http://127.0.0.1/', 'loopback-network'],
      ['http://127.9.9.9/', 'loopback-network'],
      ['http://[::1]/', 'loopback-network'],
      ['https://10.0.0.1/', 'local-network'],
      ['https://172.16.0.1/', 'local-network'],
      ['https://172.31.0.1/', 'local-network'],
      ['https://192.168.1.7/', 'local-network'],
      ['https://[fd00::1]/', 'local-network'],
      ['https://[fe80::1]/', 'local-network'],
      ['https://printer.local/', 'local-network'],
      ['https://172.15.0.1/', null],
      ['https://172.32.0.1/', null],
      ['https://11.0.0.1/', null],
      ['https://localhost.example/', null],
      ['https://10.example/', null],
      ['https://api.openai.com/', null],
    ]) {
      assert.equal(localNetworkOf(url), network, url)
    }
  })

  test('the leave to use it is asked by the name this browser knows, and only where it is needed', async () => {
    assert.equal(await localWithheld('http://localhost:1/'), false, 'this browser knows none')
    permissions = { 'local-network-access': 'denied' }
    assert.equal(await localWithheld('http://localhost:1/'), true)
    permissions = { 'local-network-access': 'denied', 'loopback-network': 'granted', 'local-network': 'prompt' }
    assert.equal(await localWithheld('http://localhost:1/'), false)
    assert.equal(await localWithheld('https://192.168.1.7/'), true)
    assert.equal(await localWithheld('https://api.openai.com/'), false)
    globalThis.location = new URL('http://localhost:4173/')
    permissions = { 'loopback-network': 'denied' }
    assert.equal(await localWithheld('http://localhost:1/'), false, 'this computer’s own page')
  })
})

test('one that lost the network during the call was not online, however soon it came back', () => {
  const scope = new EventTarget()
  let tick = 10
  const online = onlineWatch(scope, () => tick)
  assert.equal(online(0), true)
  scope.dispatchEvent(new Event('offline'))
  tick = 11
  assert.equal(online(5), false)
  assert.equal(online(10), false)
  assert.equal(online(11), true)
  onLine = false
  assert.equal(online(11), false)
})

describe('gathered', () => {
  const asked = 'https://api.example.com/v1/chat'
  const probeUrl = 'https://api.example.com/v1/models'
  /** @param answers by address: a Response, or nothing for a failure */
  const gathered = async ({ answers = {}, online = () => onLine, url = asked } = {}) => {
    const sent = []
    const send = async (to, init) => {
      sent.push([String(to), init?.mode ?? init?.method])
      if (answers[to] === undefined) throw new TypeError('failed')
      return answers[to]
    }
    const evidence = await gather(url, () => probeUrl, send, new PolicyWatch(new EventTarget()), online)
    return { ...evidence, sent }
  }

  test('a host that answers needs no further look', async () => {
    const { sent, ...evidence } = await gathered({ answers: { [probeUrl]: new Response() } })
    assert.deepEqual(evidence, { online: true, probeReached: true, blockedByPolicy: false, localWithheld: false })
    assert.deepEqual(sent, [[probeUrl, 'no-cors']])
  })

  test('offline, nothing is sent; but this computer is asked all the same', async () => {
    onLine = false
    const { sent, ...evidence } = await gathered()
    assert.deepEqual(evidence, { online: false, probeReached: null, blockedByPolicy: false, localWithheld: false })
    assert.deepEqual(sent, [])
    const local = await gathered({ url: 'http://localhost:1/v1/', answers: { [probeUrl]: new Response() } })
    assert.equal(local.probeReached, true)
  })

  test('one that goes offline meanwhile is offline', async () => {
    let looks = 0
    const { online } = await gathered({ answers: { [probeUrl]: new Response() }, online: () => ++looks < 3 })
    assert.equal(online, false)
  })

  test('where nothing came through, the policy of the worker’s own script is read', async () => {
    const headers = { 'content-security-policy': VAULT }
    const own = location.href
    const { sent, ...evidence } = await gathered({ answers: { [own]: new Response(null, { headers }) } })
    assert.deepEqual(evidence, { online: true, probeReached: false, blockedByPolicy: true, localWithheld: false })
    assert.deepEqual(sent.at(-1), [own, 'HEAD'])
    assert.equal((await gathered({ answers: { [own]: new Response() } })).blockedByPolicy, false)
    assert.equal((await gathered()).blockedByPolicy, false)
  })

  test('what was not asked yet is withheld like what was denied', async () => {
    for (const [state, withheld] of [
      ['prompt', true],
      ['denied', true],
      ['granted', false],
    ]) {
      permissions = { 'loopback-network': state }
      assert.equal((await gathered({ url: 'http://localhost:1/v1/' })).localWithheld, withheld, state)
    }
  })
})
