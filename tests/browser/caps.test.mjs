// caps: ten tabs race for the five calls that a key's cap has room for, whether they share a worker or have one each; and
// what becomes of what was put aside for a call whose tab is closed in the middle of it.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openChromium } from './support/chromium.mjs'
import { allowReading, ANSWERED, startProviders } from './support/providers.mjs'
import { connect, OWN_WORKERS, WORKERS, withTabs } from './support/tabs.mjs'
import { CLOCK } from './support/worker-faults.mjs'

const TABS = 10
const SLOTS = 5
const MINUTE = 60_000
/** In the price list. */
const MODEL = 'gpt-4o-mini'
const URL = 'https://api.openai.com/v1/chat/completions'
const BODY = JSON.stringify({
  model: MODEL,
  max_tokens: 100,
  stream: true,
  messages: [{ role: 'user', content: 'hi' }],
})
const COST = 1000 * 0.15 + 500 * 0.6

let providers
let browser
/** Answers that have begun and wait to go on. */
const waiting = []

before(async () => {
  providers = await startProviders(({ method, url }, outgoing) => {
    if (method !== 'POST' || !url.endsWith('/chat/completions')) return null
    allowReading(outgoing)
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.write(event({ model: MODEL, choices: [{ index: 0, delta: { content: 'Wait.' } }] }))
    waiting.push(() => {
      outgoing.write(event({ choices: [], usage: { prompt_tokens: 1000, completion_tokens: 500 } }))
      outgoing.end('data: [DONE]\n\n')
    })
    return ANSWERED
  })
  const toProviders = `--host-resolver-rules=MAP * 127.0.0.1:${providers.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`
  browser = await openChromium({ args: [toProviders, '--ignore-certificate-errors'] })
})
after(async () => {
  await browser?.close()
  await providers?.stop()
})

/** Nobody asks it. */
const demo = { base: 'http://127.0.0.1:9/v1/', key: 'none' }
const onSite = (how, use) => withTabs({ browser, demo, ...how }, use)
const event = (value) => `data: ${JSON.stringify(value)}\n\n`
const calls = () =>
  providers.requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/completions')).length

describe(`${TABS} tabs race for ${SLOTS} calls, and exactly ${SLOTS} are made`, () => {
  for (const [name, { init, prelude }] of Object.entries(WORKERS)) {
    test(name, () =>
      onSite({ init, prelude }, async (open) => {
        const pages = await tabsOf(open, TABS)
        const needed = await capped(pages[0], SLOTS)
        const before = calls()
        const outcomes = await Promise.all(pages.map((page) => page.evaluate(ask, [URL, BODY])))
        const statuses = outcomes.map(({ status }) => status)
        assert.equal(statuses.filter((status) => status === 200).length, SLOTS, statuses.join())
        for (const { status, problem } of outcomes.filter(({ status }) => status !== 200)) {
          assert.deepEqual([status, problem.code, problem.cap.period], [402, 'ERR_CAP_REACHED', 'day'])
          assert.equal(problem.cap.heldMicroUsd, SLOTS * needed)
        }
        assert.equal(calls() - before, SLOTS, 'the provider saw as many')

        for (const go of waiting.splice(0)) go()
        await Promise.all(pages.map((page) => page.evaluate(() => window.answer)))
        await pages[0].waitForFunction(async (cost) => {
          const [{ dayMicroUsd, heldMicroUsd }] = await window.engine.spending()
          return dayMicroUsd === cost && heldMicroUsd === 0
        }, SLOTS * COST)
      }),
    )
  }
})

describe('a tab is closed in the middle of a call', () => {
  test('with a worker each: what was put aside for it is free when its time is over, and not before', () =>
    onSite({ init: OWN_WORKERS, prelude: CLOCK }, async (open) => {
      const [first, other] = await tabsOf(open, 2)
      const needed = await capped(first, 1)
      assert.equal((await first.evaluate(ask, [URL, BODY])).status, 200)
      await first.close()
      const [spending] = await other.evaluate(() => window.engine.spending())
      assert.equal(spending.heldMicroUsd, needed)
      for (const [minutes, status] of [
        [0, 402],
        [14, 402],
        [16, 200],
      ]) {
        await other.evaluate(moveClock, minutes * MINUTE)
        assert.equal((await other.evaluate(ask, [URL, BODY])).status, status, `after ${minutes} minutes`)
      }
      for (const go of waiting.splice(0)) go()
    }))

  test('with one worker for all: what came of it is counted at once, and the rest is free', () =>
    onSite({}, async (open) => {
      const [first, other] = await tabsOf(open, 2)
      const needed = await capped(first, 1)
      assert.equal((await first.evaluate(ask, [URL, BODY])).status, 200)
      await first.close()
      const { dayMicroUsd } = await other.evaluate(async () => {
        for (;;) {
          const [spending] = await window.engine.spending()
          if (spending.heldMicroUsd === 0) return spending
          await new Promise((done) => setTimeout(done, 20))
        }
      })
      assert.ok(dayMicroUsd > 0 && dayMicroUsd < needed, `${dayMicroUsd} of ${needed}`)
      waiting.splice(0)
    }))
})

/** In the page. */
async function moveClock(wall) {
  const channel = new BroadcastChannel('test-clock')
  const moved = new Promise((resolve) => channel.addEventListener('message', resolve, { once: true }))
  channel.postMessage({ wall, mono: 0 })
  await moved
  channel.close()
}

/** Pages with an open vault that has one key. */
async function tabsOf(open, count) {
  const pages = []
  for (let n = 0; n < count; n += 1) {
    pages.push(await open())
    await connect(pages[n], n === 0 ? 'create' : 'unlock')
    if (n > 0) continue
    await pages[0].evaluate(async () => {
      const { engine, keyhold } = window
      const secret = keyhold.keyBytes('sk-proj-abcdefghijklmnopqrstuvwxyz0123')
      window.key = (await engine.add({ provider: 'openai', label: 'Mine', secret, unchecked: true })).key.id
      await engine.setLockAfter(720)
    })
  }
  return pages
}

/** Sets a cap with room for so many calls. @returns what one could cost at the most */
async function capped(page, slots) {
  return page.evaluate(
    async ([url, body, slots]) => {
      const { engine, key } = window
      await engine.setCaps(key, { dayMicroUsd: 0, monthMicroUsd: null })
      const headers = { 'content-type': 'application/json' }
      const refused = await engine.fetch(url, { method: 'POST', headers, body })
      const { cap } = await refused.json()
      await engine.setCaps(key, { dayMicroUsd: slots * cap.neededMicroUsd, monthMicroUsd: null })
      return cap.neededMicroUsd
    },
    [URL, BODY, slots],
  )
}

/** In the page: resolves with the head; the answer is read behind it. */
async function ask([url, body]) {
  const headers = { 'content-type': 'application/json' }
  const response = await window.engine.fetch(url, { method: 'POST', headers, body })
  if (response.status !== 200) return { status: response.status, problem: await response.json() }
  window.answer = response.text()
  return { status: 200, source: response.headers.get('keyhold-source') }
}
