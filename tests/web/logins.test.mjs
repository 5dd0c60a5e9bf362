// logins: a login's way through the worker: what is asked, what is kept, and that no array keeps the key.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { Browser, passphrase, tick } from './support/browser.mjs'
import { fakes } from './support/fake-engine.mjs'
import { headersFile, headersFor } from '../../web/hosting/headers.mjs'

const rejects = (promise, code) => assert.rejects(promise, (error) => error.code === code)
const KEY = 'key-that-came-by-login'

let browser
afterEach(() => {
  browser?.close()
  browser = null
  fakes.buffers.clear()
})
const opened = async (options) => {
  browser = new Browser(options)
  const tab = await browser.open()
  await tab.create(passphrase())
  return tab
}

/** A body in these pieces; what was handed out is kept, to be looked at afterwards. */
function answering(pieces, status = 200) {
  const handed = pieces.map((piece) => new TextEncoder().encode(piece))
  const body = () =>
    new ReadableStream({
      start(controller) {
        for (const piece of handed) controller.enqueue(piece)
        controller.close()
      },
    })
  const sent = []
  const send = async (url, init) => {
    sent.push({ url, body: init.body === null ? null : new TextDecoder().decode(init.body), init })
    await tick()
    return new Response(body(), { status })
  }
  return { handed, sent, send }
}

test('a login begins with a link that names callback.html beside the configuration, and ends as a key, unchecked', async () => {
  const { send, sent } = answering([KEY])
  const tab = await opened({ send, configUrl: 'https://vault.example/app/keyhold.config.json' })
  const { url, state } = await tab.beginLogin('fake')
  assert.ok(url.endsWith('authorize?to=https://vault.example/app/callback.html'), url)
  const { key, check } = await tab.finishLogin({ state, code: 'c-1', label: 'Mine' })
  assert.equal(key.label, 'Mine')
  assert.equal(check, null)
  assert.equal(fakes.lastGrant, KEY)
  assert.equal(sent.length, 1)
  assert.equal(sent[0].body, 'code=c-1')
  assert.deepEqual(sent[0].init.credentials, 'omit')
  assert.equal(fakes.calls.size, 0)
})

test('the array that the key came in is overwritten; one that a caller is given is not', async () => {
  const { handed, send } = answering([KEY])
  const tab = await opened({ send })
  await tab.finishLogin({ state: 'begun', code: 'c', label: 'x' })
  assert.equal(fakes.lastGrant, KEY)
  assert.ok(handed[0].every((byte) => byte === 0))
  browser.options.send = answering([KEY]).send
  assert.equal(await (await tab.fetch('http://127.0.0.1:1/models')).text(), KEY, 'control')
})

test('an answer in pieces is read as one', async () => {
  const tab = await opened(answering([KEY.slice(0, 5), KEY.slice(5, 9), KEY.slice(9)]))
  await tab.finishLogin({ state: 'begun', code: 'c', label: 'x' })
  assert.equal(fakes.lastGrant, KEY)
})

test('a refusal, an unknown state, a provider without a login, and an answer without a key: nothing is stored', async () => {
  const { send } = answering(['no'], 401)
  const tab = await opened({ send })
  await rejects(tab.finishLogin({ state: 'begun', code: 'c', label: 'x' }), 'ERR_LOGIN_REFUSED')
  await rejects(tab.finishLogin({ state: 'forged', code: 'c', label: 'x' }), 'ERR_LOGIN_STATE')
  await rejects(tab.beginLogin('other'), 'ERR_BAD_INPUT')
  browser.options.send = answering([]).send
  await rejects(tab.finishLogin({ state: 'begun', code: 'c', label: 'x' }), 'ERR_BAD_ANSWER')
  assert.deepEqual(await tab.keys(), [])
  assert.equal(fakes.calls.size, 0)
})

test('the worker may reach where keys are given, if such a login is offered; nobody else may', () => {
  const house = (style) => ({
    id: 'house',
    base: 'https://api.house.example/v1/',
    login: { style, authorize: 'https://house.example/a', exchange: 'https://login.house.example/token' },
  })
  const reach = (config) => {
    const { 'Content-Security-Policy': policy } = headersFor('/assets/vault-worker-abcdefgh.js', {
      customEndpoints: false,
      ...config,
    })
    return /connect-src ([^;]*)/.exec(policy)[1].split(' ')
  }
  const token = 'https://login.house.example'
  assert.ok(reach({ providers: [house('openrouter')] }).includes(token))
  assert.ok(!reach({ providers: [house('oauth')] }).includes(token))
  assert.ok(reach({ providers: [house('oauth')], logins: { house: { clientId: 'x' } } }).includes(token))
  assert.ok(!reach({ providers: [house('oauth')], logins: { other: { clientId: 'x' } } }).includes(token))
  // The page that the person logs in at is opened by the person, not asked by the worker.
  assert.ok(!reach({ providers: [house('openrouter')] }).includes('https://house.example'))
})

test('the page that logins come back to can ask nobody anything, under either of its names', () => {
  for (const path of ['/callback.html', '/callback', '/app/callback.html']) {
    const headers = headersFor(path, {})
    const policy = headers['Content-Security-Policy']
    assert.match(policy, /default-src 'none'/, path)
    assert.match(policy, /frame-ancestors 'none'/)
    assert.doesNotMatch(policy, /connect-src|worker-src|unsafe|https:/)
    assert.equal(headers['Cross-Origin-Opener-Policy'], 'same-origin')
    assert.equal(headers['Referrer-Policy'], 'no-referrer')
  }
  assert.match(headersFor('/', {})['Content-Security-Policy'], /connect-src 'self'/, 'control')
  assert.match(headersFile(['/callback', '/callback.html'], {}), /^\/callback\n(.*\n)*\/callback\.html\n/)
})
