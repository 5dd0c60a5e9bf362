// port: what a hostile page of another origin says on the port that it was given: forged and mangled messages, floods, another
// hello, a start of its own; and what it learns before the user allowed something. Against the real worker and engine.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { tick } from '../web/support/browser.mjs'
import { keyhold } from '../web/support/load.mjs'
import {
  APP,
  call,
  codeOf,
  HELLO,
  LABEL,
  numbered,
  OTHER_SECRET,
  SECRET,
  textOf,
  vault,
  WISH,
} from './support/pages.mjs'
import { weakened } from './support/weaken.mjs'

const SEED = 20_261_126
const MESSAGES = 1_000

const ROLE = "if (!mayAsk || (op === 'fetch' && request.key !== null && this.#role.is === 'host')) {"
const anyOp = { 'src/worker/serve.ts': [[ROLE, 'if (false) {']] }

describe('a thousand forged messages', () => {
  const bytes = new Uint8Array([1, 2, 3])
  /** Whole requests that only the vault's own page may make. */
  const forbidden = [
    { op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' },
    { op: 'status' },
    { op: 'keys' },
    { op: 'providers' },
    { op: 'spending' },
    { op: 'usage', from: 0, to: 30_000 },
    { op: 'audit' },
    { op: 'exportRaw' },
    { op: 'questions' },
    { op: 'grants' },
    { op: 'decide', question: 1, terms: WISH },
    { op: 'revoke', grant: 'g' },
    { op: 'setLockAfter', minutes: 700 },
    { op: 'addEndpoint', name: 'Mine', base: 'https://evil.example/v1/', like: null },
    {
      op: 'add',
      provider: 'openai',
      label: 'mine',
      secret: new TextEncoder().encode('sk-of-the-attacker-000000'),
      unchecked: true,
    },
    { op: 'setFailover', provider: 'openai', on: true },
    { op: 'chat', call: 1, key: 'k', model: 'm', messages: [{ role: 'user', text: 'hi' }], maxTokens: 1, app: null },
    { op: 'setAppKeyUse', provider: 'openai', use: 'auto' },
    { op: 'appKeyUses' },
    { op: 'receipts' },
    { op: 'server', path: 'v1/account', token: 'the-page-s-own', body: null },
    { op: 'touch' },
    { op: 'keepState' },
    { op: 'repair' },
    { op: 'newRecovery' },
    { op: 'beginLogin', provider: 'openrouter' },
    { op: 'openEnv', file: bytes },
  ]
  const value = fc.oneof(
    fc.constantFrom(
      null,
      undefined,
      true,
      0,
      -1,
      1.5,
      2 ** 53,
      Number.NaN,
      '',
      'null',
      '__proto__',
      APP,
      bytes,
      [],
      {},
    ),
    fc.string({ maxLength: 40 }),
    fc.integer(),
    fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 }),
    fc.object({ maxDepth: 2, maxKeys: 3 }),
  )
  const field = fc.constantFrom(
    'op',
    'id',
    'key',
    'call',
    'origin',
    'role',
    'app',
    'terms',
    'wish',
    'token',
    'url',
    'start',
    '__proto__',
    'constructor',
  )
  const whole = fc.constantFrom(...forbidden, call(3), { op: 'access' }, HELLO)
  const message = fc.oneof(
    whole,
    fc.tuple(whole, field, value).map(([ask, name, given]) => ({ ...ask, [name]: given })),
    fc.tuple(whole, fc.dictionary(field, value, { maxKeys: 3 })).map(([ask, more]) => ({ ...ask, ...more })),
    fc.dictionary(field, value, { maxKeys: 5 }),
    value,
  )
  /** The same each time, but nothing that a page may do to others: a lock. */
  const messages = fc.sample(message, { seed: SEED, numRuns: MESSAGES }).filter((one) => one?.op !== 'lock')

  async function attack(t, weak) {
    const { tab, own, host, sent } = await vault(t, { weak })
    const before = await stateOf(own)
    const page = await host()
    let id = 0
    for (const one of messages) {
      const plain = typeof one === 'object' && one !== null && !Array.isArray(one) && !(one instanceof Uint8Array)
      page.port.postMessage(plain && !('id' in one) ? { ...one, id: (id += 1) } : one)
    }
    await page.ask({ op: 'access' })
    await tick(50)
    // The vault is still there, and answers its own page.
    const [{ id: keyId, hint }] = await tab.keys()
    const accepted = page.all.filter(
      ({ ok, value: given }) => ok && given?.access === undefined && given?.state === undefined,
    )
    const learnt = [SECRET, OTHER_SECRET, LABEL, keyId, hint].filter((secret) => textOf(page.all).includes(secret))
    const changed = JSON.stringify(await stateOf(own)) !== JSON.stringify(before)
    return { accepted: accepted.length, learnt, changed, sent: sent(), answers: page.all }
  }
  const stateOf = async ({ ask }) => {
    const asked = [{ op: 'keys' }, { op: 'providers' }, { op: 'grants' }, { op: 'questions' }, { op: 'exportRaw' }]
    const replies = []
    for (const one of asked) replies.push(textOf((await ask(one)).value))
    return [...replies, textOf((await ask({ op: 'status' })).value)]
  }

  test('none does anything, tells anything, or is answered with anything but a code', async (t) => {
    assert.ok(messages.length > 950, `${messages.length}`)
    const { accepted, learnt, changed, sent, answers } = await attack(t)
    assert.deepEqual({ accepted, learnt, changed, sent }, { accepted: 0, learnt: [], changed: false, sent: [] })
    assert.ok(answers.length >= messages.length, 'each was answered')
    for (const reply of answers.filter(({ ok }) => !ok)) {
      assert.deepEqual(Object.keys(reply.error), ['code'])
      assert.ok(
        ['ERR_BAD_INPUT', 'ERR_NEEDS_USER', 'ERR_TOO_MANY', 'ERR_VERSION'].includes(reply.error.code),
        reply.error.code,
      )
    }
  })

  test('control: where a port has no role, the same messages are obeyed', async (t) => {
    const { accepted, learnt, changed } = await attack(t, await weakened(anyOp))
    assert.ok(accepted > 50, `${accepted} were accepted`)
    assert.ok(learnt.includes(LABEL))
    assert.equal(changed, true)
  })
})

describe('floods', () => {
  const attack = async (t, weak) => {
    const { own, host } = await vault(t, { weak })
    const page = await host()
    const asks = Array.from({ length: 60 }, (_, index) =>
      page.ask({ op: 'requestAccess', call: index + 1, wish: WISH }).then(codeOf),
    )
    await page.ask({ op: 'access' })
    const waiting = (await own.ask({ op: 'questions' })).value.length
    for (let index = 1; index <= 60; index += 1) page.port.postMessage({ op: 'abort', call: index, id: index })
    const codes = await Promise.all(asks)
    return { waiting, refused: codes.filter((one) => one === 'ERR_TOO_MANY').length }
  }
  test('of questions: a handful waits, the rest is refused', async (t) => {
    assert.deepEqual(await attack(t), { waiting: 16, refused: 44 })
  })
  test('control: without the bound all of them wait', async (t) => {
    const weak = await weakened({ 'src/worker/questions.ts': [['MAX_QUESTIONS = 16', 'MAX_QUESTIONS = Infinity']] })
    assert.deepEqual(await attack(t, weak), { waiting: 60, refused: 0 })
  })

  const MANY = 5_000
  const storm = async (t, weak) => {
    const { own, host } = await vault(t, { weak })
    const page = await host()
    const before = page.all.length
    for (let id = 1; id <= MANY; id += 1) page.port.postMessage({ op: 'requestAccess', call: id, wish: WISH, id })
    const began = performance.now()
    assert.equal(codeOf(await own.ask({ op: 'status' })), 'ok')
    const waitedMs = performance.now() - began
    // Messages are answered in turn: what is refused at once has been by then.
    await page.ask({ op: 'abort', call: MANY + 1 })
    const underWay = MANY - page.all.slice(before).filter((reply) => codeOf(reply) === 'ERR_TOO_MANY').length
    return { waitedMs, underWay }
  }
  const ask = 'if (this.#underWay >= MAX_UNDER_WAY)'
  const unbounded = {
    'src/worker/serve.ts': [
      [ask, 'if (false)'],
      ['if (this.#calls.size >= MAX_CALLS)', 'if (false)'],
    ],
    'src/worker/questions.ts': [['if (this.#waiting.size >= MAX_QUESTIONS)', 'if (false)']],
  }
  test('of messages: no more than a few are under way, and the vault answers its own page all the same', async (t) => {
    const { waitedMs, underWay } = await storm(t)
    assert.ok(underWay <= 512, `${underWay} under way`)
    assert.ok(waitedMs < 10_000, `${waitedMs} ms`)
  })
  test('control: without the bounds all of them are', async (t) => {
    const { underWay } = await storm(t, await weakened(unbounded))
    assert.ok(underWay >= MANY - 1, `${underWay} under way`)
  })

  test('of pages of one origin: more than sixteen ports are not served; control: of another origin one is', async (t) => {
    const { admit } = await vault(t)
    for (let count = 0; count < 16; count += 1) assert.ok(await admit())
    assert.equal(await admit(), null)
    assert.ok(await admit('https://other.example'))
  })
})

describe('a start of its own', () => {
  const start = {
    start: true,
    wasmUrl: 'https://evil.example/engine.wasm',
    keepingUrl: 'test:keeping',
    pricesUrl: 'test:prices',
    configUrl: 'https://evil.example/config.json',
  }
  /** On a port that came before anybody had the worker begin, which the vault's frame does not let happen. */
  const attack = async (t, weak) => {
    const { browser } = await vault(t, { weak, state: 'absent' })
    browser.sent.length = 0
    const asked = []
    browser.options.send = async (url) => {
      asked.push(url)
      return new Response('{}')
    }
    browser.workers.forEach((one) => (one.closed = true))
    const { port1, port2 } = new MessageChannel()
    t.after(() => port1.close())
    port1.start()
    browser.worker().admit(port2, { is: 'host', origin: APP })
    const page = numbered(port1)
    page.port.postMessage(start)
    await tick(30)
    return asked
  }
  test('begins no worker with files of somebody else', async (t) => {
    assert.deepEqual(await attack(t), [])
  })
  test('control: where every port may start the worker, they are asked for', async (t) => {
    const weak = await weakened({
      'src/worker/serve.ts': [["if (start !== null && this.#role.is === 'manage')", 'if (start !== null)']],
    })
    assert.ok((await attack(t, weak)).includes(start.wasmUrl))
  })
})

describe('before a grant', () => {
  /** Everything that a page hears, whatever it tries, with the numbers taken off. */
  const trace = async (t, state, weak) => {
    const { own, admit, tab } = await vault(t, { state, weak })
    const page = await admit()
    const heard = []
    const note = (what, { ok, value, error }) => heard.push([what, ok, value, error])
    for (let round = 0; round < 2; round += 1) {
      note('hello', await page.ask(HELLO))
      note('access', await page.ask({ op: 'access' }))
      for (const url of ['https://api.openai.com/v1/models', 'https://nowhere.example/', 'nonsense']) {
        note(url, await page.ask(call(5, url, { method: 'GET', body: null, headers: [] })))
      }
      note('chat', await page.ask(call(6)))
      note('no JSON', await page.ask(call(7, undefined, { body: new TextEncoder().encode('{') })))
      note('keys', await page.ask({ op: 'keys' }))
      const asked = page.ask({ op: 'requestAccess', call: 8, wish: WISH })
      await tick(10)
      page.port.postMessage({ op: 'abort', call: 8, id: 3 })
      note('asked', await asked)
    }
    // What others do is not heard of, either.
    if (state === 'unlocked') await tab.setFailover('openai', true)
    await own.ask({ op: 'status' })
    await tick(20)
    return { heard, events: page.events }
  }
  const STATES = ['absent', 'locked', 'unlocked']

  test('a page hears the same, word for word, of no vault, a locked one and an open one, and no events', async (t) => {
    const [absent, locked, unlocked] = await Promise.all(STATES.map((state) => serial(() => trace(t, state))))
    assert.deepEqual(locked, absent)
    assert.deepEqual(unlocked, absent)
    assert.deepEqual(absent.events, [])
    assert.deepEqual(absent.heard.find(([what]) => what === 'access')[2], { state: 'needs-user' })
  })

  test('control: where refusals keep their own code, or changes are told to all, the states differ', async (t) => {
    const weak = await weakened({
      'src/worker/serve.ts': [
        ["if (this.#role.is === 'host') return void this.#tellHost(event)", ''],
        ["this.#maySay = role.is === 'manage'", 'this.#maySay = true'],
      ],
      'src/worker/access.ts': [
        [
          "if (vault.engine.state() !== 'unlocked') return { state: 'needs-user' }",
          "if (vault.engine.state() !== 'unlocked') throw new Failure('ERR_LOCKED')",
        ],
      ],
    })
    const [absent, , unlocked] = await Promise.all(STATES.map((state) => serial(() => trace(t, state, weak))))
    assert.notDeepEqual(unlocked.heard, absent.heard)
    assert.notDeepEqual(unlocked.events, absent.events)
  })

  // The fake database is one for the process: one world at a time.
  let last = Promise.resolve()
  const serial = (work) => (last = last.then(work))

  const locking = async (t, weak) => {
    const heard = []
    for (const state of STATES) {
      const { host } = await vault(t, { state, weak })
      const page = await host()
      const before = page.all.length
      page.port.postMessage({ op: 'lock', id: 9 })
      await tick(400)
      heard.push(page.all.slice(before))
    }
    return heard
  }
  test('a lock by such a page looks the same in each state', async (t) => {
    const [absent, locked, unlocked] = await locking(t)
    assert.deepEqual(locked, absent)
    assert.deepEqual(unlocked, absent)
  })
  test('control: where only an open vault can be locked, it does not', async (t) => {
    const weak = await weakened({
      'src/worker/answer.ts': [["    case 'lock':\n", "    case 'lock':\n      unlocked(vault)\n"]],
    })
    const [absent, , unlocked] = await locking(t, weak)
    assert.notDeepEqual(unlocked, absent)
  })
})
