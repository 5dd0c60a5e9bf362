// split: what of the engine is in which file. A visit does without keeping.wasm until it keeps; what is missing is loaded
// when it is asked for, and never run before that.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { after, test } from 'node:test'
import { startEngine, startEngineAlone } from '../support/engine.mjs'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'
import { provider } from './support/provider.mjs'

const SECRET = 'sk-live-Zq3v7Xw9LmN2pRt5YbC8'
const wasm = new URL('../../wasm/', import.meta.url)
const failsWith = (code) => (error) => error.code === code
const missing = (error) => error instanceof WebAssembly.RuntimeError && error.message === 'keeping.wasm is not loaded'

/** Every operation of the engine: its name in TypeScript, by its name in C++. */
const operations = new Map(
  readdirSync(new URL('bindings/', wasm))
    .filter((name) => name.endsWith('_ops.cpp') && name !== 'call_ops.cpp')
    .map((name) => readFileSync(new URL(`bindings/${name}`, wasm), 'utf8'))
    .flatMap((text) => [...text.matchAll(/\{"(\w+)", (\w+)\}/g)].map(([, name, inCpp]) => [inCpp, name])),
)
const listed = readFileSync(new URL('split/keeping-ops.txt', wasm), 'utf8').trim().split('\n')
const moved = listed.filter((name) => !name.startsWith('call.'))
/** Of a call, not of the engine. */
const movedOfCalls = listed
  .filter((name) => name.startsWith('call.'))
  .map((name) => name.slice('call.'.length).replace(/_(\w)/g, (_, letter) => letter.toUpperCase()))

/** What running into an operation with nothing to go by throws, if anything: in an instance of its own. */
async function thrownBy(start, operation) {
  const engine = new (await start()).Engine()
  try {
    engine[operations.get(operation)]()
  } catch (error) {
    return error
  }
}

test('the operations of keeping.wasm are not there before it is, and are then', async () => {
  assert.ok(moved.length > 20, 'positive control')
  for (const operation of moved) {
    assert.ok(operations.has(operation), operation)
    assert.ok(missing(await thrownBy(startEngineAlone, operation)), operation)
    assert.ok(!missing(await thrownBy(startEngine, operation)), operation)
  }
})

test('so it is with what a call has there', async (t) => {
  assert.deepEqual(movedOfCalls, ['models', 'problem', 'takeEvents'])
  let engine
  const startEngine = async (binary) => {
    const module = await keyhold.startEngine(binary)
    const { Engine } = module
    module.Engine = function () {
      return (engine = new Engine())
    }
    return module
  }
  const browser = new Browser({ real: true, config: site, startEngine })
  t.after(() => browser.close())
  const call = () => keyhold.take(engine.fetch(`${server.base}v1/models`, 'GET', [], null, '', null, Date.now(), false))
  let tab = await browser.open()
  await tab.create(passphrase())
  await tab.add({ provider: 'stand-in', label: 'mine', secret: key(SECRET), unchecked: true })
  const thrown = (operation) => {
    const one = call()
    try {
      one[operation]()
    } catch (error) {
      return error
    } finally {
      one.delete()
    }
  }
  for (const operation of movedOfCalls) assert.ok(!missing(thrown(operation)), operation)
  await tab.lock()
  tab = await browser.open()
  await tab.unlock(passphrase())
  for (const operation of movedOfCalls) assert.ok(missing(thrown(operation)), operation)
  for (const operation of ['movesOn', 'wantsToken', 'summary']) assert.ok(!missing(thrown(operation)), operation)
})

test('all others are there from the start', async () => {
  const others = [...operations.keys()].filter((operation) => !moved.includes(operation))
  assert.ok(others.length > 20, 'positive control')
  for (const operation of others) assert.ok(!missing(await thrownBy(startEngineAlone, operation)), operation)
})

const usage = { prompt_tokens: 5, completion_tokens: 2 }
const chunk = { model: 'm-1', choices: [{ index: 0, delta: { content: 'Hello' } }], usage }
const server = await provider(({ url, headers }, response) => {
  const json = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (headers.authorization !== `Bearer ${SECRET}`)
    return json(401, { error: { message: 'Incorrect API key provided' } })
  if (url.endsWith('/models')) return json(200, { object: 'list', data: [{ id: 'm-1' }] })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  return response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`)
})
after(() => server.close())
const site = { providers: [{ id: 'stand-in', name: 'Stand-in', base: `${server.base}v1/` }] }

/** The same through fetch, which needs nothing of keeping.wasm. */
async function posted(tab) {
  const body = JSON.stringify({ model: 'm-1', stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  const headers = { 'content-type': 'application/json' }
  const answer = await tab.fetch(`${server.base}v1/chat/completions`, { method: 'POST', headers, body })
  return answer.text()
}

async function chat(tab, id) {
  let text = ''
  const messages = [{ role: 'user', text: 'hi' }]
  for await (const part of tab.chat({ key: id, model: 'm-1', messages })) if (part.type === 'text') text += part.text
  return text
}

test('no vault is made without keeping.wasm, and one is as soon as it can be had', async (t) => {
  const browser = new Browser({ real: true, config: site, keeping: () => new Response('', { status: 404 }) })
  t.after(() => browser.close())
  const tab = await browser.open()
  await assert.rejects(tab.create(passphrase()), failsWith('ERR_WORKER'))
  assert.equal((await tab.status()).state, 'absent')
  browser.options.keeping = undefined
  assert.equal((await tab.create(passphrase())).state, 'unlocked')
})

test('a visit that opens a vault and calls with its keys never asks for keeping.wasm', async (t) => {
  const browser = new Browser({ real: true, config: site })
  t.after(() => browser.close())
  let tab = await browser.open()
  await tab.create(passphrase())
  const { key: stored } = await tab.add({ provider: 'stand-in', label: 'mine', secret: key(SECRET) })
  assert.equal(browser.keepingLoads, 1)
  await tab.lock()

  // The next visit: the vault is there, with a copy beside it.
  browser.options.keeping = () => new Response('', { status: 404 })
  tab = await browser.open()
  assert.equal((await tab.status()).state, 'locked')
  await assert.rejects(tab.unlock(passphrase('another one')), failsWith('ERR_CANNOT_UNLOCK'))
  assert.deepEqual((await tab.unlock(passphrase())).findings, [])
  assert.equal((await tab.keys()).length, 1)
  assert.equal(
    (await tab.providers()).some(({ id }) => id === 'stand-in'),
    true,
  )
  assert.equal(browser.keepingLoads, 1)

  // Asked for with the first call, which does without it: then nobody knows what it costs, and to book it can wait.
  assert.match(await posted(tab), /Hello/)
  await tick(50)
  assert.ok(browser.keepingLoads > 1)

  // Out of reach, it costs the operation and nothing else.
  await assert.rejects(tab.setLabel(stored.id, 'ours'), failsWith('ERR_WORKER'))
  await assert.rejects(tab.check(stored.id), failsWith('ERR_WORKER'))
  await assert.rejects(tab.models(stored.id), failsWith('ERR_WORKER'))
  await assert.rejects(chat(tab, stored.id), failsWith('ERR_WORKER'))
  await assert.rejects(
    tab.add({ provider: 'stand-in', label: 'other', secret: key(SECRET), unchecked: true }),
    failsWith('ERR_WORKER'),
  )
  await assert.rejects(tab.audit(), failsWith('ERR_WORKER'))
  await assert.rejects(tab.usage(0, Date.now()), failsWith('ERR_WORKER'))
  assert.equal((await tab.keys())[0].label, 'mine')
  assert.match(await posted(tab), /Hello/)
  browser.options.keeping = () => new Response('not a module')
  await assert.rejects(tab.setLabel(stored.id, 'ours'), failsWith('ERR_WORKER'))

  // There again, it is loaded once.
  browser.options.keeping = undefined
  const loads = browser.keepingLoads
  assert.equal((await tab.setLabel(stored.id, 'ours')).label, 'ours')
  assert.ok((await tab.audit()).entries.length > 0)
  const { days } = await tab.usage(0, Date.now())
  assert.equal(
    days.flatMap(({ entries }) => entries).reduce((sum, row) => sum + row[6], 0),
    2,
    'calls waited for it',
  )
  assert.deepEqual(await tab.models(stored.id), ['m-1'])
  assert.equal(await chat(tab, stored.id), 'Hello')
  assert.equal(browser.keepingLoads, loads + 1)
  const [{ module }] = browser.workers.filter(({ closed }) => !closed)
  await tab.lock()
  assert.ok(module.HEAPU8.every((byte) => byte === 0))
})
