// usage: what calls cost and used, from a provider's answer to the rows on disk and back: with engine.wasm, its worker and
// a database; alone, in several tabs, across locks.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'

const WORDS = 'violet tractor hums quietly at noon'
const SECRET = 'sk-proj-Zq3v7Xw9LmN2pRt5YbC8'
const CHAT = 'https://api.openai.com/v1/chat/completions'
/** In the price list at 0.15 and 0.6 dollars for a million tokens. */
const MODEL = 'gpt-4o-mini'

const event = (value) => `data: ${JSON.stringify(value)}\n\n`
const delta = (text, model = MODEL) => event({ model, choices: [{ index: 0, delta: { content: text } }] })
const reported = event({ choices: [], usage: { prompt_tokens: 1000, completion_tokens: 500 } })
const COST = 1000 * 0.15 + 500 * 0.6
const done = 'data: [DONE]\n\n'

/** OpenAI, played here. `held`: answers begin and then wait for release(). */
function provider({ held = false } = {}) {
  const played = { calls: 0, waiting: [], model: MODEL }
  played.release = () => played.waiting.splice(0).forEach((go) => go())
  played.send = async (url, { body, signal }) => {
    assert.equal(String(url), CHAT)
    played.calls += 1
    const asked = JSON.parse(new TextDecoder().decode(body))
    const stream = new ReadableStream({
      async start(controller) {
        const write = (text) => controller.enqueue(new TextEncoder().encode(text))
        signal.addEventListener('abort', () => controller.error(signal.reason))
        write(delta('Hello, this is an answer of forty bytes.', asked.model))
        if (held) await new Promise((go) => played.waiting.push(go))
        if (signal.aborted) return
        write(reported + done)
        controller.close()
      },
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }
  return played
}

async function vault(t, options = {}) {
  const browser = new Browser({ real: true, ...options })
  t.after(() => browser.close())
  const tab = await browser.open()
  await tab.create(passphrase(WORDS))
  const { key: stored } = await tab.add({ provider: 'openai', label: 'mine', secret: key(SECRET), unchecked: true })
  return { browser, tab, id: stored.id }
}

async function chat(tab, id, { model = MODEL, signal, maxTokens = 100 } = {}) {
  let summary = null
  for await (const part of tab.chat({ key: id, model, messages: [{ role: 'user', text: 'hi' }], maxTokens, signal })) {
    if (part.type === 'end') summary = part.summary
  }
  return summary
}

const body = JSON.stringify({
  model: MODEL,
  stream: true,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
})
const init = { method: 'POST', body, headers: { 'content-type': 'application/json' } }

const COLUMNS = 'key provider model app source figures requests unpriced input cached output reasoning cost'.split(' ')
/** All entries of all days, by name. */
async function entries(tab) {
  const { days } = await tab.usage(0, Date.now() + 86_400_000)
  return days.flatMap(({ entries: rows }) =>
    rows.map((row) => Object.fromEntries(COLUMNS.map((name, i) => [name, row[i]]))),
  )
}
const sum = (all, what) => all.reduce((total, entry) => total + entry[what], 0)
const failsWith = (code) => (error) => error.code === code

test('a chat says what it cost, by which price list; the usage has it', async (t) => {
  const { send } = provider()
  const { tab, id } = await vault(t, { send })
  const { usage, figures, costMicroUsd, pricesMade, source } = await chat(tab, id)
  assert.deepEqual([usage, figures, costMicroUsd, source], [{ input: 1000, output: 500 }, 'reported', COST, 'user'])
  assert.match(pricesMade, /^20\d\d-\d\d-\d\d$/)
  await chat(tab, id)
  const [entry, ...more] = await entries(tab)
  assert.deepEqual(more, [])
  assert.deepEqual(entry, {
    ...{ key: id, provider: 'openai', model: MODEL, app: '', source: 'user', figures: 'reported' },
    ...{ requests: 2, unpriced: 0, input: 2000, cached: 0, output: 1000, reasoning: 0, cost: 2 * COST },
  })
  assert.equal((await tab.usage(0, Date.now())).pricesMade, pricesMade)
})

test('an answer through fetch declares who paid, and is counted like any other', async (t) => {
  const { send } = provider()
  const { tab } = await vault(t, { send })
  const response = await tab.fetch(CHAT, init)
  assert.equal(response.headers.get('keyhold-source'), 'user')
  await response.text()
  await tick()
  assert.equal(sum(await entries(tab), 'cost'), COST)
})

test('the price list is fetched with the first call that costs something, once; without it the cost is not known', async (t) => {
  const { send } = provider()
  let prices = 0
  let there = false
  const { tab, id, browser } = await vault(t, { send, prices: () => ((prices += 1), there) })
  assert.equal(prices, 0)
  assert.equal((await chat(tab, id)).costMicroUsd, null)
  assert.equal((await tab.usage(0, Date.now())).pricesMade, null)
  there = true
  assert.equal((await chat(tab, id)).costMicroUsd, COST)
  const asked = prices
  await chat(tab, id)
  await tab.check(id).catch(() => {})
  assert.equal(prices, asked)
  const [entry] = await entries(tab)
  assert.deepEqual([entry.requests, entry.unpriced, entry.cost], [3, 1, 2 * COST])
  assert.ok(browser.sent.length > 0)
})

test('a model that is in no list has no cost: counted apart, never as 0', async (t) => {
  const { send } = provider()
  const { tab, id } = await vault(t, { send })
  assert.equal((await chat(tab, id, { model: 'never-heard-of' })).costMicroUsd, null)
  const [entry] = await entries(tab)
  assert.deepEqual([entry.model, entry.figures, entry.requests, entry.unpriced], ['never-heard-of', 'reported', 1, 1])
})

test('an answer that is left, or cut off by a lock, is booked as an estimate from what came', async (t) => {
  const played = provider({ held: true })
  const { tab, id } = await vault(t, { send: played.send })
  const asking = tab.chat({ key: id, model: MODEL, messages: [{ role: 'user', text: 'x'.repeat(400) }] })
  for await (const part of asking) if (part.type === 'text') break
  await tick(20)
  const [left] = await entries(tab)
  // 400 bytes asked and 40 answered, at four for a token.
  assert.deepEqual([left.figures, left.input, left.output, left.cost], ['estimated', 100, 10, 100 * 0.15 + 10 * 0.6])

  const answer = chat(tab, id).catch((error) => error.code)
  while (played.waiting.length < 2) await tick(1)
  await tick(5)
  await tab.lock()
  assert.equal(await answer, 'ERR_LOCKED')
  await assert.rejects(tab.usage(0, Date.now()), failsWith('ERR_LOCKED'))
  await tab.unlock(passphrase(WORDS))
  const [both] = await entries(tab)
  assert.deepEqual([both.figures, both.requests, both.output], ['estimated', 2, 20])
  await tab.lock()
  await tab.unlock(passphrase(WORDS))
  assert.equal(sum(await entries(tab), 'requests'), 2, 'what was late is taken up once')
})

test('what nobody answered, and what was refused, costs nothing', async (t) => {
  let answer = () =>
    new Response('{"error":{"message":"no"}}', { status: 401, headers: { 'content-type': 'application/json' } })
  const { tab, id } = await vault(t, { send: async () => answer() })
  await assert.rejects(chat(tab, id), failsWith('ERR_BAD_KEY'))
  answer = () => Promise.reject(new TypeError('Failed to fetch'))
  await assert.rejects(chat(tab, id))
  assert.deepEqual(await entries(tab), [])
})

for (const shared of [true, false]) {
  const how = shared ? 'one worker' : 'a worker each'

  test(`${how}: tabs that use a key at the same time lose nothing of each other's`, async (t) => {
    const { send } = provider()
    const { tab, id, browser } = await vault(t, { send, shared })
    const tabs = [tab]
    while (tabs.length < 5) {
      const next = await browser.open()
      if (next.hello.status.state !== 'unlocked') await next.unlock(passphrase(WORDS))
      tabs.push(next)
    }
    await Promise.all(
      tabs.map(async (one) => {
        for (let i = 0; i < 4; i += 1) await chat(one, id)
      }),
    )
    // Each worker writes within a second.
    for (const one of tabs) await one.usage(0, Date.now())
    const all = await entries(tabs.at(-1))
    assert.deepEqual([sum(all, 'requests'), sum(all, 'cost')], [20, 20 * COST])
    assert.equal(all.length, 1)
  })

  test(`${how}: ten tabs race for the five calls that a cap has room for: exactly five are made`, async (t) => {
    const played = provider({ held: true })
    const { tab, id, browser } = await vault(t, { send: played.send, shared })
    await tab.setCaps(id, { dayMicroUsd: 0, monthMicroUsd: null })
    const refused = await tab.fetch(CHAT, init)
    assert.equal(refused.status, 402)
    assert.equal(refused.headers.get('content-type'), 'application/problem+json')
    const problem = await refused.json()
    assert.deepEqual([problem.code, problem.cap.period, problem.cap.capMicroUsd], ['ERR_CAP_REACHED', 'day', 0])
    assert.ok(problem.cap.resetsAt > Date.now() && problem.cap.resetsAt % 86_400_000 === 0)
    const needed = problem.cap.neededMicroUsd
    assert.ok(needed > 100 * 0.6, `${needed}`)
    await tab.setCaps(id, { dayMicroUsd: null, monthMicroUsd: 5 * needed })

    const tabs = [tab]
    while (tabs.length < 10) {
      const next = await browser.open()
      if (next.hello.status.state !== 'unlocked') await next.unlock(passphrase(WORDS))
      tabs.push(next)
    }
    const answers = tabs.map((one) => one.fetch(CHAT, init))
    const heads = await Promise.all(answers)
    assert.deepEqual(heads.map(({ status }) => status).sort(), [...Array(5).fill(200), ...Array(5).fill(402)])
    assert.equal(played.calls, 5)
    const said = await Promise.all(heads.filter(({ status }) => status === 402).map((one) => one.json()))
    for (const { cap } of said)
      assert.deepEqual([cap.period, cap.spentMicroUsd, cap.heldMicroUsd], ['month', 0, 5 * needed])
    const [spending] = await tab.spending()
    assert.deepEqual(spending, { key: id, dayMicroUsd: 0, monthMicroUsd: 0, heldMicroUsd: 5 * needed })

    played.release()
    await Promise.all(heads.filter(({ status }) => status === 200).map((one) => one.text()))
    for (const one of tabs) await one.usage(0, Date.now())
    const [after] = await tab.spending()
    assert.deepEqual([after.monthMicroUsd, after.heldMicroUsd], [5 * COST, 0])
  })
}

test('under a cap, what has no bound is refused; without one it is made', async (t) => {
  const played = provider()
  const { tab, id } = await vault(t, { send: played.send })
  const open = { ...init, body: JSON.stringify({ model: MODEL, messages: [] }) }
  await tab.setCaps(id, { dayMicroUsd: 1_000_000, monthMicroUsd: null })
  assert.deepEqual((await tab.keys())[0].caps, { dayMicroUsd: 1_000_000, monthMicroUsd: null })
  const refused = await tab.fetch(CHAT, open)
  assert.deepEqual([refused.status, (await refused.json()).code], [402, 'ERR_CAP_UNBOUNDED'])
  await assert.rejects(chat(tab, id, { model: 'never-heard-of' }), failsWith('ERR_CAP_UNBOUNDED'))
  assert.equal(played.calls, 0)
  assert.equal((await chat(tab, id)).costMicroUsd, COST)
  await tab.setCaps(id, { dayMicroUsd: null, monthMicroUsd: null })
  assert.equal((await tab.fetch(CHAT, open)).status, 200)
  assert.deepEqual(await tab.spending(), [])
})

test('a call that ends gives back at once what it did not need', async (t) => {
  const { send } = provider()
  const { tab, id } = await vault(t, { send })
  await tab.setCaps(id, { dayMicroUsd: 2_800, monthMicroUsd: null })
  // Each could cost some 250 at the most and costs 450: six fit one after the other, with nothing written in between.
  let made = 0
  while (
    await chat(tab, id).then(
      () => true,
      (error) => (assert.equal(error.code, 'ERR_CAP_REACHED'), false),
    )
  )
    made += 1
  assert.equal(made, 6)
  const [{ dayMicroUsd, heldMicroUsd }] = await tab.spending()
  assert.deepEqual([dayMicroUsd, heldMicroUsd], [6 * COST, 0])
})

test('a hold that nobody renews ends by itself, and one whose call goes on is renewed', async (t) => {
  const played = provider({ held: true })
  const { tab, id, browser } = await vault(t, { send: played.send, shared: false })
  await tab.setCaps(id, { dayMicroUsd: 300, monthMicroUsd: null })
  const head = await tab.fetch(CHAT, init)
  assert.equal(head.status, 200)
  const other = await browser.open()
  await other.unlock(passphrase(WORDS))
  await other.setLockAfter(720)
  assert.equal((await other.fetch(CHAT, init)).status, 402)
  // The first tab is gone without a word: its worker ends in the middle of the call.
  browser.workers[0].closed = true
  const { now } = Date
  t.after(() => (Date.now = now))
  Date.now = () => now() + 14.9 * 60_000
  assert.equal((await other.fetch(CHAT, init)).status, 402)
  Date.now = () => now() + 15.1 * 60_000
  const again = await other.fetch(CHAT, init)
  assert.equal(again.status, 200)
  played.release()
  await again.text()
})

test('usage is in the raw export, and gone with the vault', async (t) => {
  const { send } = provider()
  const { tab, id } = await vault(t, { send })
  await chat(tab, id)
  await tab.usage(0, Date.now())
  const raw = Buffer.from(await tab.exportRaw())
  assert.ok(raw.includes('usage/0'))
  assert.ok(raw.includes(`spend/${id}`))
  assert.ok(!raw.includes(MODEL))
  await chat(tab, id)
  await tab.wipe('delete')
  await tick(400)
  assert.deepEqual(await new keyhold.Storage().readAllUsage(), [])
})

test('asked for a few days, only those are read', async (t) => {
  const { send } = provider()
  const { tab, id } = await vault(t, { send })
  await chat(tab, id)
  const now = Date.now()
  const DAY = 86_400_000
  const requests = async (from, to) => (await tab.usage(from, to)).days.length
  assert.equal(await requests(now, now), 1)
  assert.equal(await requests(now - 3 * DAY, now - DAY), 0)
  assert.equal(await requests(now + DAY, now + 2 * DAY), 0)
  await assert.rejects(tab.ask({ op: 'usage', from: 0, to: 1_000_000 }), failsWith('ERR_BAD_INPUT'))
})

test('a new root key keeps all usage, what another worker books meanwhile too; and that one writes no more', async (t) => {
  const { send } = provider()
  const { tab, id, browser } = await vault(t, { send, shared: false })
  await tab.setCaps(id, { dayMicroUsd: 1_000_000, monthMicroUsd: null })
  await chat(tab, id)
  await tab.usage(0, Date.now())
  const other = await browser.open()
  await other.unlock(passphrase(WORDS))

  const { readAllUsage } = keyhold.Storage.prototype
  t.after(() => (keyhold.Storage.prototype.readAllUsage = readAllUsage))
  let reads = 0
  keyhold.Storage.prototype.readAllUsage = async function () {
    const rows = await readAllUsage.call(this)
    reads += 1
    if (reads > 1) return rows
    await chat(other, id)
    await other.usage(0, Date.now())
    return rows
  }
  const code = new TextDecoder().decode(await tab.newRecovery())
  const typed = new TextEncoder().encode(code.replaceAll('-', '').slice(-8))
  await tab.rotateRoot(passphrase(WORDS), typed, [])
  assert.equal(reads, 2, 'planned anew, from what the other booked')
  keyhold.Storage.prototype.readAllUsage = readAllUsage

  const [entry] = await entries(tab)
  assert.deepEqual([entry.requests, entry.cost], [2, 2 * COST])
  assert.equal((await tab.spending())[0].dayMicroUsd, 2 * COST)
  await tick(100)
  assert.equal((await other.status()).state, 'locked')
  await chat(tab, id)
  await tick(20)
  const { days, unreadable } = await tab.usage(0, Date.now())
  assert.deepEqual([days.length, unreadable], [1, 0])
  assert.equal((await tab.spending())[0].dayMicroUsd, 3 * COST)
})
