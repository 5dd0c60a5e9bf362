// requests: nothing malformed is acted on, whatever a page sends; the answer is always one typed error.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { Browser, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'

const { LIMITS, parseRequest, parseStart, idOf, NO_ID, ERROR_TEXT, PROTOCOL_VERSION } = keyhold
const browser = new Browser()
after(() => browser.close())

const refused = (data) =>
  assert.throws(
    () => parseRequest(data),
    ({ problem }) => problem?.code === 'ERR_BAD_INPUT',
  )
const bytes = (length) => new Uint8Array(length)
const { port1 } = new MessageChannel()
port1.close()
/** No such message can be sent without handing the port over, and Node.js 20 ends with a fault (SIGSEGV) where that is tried. */
const holdsPort = (value) =>
  value instanceof MessagePort ||
  (typeof value === 'object' && value !== null && Object.values(value).some((one) => holdsPort(one)))

const terms = {
  providers: ['openai'],
  models: ['m*'],
  scopes: ['files'],
  dayMicroUsd: 1,
  monthMicroUsd: null,
  expiresAt: null,
}

const offer = { server: 'https://relay.example/', chosen: false, newcomer: false }

/** One good request of each kind, and its bounded fields: [field, value of length n], tested at n and n+1. */
const good = {
  hello: { protocol: PROTOCOL_VERSION, build: 'dev' },
  status: {},
  create: { call: 1, kdf: port1 },
  unlock: { call: 1, by: { way: 'passphrase', kdf: port1 } },
  lock: {},
  touch: {},
  order: { keys: ['k'] },
  expires: { key: 'k', at: null },
  setCaps: { key: 'k', day: 1_000_000, month: null },
  spending: {},
  usage: { from: 0, to: 20_000 },
  newPasskey: {},
  addPasskey: {
    call: 1,
    proof: { way: 'recovery', code: bytes(39) },
    slot: 's',
    credential: bytes(16),
    rp: 'a.test',
    prf: bytes(64),
    name: 'Laptop',
  },
  newRecovery: {},
  addRecovery: { call: 1, proof: { way: 'passkey', slot: 's', prf: bytes(64) }, typed: bytes(8) },
  changePassphrase: { call: 1, proof: { way: 'passphrase', kdf: port1 }, kdf: port1 },
  removeSlot: { call: 1, proof: { way: 'passphrase', kdf: port1 }, slot: 's' },
  nameSlot: { slot: 's', name: 'Laptop' },
  rotateRoot: { call: 1, proof: { way: 'passphrase', kdf: port1 }, typed: bytes(8), passkeys: [] },
  setLockAfter: { minutes: 15 },
  backup: { call: 1, proof: { way: 'passphrase', kdf: port1 }, kdf: port1, copiedTo: '' },
  openBackup: { call: 1, file: bytes(3), kdf: port1, large: false },
  openEnv: { file: bytes(3) },
  admit: { origin: 'https://app.example', port: port1 },
  questions: {},
  decide: { question: 1, terms },
  grants: {},
  revoke: { grant: 'g' },
  helloHost: { protocol: 1 },
  access: {},
  requestAccess: { call: 1, wish: terms },
  restore: { choices: ['skip', 'add', 'replace'] },
  closeImport: {},
  repair: {},
  keepState: {},
  recoverCopy: {},
  exportRaw: {},
  audit: {},
  wipe: { word: 'delete' },
  providers: {},
  keys: {},
  lookAt: { provider: '', secret: bytes(3) },
  add: { provider: 'openai', label: 'mine', secret: bytes(3), unchecked: false },
  replace: { key: 'k', secret: bytes(3), unchecked: true },
  beginLogin: { provider: 'openrouter' },
  finishLogin: { state: 's', code: 'c', key: null, label: 'mine' },
  check: { key: 'k' },
  label: { key: 'k', label: '' },
  delete: { key: 'k' },
  setDefault: { key: 'k' },
  setFailover: { provider: 'p', on: true },
  addEndpoint: { name: 'Mine', base: 'http://localhost:11434/v1/', like: null },
  removeEndpoint: { provider: 'p' },
  models: { key: 'k' },
  chat: { call: 1, key: 'k', app: null, model: 'm', messages: [{ role: 'user', text: 'hi' }], maxTokens: 1 },
  fetch: { call: 1, url: 'https://a.test/', method: 'GET', headers: [['a', 'b']], body: null, key: null, app: offer },
  token: { call: 1, token: 't' },
  setAppKeyUse: { provider: 'openai', use: 'ask' },
  appKeyUses: {},
  receipts: {},
  server: { path: 'v1/checkout', token: null, body: '{}' },
  credit: { call: 1, bytes: 1 },
  abort: { call: 1 },
}
const text = (length) => 'x'.repeat(length)
const many = (length, item) => Array.from({ length }, () => item)
const bounds = {
  'lookAt.provider': [text, LIMITS.id],
  'lookAt.secret': [bytes, LIMITS.secretBytes],
  'add.label': [text, LIMITS.label],
  'add.secret': [bytes, LIMITS.secretBytes],
  'label.label': [text, LIMITS.label],
  'beginLogin.provider': [text, LIMITS.id],
  'finishLogin.state': [text, LIMITS.loginState],
  'finishLogin.code': [text, LIMITS.loginCode],
  'finishLogin.key': [text, LIMITS.id],
  'finishLogin.label': [text, LIMITS.label],
  'check.key': [text, LIMITS.id],
  'order.keys': [(n) => many(n, 'k'), LIMITS.keys],
  'usage.from': [(n) => n, LIMITS.day],
  'usage.to': [(n) => n, LIMITS.day],
  'addPasskey.credential': [bytes, LIMITS.credentialBytes],
  'addPasskey.prf': [bytes, LIMITS.prfBytes],
  'addPasskey.rp': [text, LIMITS.host],
  'addRecovery.typed': [bytes, LIMITS.codeBytes],
  'nameSlot.name': [text, LIMITS.slotName],
  'rotateRoot.passkeys': [(n) => many(n, { slot: 's', prf: bytes(64) }), LIMITS.slots],
  'openBackup.file': [bytes, LIMITS.backupBytes],
  'openEnv.file': [bytes, LIMITS.envBytes],
  'restore.choices': [(n) => many(n, 'skip'), LIMITS.keys],
  'wipe.word': [text, LIMITS.word],
  'addEndpoint.name': [text, LIMITS.name],
  'addEndpoint.base': [text, LIMITS.url],
  'addEndpoint.like': [text, LIMITS.id],
  'chat.model': [text, LIMITS.model],
  'chat.messages': [(n) => many(n, { role: 'user', text: '' }), LIMITS.messages],
  'chat.maxTokens': [(n) => n, LIMITS.maxTokens],
  'fetch.url': [text, LIMITS.url],
  'fetch.headers': [(n) => many(n, ['a', 'b']), LIMITS.headers],
  'fetch.body': [bytes, LIMITS.bodyBytes],
  'fetch.app': [(n) => ({ ...offer, server: text(n) }), LIMITS.url],
  'chat.app': [(n) => ({ provider: text(n), offer }), LIMITS.id],
  'token.token': [text, LIMITS.token],
  'setAppKeyUse.provider': [text, LIMITS.id],
  'server.token': [text, LIMITS.token],
  'server.body': [text, LIMITS.serverBody],
  'admit.origin': [text, LIMITS.origin],
  'backup.copiedTo': [text, LIMITS.origin],
  'decide.terms': [(n) => ({ ...terms, providers: many(n, 'p') }), LIMITS.grantProviders],
  'requestAccess.wish': [(n) => ({ ...terms, models: many(n, 'm') }), LIMITS.grantModels],
  'revoke.grant': [text, LIMITS.id],
}
const message = (op, changes = {}) => ({ id: 1, op, ...good[op], ...changes })

test('every op of the protocol is accepted in its proper form', () => {
  for (const op of Object.keys(good)) assert.equal(parseRequest(message(op)).op, op)
})

test('every bound holds at n-1 and n and refuses n+1', () => {
  for (const [place, [make, most]] of Object.entries(bounds)) {
    const [op, name] = place.split('.')
    parseRequest(message(op, { [name]: make(most - 1) }))
    parseRequest(message(op, { [name]: make(most) }))
    refused(message(op, { [name]: make(most + 1) }))
  }
  const long = (length) => message('chat', { messages: [{ role: 'user', text: text(length) }] })
  parseRequest(long(LIMITS.textLength))
  refused(long(LIMITS.textLength + 1))
})

test('a body to be sent as it is may be larger than one that is read, up to its own bound', () => {
  const blob = (size) => Object.defineProperty(new Blob(), 'size', { value: size })
  parseRequest(message('fetch', { body: blob(LIMITS.uploadBytes) }))
  refused(message('fetch', { body: blob(LIMITS.uploadBytes + 1) }))
})

test('a field too many, one too few and one of another kind are refused', () => {
  for (const [op, fields] of Object.entries(good)) {
    refused(message(op, { extra: 1 }))
    for (const name of Object.keys(fields)) {
      const { [name]: _, ...rest } = message(op)
      refused(rest)
      for (const wrong of [undefined, -1, 1.5, NaN, Infinity, {}, [undefined], () => {}])
        refused(message(op, { [name]: wrong }))
    }
  }
})

test('an offer of the app’s key is exact, and so is a token', () => {
  for (const wrong of [
    {},
    'https://relay.example/',
    [offer],
    { ...offer, server: '' },
    { ...offer, server: null },
    { ...offer, chosen: 1 },
    { ...offer, newcomer: 'yes' },
    { ...offer, more: 1 },
    { server: offer.server, chosen: false },
  ]) {
    refused(message('fetch', { app: wrong }))
    refused(message('chat', { key: null, app: { provider: 'p', offer: wrong } }))
  }
  parseRequest(message('chat', { key: null, app: { provider: 'p', offer } }))
  refused(message('chat', { app: offer }))
  refused(message('chat', { app: { provider: 'p', offer, more: 1 } }))
  parseRequest(message('token', { token: null }))
  refused(message('token', { token: '' }))
  refused(message('token', { token: 'x'.repeat(8_193) }))
  for (const use of ['', 'Auto', 'always', null]) refused(message('setAppKeyUse', { use }))
  for (const path of ['', 'v1/health', '/v1/account', 'v1/account?x', 'https://evil.example/'])
    refused(message('server', { path }))
})

test('names that objects have by nature are no ops', () => {
  for (const op of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) refused({ id: 1, op })
  refused(JSON.parse('{"id":1,"op":"status","__proto__":{"admin":true}}'))
})

test('shared memory is refused as bytes: it could change after the check', () => {
  refused(message('add', { secret: new Uint8Array(new SharedArrayBuffer(4)) }))
})

test('an id that is no id is answered under the reserved one', () => {
  for (const id of [undefined, null, '1', -1, 1.5, NaN, 2 ** 53, {}]) assert.equal(idOf({ id }), NO_ID)
  for (const data of [null, 1, 'x', [], new Map()]) assert.equal(idOf(data), NO_ID)
  assert.equal(idOf({ id: 0 }), 0)
})

test('a start message is exact or is none', () => {
  const start = { start: true, wasmUrl: 'a', keepingUrl: 'k', pricesUrl: 'p', configUrl: 'b' }
  assert.deepEqual(parseStart(start), start)
  for (const wrong of [{ ...start, start: 1 }, { ...start, more: 1 }, { start: true }, null, 'start']) {
    assert.equal(parseStart(wrong), null)
  }
})

/** What a hostile page might post: near misses of real requests among arbitrary values. */
const nearMiss = fc
  .tuple(fc.constantFrom(...Object.keys(good)), fc.string(), fc.anything(), fc.boolean())
  .map(([op, field, value, drop]) => {
    const near = message(op, { [field || 'id']: value })
    // A port is cloned by being transferred, and only once: what is sent has other proofs.
    delete near.kdf
    for (const proof of ['by', 'proof']) {
      if (proof in good[op] && near[proof] === good[op][proof]) near[proof] = { way: 'recovery', code: bytes(39) }
    }
    if (drop) delete near[Object.keys(good[op])[0]]
    return near
  })
const hostile = fc.oneof(fc.anything({ withTypedArray: true, withBigInt: true, withMap: true }), nearMiss)

test('hostile messages: the parser returns a request or throws the one typed refusal', () => {
  fc.assert(
    fc.property(hostile, (data) => {
      try {
        assert.ok(parseRequest(data).op in good)
      } catch (error) {
        assert.equal(error.problem?.code, 'ERR_BAD_INPUT')
      }
    }),
    { numRuns: 3_000 },
  )
})

test('hostile messages on a live port: each is answered with a known code, and the vault still works', async () => {
  const tab = await browser.open()
  await tab.create(passphrase())
  const port = browser.rawPort()
  const replies = []
  port.addEventListener('message', ({ data }) => replies.push(data))
  const say = async (data) => {
    const before = replies.length
    try {
      port.postMessage(data)
    } catch {
      return null
    }
    for (let i = 0; i < 200 && replies.length === before; i += 1) await tick()
    return replies.at(-1)
  }
  await say({ start: true, wasmUrl: 'a', keepingUrl: 'k', pricesUrl: 'p', configUrl: 'b', extra: 1 })
  const hello = await say({ id: 1, op: 'hello', protocol: PROTOCOL_VERSION, build: 'dev' })
  assert.equal(hello.ok, true)
  await fc.assert(
    fc.asyncProperty(hostile, async (data) => {
      // A near miss can be a hit; these would end the test, and are tested elsewhere.
      if (data?.op === 'lock' || data?.op === 'create' || data?.op === 'unlock' || holdsPort(data)) return
      const reply = await say(data)
      if (reply === null) return
      assert.ok(reply, 'an answer came')
      if (reply.ok === false) {
        assert.ok(reply.error.code in ERROR_TEXT)
        assert.deepEqual(
          Object.keys(reply.error).filter((name) => !['code', 'status', 'retryAfterS'].includes(name)),
          [],
        )
      }
    }),
    { numRuns: 300 },
  )
  port.close()
  assert.equal((await tab.status()).state, 'unlocked')
})
