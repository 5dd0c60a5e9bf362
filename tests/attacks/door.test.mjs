// door: what a hostile page says to the vault's frame before and beside its one greeting: forged messages, a race of greetings,
// messages from elsewhere, a prototype it polluted. Against the frame's own door, with windows of the test's.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { bundle } from '../web/support/bundle.mjs'
import { weakening } from './support/weaken.mjs'

const SEED = 20_261_126
const HOST = 'https://chat.example'
const VAULT = 'https://vault.example'
const MODULES = `export { Door } from './web/src/frame/door'
  export { HOST_HELLO, WINDOW_PORT } from './web/src/protocol/frame'`
const FROM_PARENT = 'if (source === this.#place.parent && source !== this.#place.self) {'
const FROM_WINDOW = 'else if (this.window !== null && source === this.window && origin === this.#place.origin) {'

/** Whatever else is in it, and whoever it has it from. */
const LOOSE = [
  ['given.length === Object.keys(message).length', 'given.length > 0'],
  [
    'given.every(([name, value]) => Object.hasOwn(message, name) && message[name] === value)',
    'Object.keys(message).every((name) => (data as Record<string, unknown>)[name] === message[name])',
  ],
]

const sound = await bundle(MODULES)
const { HOST_HELLO, WINDOW_PORT } = sound
async function doorsOf(changes) {
  const { plugin, done } = weakening(changes)
  const modules = await bundle(MODULES, [plugin])
  done()
  return modules
}

/** A door in a frame of the host's page, with the user's window open, and all that it had served. */
function doorOf({ Door }, where = {}) {
  const [self, parent, other, opened] = ['frame', 'host', 'other', 'window'].map((name) => ({ name }))
  const door = new Door({ self, parent, top: parent, origin: VAULT, ancestors: 1, ...where })
  door.window = opened
  const served = []
  door.onPort = (origin) => served.push(origin)
  return { door, served, windows: { self, parent, other, opened, none: null } }
}
/** A port that notes what is said on it: it crosses no process here. */
class Port {
  said = []
  listeners = []
  postMessage(message) {
    this.said.push(message)
  }
  addEventListener(_, listener) {
    this.listeners.push(listener)
  }
  start() {}
  close() {}
}

describe('a thousand forged messages', () => {
  const name = fc.constantFrom('keyhold', 'version', 'ask', 'origin', 'port', '__proto__', 'constructor')
  const value = fc.oneof(
    fc.constantFrom('host', 'window-port', 1, '1', 2, true, null, HOST, VAULT, [], {}),
    fc.anything({ maxDepth: 2 }),
  )
  const data = fc.oneof(
    fc.constantFrom(HOST_HELLO, WINDOW_PORT),
    fc
      .tuple(fc.constantFrom(HOST_HELLO, WINDOW_PORT), name, value)
      .map(([message, field, given]) => ({ ...message, [field]: given })),
    fc.constantFrom(HOST_HELLO, WINDOW_PORT).map((message) => Object.create(message)),
    fc.constantFrom(HOST_HELLO, WINDOW_PORT).map((message) => JSON.stringify(message)),
    fc.constantFrom(HOST_HELLO, WINDOW_PORT).map((message) => [message]),
    fc.dictionary(name, value, { maxKeys: 3 }),
    fc.anything({ maxDepth: 1 }),
  )
  const arrival = fc.record({
    data,
    origin: fc.constantFrom(HOST, VAULT, 'null', '', 'https://evil.example', 'file://'),
    source: fc.constantFrom('self', 'parent', 'other', 'opened', 'none'),
    ports: fc.constantFrom(0, 1, 1, 1, 2),
  })
  const isSame = (given, message) =>
    typeof given === 'object' &&
    given !== null &&
    Object.keys(given).length === 2 &&
    Object.entries(message).every(([field, one]) => Object.hasOwn(given, field) && given[field] === one)
  /** Those that are no forgeries are what the door is for. */
  const isGenuine = ({ data: given, origin, source, ports }) =>
    ports === 1 &&
    ((source === 'opened' && origin === VAULT && isSame(given, WINDOW_PORT)) ||
      (source === 'parent' && isSame(given, HOST_HELLO)))
  const arrivals = fc
    .sample(arrival, { seed: SEED, numRuns: 1_200 })
    .filter((one) => !isGenuine(one))
    .slice(0, 1_000)

  const attack = (modules) => {
    const { door, served, windows } = doorOf(modules)
    const ports = []
    for (const { source, ports: count, ...rest } of arrivals) {
      const given = Array.from({ length: count }, () => new Port())
      ports.push(...given)
      door.receive({ ...rest, source: windows[source], ports: given })
    }
    const answered = ports.filter(({ said }) => said.length > 0).length
    const control = new Port()
    door.receive({ data: HOST_HELLO, origin: HOST, source: windows.parent, ports: [control] })
    return { served: served.length, answered, answer: control.said }
  }

  test('are met with silence; the one that is none is answered', () => {
    assert.equal(arrivals.length, 1_000)
    assert.deepEqual(attack(sound), { served: 0, answered: 0, answer: [{ news: 'ready' }] })
  })
  test("control: where it does not matter who says it, some have a port served as the vault's own", async () => {
    const { served } = attack(
      await doorsOf({
        'src/frame/door.ts': [
          [FROM_PARENT, 'if (isExactly(data, HOST_HELLO)) {'],
          [FROM_WINDOW, 'else {'],
        ],
      }),
    )
    assert.ok(served > 0, `${served}`)
  })
  test('control: where a message may say more than it should, some are taken for greetings', async () => {
    const { answered } = attack(await doorsOf({ 'src/protocol/frame.ts': LOOSE }))
    assert.ok(answered > 0, `${answered}`)
  })
})

describe('a race of greetings', () => {
  const attack = (modules) => {
    const { door, windows } = doorOf(modules)
    const ports = Array.from({ length: 50 }, () => new Port())
    for (const port of ports) door.receive({ data: HOST_HELLO, origin: HOST, source: windows.parent, ports: [port] })
    return ports.flatMap(({ said }) => said.map(({ news }) => news))
  }
  test('has one winner, and the others are told', () => {
    assert.deepEqual(attack(sound), ['ready', ...Array(49).fill('refused')])
  })
  test('control: without the look at the first one all are let in', async () => {
    const weak = await doorsOf({ 'src/frame/door.ts': [["if (this.#control !== null) return 'again'", '']] })
    assert.deepEqual(attack(weak), Array(50).fill('ready'))
  })
})

describe('a page without an origin of its own, or within another', () => {
  const PLACES = [
    [{}, 'null'],
    [{}, 'file://'],
    [{}, 'data:'],
    [{}, ''],
    [{ ancestors: 2 }, HOST],
    [{ ancestors: null, top: { name: 'top' } }, HOST],
  ]
  const attack = (modules) =>
    PLACES.map(([where, origin]) => {
      const { door, served, windows } = doorOf(modules, where)
      const port = new Port()
      door.receive({ data: HOST_HELLO, origin, source: windows.parent, ports: [port] })
      for (const listener of port.listeners) listener({ data: { ask: 'port' }, ports: [new Port()] })
      return `${port.said[0].news} ${served.length}`
    })
  test('is refused, and has nothing served', () => {
    assert.deepEqual(attack(sound), Array(PLACES.length).fill('refused 0'))
  })
  test('control: where the door does not look, it is served', async () => {
    const weak = await doorsOf({
      'src/frame/door.ts': [
        ['const why = this.#obstacle(origin)', 'const why = null as ReturnType<Door["#obstacle"]> | null'],
      ],
    })
    assert.deepEqual(attack(weak), Array(PLACES.length).fill('ready 1'))
  })
})

describe('a polluted prototype', () => {
  const attack = ({ Door }) => {
    Object.assign(Object.prototype, { keyhold: 'host', version: 1 })
    try {
      const { door, windows } = doorOf({ Door })
      const port = new Port()
      door.receive({ data: { x: 1, y: 2 }, origin: HOST, source: windows.parent, ports: [port] })
      return port.said
    } finally {
      delete Object.prototype.keyhold
      delete Object.prototype.version
    }
  }
  test('makes no greeting of what is none', () => assert.deepEqual(attack(sound), []))
  test('control: where inherited fields count, it does', async () => {
    const weak = await doorsOf({ 'src/protocol/frame.ts': LOOSE })
    assert.deepEqual(attack(weak), [{ news: 'ready' }])
  })
})
