// check-all: every key once, one after the other, within what each provider takes in a minute; and it can be stopped.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const { checkAll, summary, KeyholdError } = await bundle(`
  export * from './web/src/page/check-all'
  export { KeyholdError } from './web/src/engine/error'`)

const keys = (spec) => spec.split(' ').map((id) => ({ id, provider: id[0] }))

/** A minute of five checks for each provider, and a clock that moves only when something waits. */
function world({ takesMs = 100, answer = () => ({ ok: true }), saysHowLong = true, stopAfter = Infinity } = {}) {
  let now = 1_000
  const log = []
  const times = new Map()
  let checks = 0
  let underWay = 0
  return {
    log,
    elapsed: () => now - 1_000,
    round: {
      now: () => now,
      stopped: () => checks >= stopAfter,
      async sleep(ms) {
        now += ms
      },
      async check(id) {
        assert.equal(underWay, 0, 'one at a time')
        const recent = (times.get(id[0]) ?? []).filter((at) => now - at < 60_000)
        if (recent.length === 5) {
          const retryAfterS = Math.ceil((recent[0] + 60_000 - now) / 1_000)
          throw new KeyholdError({ code: 'ERR_CHECKED_TOO_OFTEN', ...(saysHowLong ? { retryAfterS } : {}) })
        }
        times.set(id[0], [...recent, now])
        underWay += 1
        checks += 1
        await Promise.resolve()
        now += takesMs
        underWay -= 1
        return answer(id)
      },
      checking: () => {},
      waiting: (key, leftS) => log.push(`${key.id} waits ${leftS}`),
      checked: (key, problem) => log.push(`${key.id} ${problem?.code ?? 'ok'}`),
    },
  }
}

test('each key is checked once, in the order of the list', async () => {
  const { round, log } = world()
  await checkAll(keys('a1 b1 a2 c1'), round)
  assert.deepEqual(log, ['a1 ok', 'b1 ok', 'a2 ok', 'c1 ok'])
})

test('a provider that takes no more lets the others go first, then is waited for, exactly as long as it says', async () => {
  const { round, log, elapsed } = world()
  await checkAll(keys('a1 a2 a3 a4 a5 a6 a7 b1'), round)
  const outcomes = log.filter((line) => !line.includes('waits'))
  assert.deepEqual(outcomes, ['a1 ok', 'a2 ok', 'a3 ok', 'a4 ok', 'a5 ok', 'b1 ok', 'a6 ok', 'a7 ok'])
  assert.equal(
    log.find((line) => line.includes('waits')),
    'a6 waits 60',
  )
  assert.ok(log.includes('a6 waits 1'), 'the time left is said every second')
  assert.ok(elapsed() >= 60_000 && elapsed() < 62_000, `${elapsed()} ms`)
})

test('where it is not said how long, a minute is waited', async () => {
  const { round, elapsed } = world({ saysHowLong: false })
  await checkAll(keys('a1 a2 a3 a4 a5 a6'), round)
  assert.ok(elapsed() >= 60_000 && elapsed() < 62_000, `${elapsed()} ms`)
})

test("what the provider says against a key, and what the vault says, is that key's outcome; the others are checked", async () => {
  const answers = {
    a1: () => ({ ok: false, error: { code: 'ERR_BAD_KEY', status: 401 } }),
    a2: () => {
      throw new KeyholdError('ERR_ENDPOINT_MISMATCH')
    },
    a3: () => ({ ok: false }),
    a4: () => ({ ok: true }),
  }
  const { round, log } = world({ answer: (id) => answers[id]() })
  await checkAll(keys('a1 a2 a3 a4'), round)
  assert.deepEqual(log, ['a1 ERR_BAD_KEY', 'a2 ERR_ENDPOINT_MISMATCH', 'a3 ERR_PROVIDER_REFUSED', 'a4 ok'])
})

test('a vault that locks ends the round', async () => {
  for (const code of ['ERR_LOCKED', 'ERR_WORKER']) {
    const { round, log } = world({
      answer: (id) => {
        if (id === 'a2') throw new KeyholdError(code)
        return { ok: true }
      },
    })
    await assert.rejects(checkAll(keys('a1 a2 a3'), round), (error) => error.code === code)
    assert.deepEqual(log, ['a1 ok'])
  }
})

test('stopped, it checks no further, also while it waits', async () => {
  const { round, log } = world({ stopAfter: 2 })
  await checkAll(keys('a1 a2 a3'), round)
  assert.deepEqual(log, ['a1 ok', 'a2 ok'])
  const waiting = world({ stopAfter: 5 })
  await checkAll(keys('a1 a2 a3 a4 a5 a6'), waiting.round)
  assert.equal(waiting.log.length, 5)
})

test('the sum is said as a person would', () => {
  assert.equal(summary(7, 7, 7), 'All 7 keys work.')
  assert.equal(summary(1, 1, 1), 'The key works.')
  assert.equal(summary(5, 7, 7), '5 of 7 keys work. 2 need a look.')
  assert.equal(summary(1, 2, 2), '1 of 2 keys works. 1 needs a look.')
  assert.equal(summary(0, 1, 1), '0 of 1 key works. 1 needs a look.')
  assert.equal(summary(2, 2, 5), 'All 2 keys work. 3 keys not checked.')
  assert.equal(summary(0, 0, 5), 'Stopped. 5 keys not checked.')
})
