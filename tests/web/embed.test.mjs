// embed: whom the vault's frame listens to, whose ports it has served, and how a host page's line finds the vault again.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { headersFor } from '../../web/hosting/headers.mjs'
import { bundle } from './support/bundle.mjs'

const { Door, HOST_HELLO, HostLine, KeyholdError, Switchboard, termsOf, vaultFetch, WINDOW_PORT, messagePort } =
  await bundle(`
    import './web/src/client/texts'
    export { Door } from './web/src/frame/door'
    export { Switchboard } from './web/src/frame/switchboard'
    export { HostLine } from './web/src/client/line'
    export { termsOf } from './web/src/client/wish'
    export { KeyholdError } from './web/src/wire/error'
    export { vaultFetch } from './web/src/wire/vault-fetch'
    export { messagePort } from './web/src/wire/port'
    export { HOST_HELLO, WINDOW_PORT } from './web/src/protocol/frame'`)

const tick = (ms = 0) => new Promise((done) => setTimeout(done, ms))
const open = []
/** Ports and lines of one test. */
afterEach(() => open.splice(0).forEach((one) => one.close()))
async function until(there) {
  for (let tries = 0; tries < 200 && !there(); tries += 1) await tick(5)
}
/** Both ends, closed after the test. */
function channel() {
  const { port1, port2 } = new MessageChannel()
  open.push(port1, port2)
  return [port1, port2]
}

const HOST = 'https://chat.example'
const VAULT = 'https://vault.example'
const self = { name: 'frame' }
const parent = { name: 'host' }
const place = { self, parent, top: parent, origin: VAULT, ancestors: 1 }

/** A door, and what came to it: ports to be served, and the news that a greeting was answered with. */
function doorAt(where = {}) {
  const door = new Door({ ...place, ...where })
  const served = []
  door.onPort = (origin, port) => served.push([origin, port])
  const greet = async (message = {}) => {
    const [port1, port2] = channel()
    const news = []
    port1.on('message', (data) => news.push(data))
    door.receive({ data: HOST_HELLO, origin: HOST, source: parent, ports: [port2], ...message })
    await until(() => news.length > 0)
    return { news, control: port1 }
  }
  return { door, served, greet }
}

describe('the door', () => {
  test('greets the page it is in, and has ports served for the origin that the browser gave', async () => {
    const { served, greet } = doorAt()
    const { news, control } = await greet()
    assert.deepEqual(news, [{ news: 'ready' }])
    const [, port] = channel()
    control.postMessage({ ask: 'port' }, [port])
    await tick(10)
    assert.deepEqual(
      served.map(([origin]) => origin),
      [HOST],
    )
  })

  for (const [what, where, message, why] of [
    ['an origin that is null', {}, { origin: 'null' }, 'origin'],
    ['a file', {}, { origin: 'file://' }, 'origin'],
    ['an extension', {}, { origin: 'chrome-extension://abcdefgh' }, 'origin'],
    ['a frame within a frame', { ancestors: 2 }, {}, 'nested'],
    ['the same, where the engine does not tell of ancestors', { ancestors: null, top: { name: 'top' } }, {}, 'nested'],
  ]) {
    test(`${what} is told that it is not served`, async () => {
      const { served, greet } = doorAt(where)
      const { news, control } = await greet(message)
      assert.deepEqual(news, [{ news: 'refused', why }])
      control.postMessage({ ask: 'port' }, [channel()[1]])
      await tick(10)
      assert.deepEqual(served, [])
    })
  }

  test('a second hand-shake is refused, and the first goes on', async () => {
    const { served, greet } = doorAt()
    const first = await greet()
    assert.deepEqual((await greet()).news, [{ news: 'refused', why: 'again' }])
    first.control.postMessage({ ask: 'port' }, [channel()[1]])
    await tick(10)
    assert.equal(served.length, 1)
  })

  test('a thousand other messages are met with silence, and then the right one is not', async () => {
    const { door, served, greet } = doorAt()
    const [, spare] = channel()
    const strange = { name: 'another window' }
    const shapes = [
      () => ({ data: { ...HOST_HELLO, more: 1 } }),
      () => ({ data: { keyhold: 'host' } }),
      () => ({ data: { ...HOST_HELLO, version: '1' } }),
      () => ({ data: { ...HOST_HELLO, version: Math.floor(Math.random() * 1e6) + 2 } }),
      () => ({ data: Object.assign(Object.create(HOST_HELLO), { x: 1 }) }),
      () => ({ data: JSON.stringify(HOST_HELLO) }),
      () => ({ data: [HOST_HELLO] }),
      () => ({ data: null }),
      () => ({ data: Math.random() }),
      () => ({ data: WINDOW_PORT }),
      () => ({ source: strange }),
      () => ({ source: self }),
      () => ({ source: null }),
      () => ({ ports: [] }),
      () => ({ ports: [spare, spare] }),
      () => ({ data: JSON.parse('{"__proto__":{"keyhold":"host","version":1}}') }),
      () => ({ data: { constructor: 'host', version: 1 } }),
    ]
    const heard = []
    for (let index = 0; index < 1_000; index += 1) {
      const [port1, port2] = channel()
      port1.on('message', (data) => heard.push(data))
      const message = { data: HOST_HELLO, origin: HOST, source: parent, ports: [port2] }
      door.receive({ ...message, ...shapes[index % shapes.length]() })
    }
    await tick(50)
    assert.deepEqual(heard, [])
    assert.deepEqual((await greet()).news, [{ news: 'ready' }], 'positive control')
    assert.deepEqual(served, [])
  })

  test('takes ports from the window it opened, of its own origin, while that is open', async () => {
    const { door, served } = doorAt()
    const opened = { name: 'window' }
    const send = (message) =>
      door.receive({ data: WINDOW_PORT, origin: VAULT, source: opened, ports: [channel()[1]], ...message })
    send()
    assert.equal(served.length, 0, 'not opened yet')
    door.window = opened
    send({ source: parent })
    send({ origin: HOST })
    send({ data: HOST_HELLO })
    assert.equal(served.length, 0)
    send()
    assert.deepEqual(
      served.map(([origin]) => origin),
      [null],
    )
    door.window = null
    send()
    assert.equal(served.length, 1)
  })
})

/** A vault worker as far as the frame speaks to it. */
function workerFor(admitted, { silent = 0, onOpen = () => {} } = {}) {
  const ports = []
  let opened = 0
  let over = false
  // A frame connects again whenever its port ends, for as long as it is there.
  open.push({ close: () => (over = true) })
  return {
    ports,
    launcher: {
      start: { start: true },
      shared: true,
      openPort() {
        if (over) throw new TypeError('the test is over')
        onOpen()
        const [port1, port2] = channel()
        ports.push(port2)
        if ((opened += 1) > silent) {
          port2.on('message', (data) => {
            if (data.op === 'admit') admitted.push(data)
            const value = data.op === 'hello' ? { status: { state: 'locked' } } : null
            if (data.op) port2.postMessage({ id: data.id, ok: true, value })
          })
        }
        return messagePort(port1)
      },
    },
  }
}

describe('the switchboard', () => {
  test('starts no worker before a port is there, and has it served with its origin', async () => {
    const admitted = []
    const { launcher, ports } = workerFor(admitted)
    const switchboard = new Switchboard(async () => launcher)
    await tick(20)
    assert.equal(ports.length, 0)
    await switchboard.admit(HOST, channel()[1])
    await switchboard.admit(null, channel()[1])
    assert.deepEqual(
      admitted.map(({ op, origin, port }) => [op, origin, port.constructor.name]),
      [
        ['admit', HOST, 'MessagePort'],
        ['admit', null, 'MessagePort'],
      ],
    )
    assert.equal(ports.length, 1)
  })

  test('of the ports that came while the worker started, each side has its last one served', async () => {
    const admitted = []
    const { launcher } = workerFor(admitted, { silent: 1 })
    const switchboard = new Switchboard(async () => launcher)
    const mine = Array.from({ length: 5 }, channel)
    const all = [...mine.map(([, port]) => switchboard.admit(HOST, port)), switchboard.admit(null, channel()[1])]
    await Promise.all(all)
    assert.deepEqual(
      admitted.map(({ origin }) => origin),
      [HOST, null],
    )
    const heard = []
    mine.forEach(([port], index) => port.on('message', () => heard.push(index)))
    admitted[0].port.postMessage('hello')
    await tick(10)
    assert.deepEqual(heard, [4])
  })

  test('after a lock it connects again, not before 50 ms, and goes on', async () => {
    const admitted = []
    const times = []
    const { launcher, ports } = workerFor(admitted, { onOpen: () => times.push(performance.now()) })
    const switchboard = new Switchboard(async () => launcher)
    await switchboard.admit(HOST, channel()[1])
    const locked = performance.now()
    ports[0].postMessage({ event: 'locked', epoch: 1 })
    await tick(20)
    await switchboard.admit(HOST, channel()[1])
    assert.equal(times.length, 2)
    assert.ok(times[1] - locked >= 50, `${times[1] - locked} ms`)
    assert.equal(admitted.length, 2)
  })
})

const NEEDS_USER = { state: 'needs-user' }
const GRANTED = {
  state: 'granted',
  providers: [{ id: 'openai', ready: true }],
  models: [],
  scopes: [],
  dayMicroUsd: null,
  monthMicroUsd: null,
  dayLeftMicroUsd: null,
  monthLeftMicroUsd: null,
  expiresAt: null,
}

/** A vault worker as a host page meets it. */
function vaultOf({ access = NEEDS_USER, silent = 0, answers = {} } = {}) {
  const state = { access, asked: [], opened: 0, ports: [], times: [] }
  const heard = []
  const line = new HostLine(() => {
    const [port1, port2] = channel()
    state.times.push(performance.now())
    state.ports.push(port2)
    if ((state.opened += 1) > silent) {
      port2.on('message', (data) => {
        state.asked.push(data)
        const { id, op } = data
        if (answers[op]) return answers[op](port2, data)
        const value = op === 'helloHost' ? { protocol: 1, access: state.access } : op === 'access' ? state.access : null
        port2.postMessage({ id, ok: true, value })
      })
    }
    return messagePort(port1)
  })
  open.push(line)
  for (const event of ['change', 'lock', 'unlock']) line.on(event, () => heard.push(event))
  return { line, state, heard }
}

describe("a host page's line", () => {
  test('says hello of its own protocol, and again on another port after half a second', async () => {
    const { line, state } = vaultOf({ silent: 1 })
    const began = performance.now()
    const { hello } = await line.current()
    assert.deepEqual(hello, { protocol: 1, access: NEEDS_USER })
    assert.equal(state.opened, 2)
    assert.ok(state.times[1] - began >= 490, `${state.times[1] - began} ms`)
    assert.deepEqual(
      state.asked.map(({ op, protocol }) => [op, protocol]),
      [['helloHost', 1]],
    )
  })

  test('before a grant, a lock is not heard of; the line is there again all the same', async () => {
    const { line, state, heard } = vaultOf()
    await line.current()
    state.ports[0].postMessage({ event: 'locked', epoch: 1 })
    await tick(120)
    assert.equal((await line.current()).hello.access.state, 'needs-user')
    assert.equal(state.opened, 2)
    assert.ok(state.times[1] - state.times[0] >= 50)
    assert.deepEqual(heard, [])
  })

  test('with one: unlock, change and lock, each when it is so', async () => {
    const { line, state, heard } = vaultOf()
    await line.current()
    state.access = GRANTED
    state.ports[0].postMessage({ event: 'access' })
    await tick(20)
    assert.deepEqual(heard.splice(0), ['unlock', 'change'])
    state.ports[0].postMessage({ event: 'access' })
    await tick(20)
    assert.deepEqual(heard.splice(0), ['change'])
    state.access = NEEDS_USER
    state.ports[0].postMessage({ event: 'locked', epoch: 1 })
    await tick(120)
    assert.deepEqual(heard.splice(0), ['lock', 'change'])
    state.access = GRANTED
    state.ports[1].postMessage({ event: 'access' })
    await tick(20)
    assert.deepEqual(heard, ['unlock', 'change'])
  })

  test('what was under way at a lock is a 423, and what comes after goes to the new port', async () => {
    const refused = []
    const { line, state } = vaultOf({ access: GRANTED, answers: { fetch: () => {} } })
    const send = () =>
      vaultFetch(
        { current: () => line.current(), onRefused: ({ code }) => refused.push(code) },
        'https://api.example/v1/x',
      )
    const sent = send()
    await tick(20)
    state.ports[0].postMessage({ event: 'locked', epoch: 1 })
    const response = await sent
    assert.equal(response.status, 423)
    assert.equal((await response.json()).code, 'ERR_LOCKED')
    assert.deepEqual(refused, ['ERR_LOCKED'])
    void send().catch(() => {})
    await tick(120)
    assert.equal(state.asked.filter(({ op }) => op === 'fetch').length, 2)
    line.close()
    await assert.rejects(line.current(), (error) => error instanceof KeyholdError && error.code === 'ERR_WORKER')
  })

  test('a call names no key, and its head and body come as fetch gives them', async () => {
    const { line, state } = vaultOf({
      access: GRANTED,
      answers: {
        fetch(port, { id, call }) {
          const bytes = new TextEncoder().encode('{"ok":true}')
          port.postMessage({
            id,
            ok: true,
            value: {
              status: 200,
              statusText: 'OK',
              url: 'https://api.example/v1/x',
              headers: [['content-type', 'application/json']],
            },
          })
          port.postMessage({ event: 'call', call, part: { type: 'bytes', bytes } }, [bytes.buffer])
          port.postMessage({ event: 'call', call, part: { type: 'end', summary: {} } })
        },
      },
    })
    const response = await vaultFetch({ current: () => line.current() }, 'https://api.example/v1/x', {
      method: 'POST',
      body: '{}',
    })
    assert.deepEqual(await response.json(), { ok: true })
    assert.equal(response.url, 'https://api.example/v1/x')
    const sent = state.asked.find(({ op }) => op === 'fetch')
    assert.equal(sent.key, null)
  })
})

test('a wish in dollars and dates is the same in the terms of the protocol; nonsense is a TypeError', () => {
  const expires = new Date(1_800_000_000_000)
  assert.deepEqual(termsOf({ providers: ['openai'], spend: { day: 0.1 + 0.2, month: 12.5 }, expires }), {
    providers: ['openai'],
    models: [],
    scopes: [],
    dayMicroUsd: 300_000,
    monthMicroUsd: 12_500_000,
    expiresAt: 1_800_000_000_000,
  })
  assert.deepEqual(termsOf({ providers: ['openai'], models: ['a*'], scopes: ['images'] }), {
    providers: ['openai'],
    models: ['a*'],
    scopes: ['images'],
    dayMicroUsd: null,
    monthMicroUsd: null,
    expiresAt: null,
  })
  for (const day of [Number.NaN, -1, Infinity, '5'])
    assert.throws(() => termsOf({ providers: ['openai'], spend: { day } }), TypeError)
  assert.throws(() => termsOf({ providers: ['openai'], expires: new Date('never') }), TypeError)
})

describe('headers', () => {
  const policyOf = (path, config) => headersFor(path, config)['Content-Security-Policy']
  const ancestors = (config) => /frame-ancestors ([^;]*)/.exec(policyOf('/frame.html', config))[1]

  test('the frame may be embedded as the configuration says; nothing else may be', () => {
    assert.equal(ancestors({}), 'https: http://localhost:* http://127.0.0.1:*')
    assert.equal(ancestors({ embedders: 'any' }), ancestors({}))
    assert.equal(
      ancestors({ embedders: ['https://a.example', 'https://b.example:8443'] }),
      'https://a.example https://b.example:8443',
    )
    assert.equal(ancestors({ embedders: [] }), "'none'")
    for (const wrong of ['https://a.example/', 'a.example', '*', "https://a.example; script-src 'unsafe-inline'"])
      assert.throws(() => headersFor('/frame.html', { embedders: [wrong] }), /is no origin/)
    for (const path of ['/', '/index.html', '/unlock.html', '/callback.html', '/anything.html'])
      assert.match(policyOf(path, {}), /frame-ancestors 'none'/)
  })

  test('frame and window keep each other; the page and the way back from a login let go of every opener', () => {
    const coop = (path) => headersFor(path, {})['Cross-Origin-Opener-Policy']
    assert.deepEqual([coop('/'), coop('/index.html'), coop('/callback.html')], Array(3).fill('same-origin'))
    assert.deepEqual([coop('/frame.html'), coop('/unlock.html')], [undefined, undefined])
    assert.equal(headersFor('/frame.html', {})['Cross-Origin-Embedder-Policy'], 'require-corp')
    assert.equal(headersFor('/frame.html', {})['Cross-Origin-Resource-Policy'], 'cross-origin')
  })

  test('only the module of host pages may be read by all origins', () => {
    assert.equal(headersFor('/keyhold.js', {})['Access-Control-Allow-Origin'], '*')
    assert.equal(headersFor('/index.html', {})['Access-Control-Allow-Origin'], undefined)
  })
})
