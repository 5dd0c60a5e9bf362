// ten-tabs: many tabs change the same vault at the same time: is every change there in the end, and told once?
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startDemo } from '../../scripts/demo.mjs'
import { openChromium } from './support/chromium.mjs'
import { connect, WORKERS, withTabs } from './support/tabs.mjs'
import { until } from './support/until.mjs'

const TABS = 10
const MUTATIONS = process.env.KEYHOLD_EFFORT === 'full' ? 50 : 10

let demo
let browser

before(async () => {
  demo = await startDemo({ fast: true })
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

describe(`${TABS} tabs make ${MUTATIONS} changes each at the same time, and nothing is lost`, () => {
  for (const [name, { init, prelude }] of Object.entries(WORKERS)) {
    test(name, () =>
      withTabs({ browser, demo, init, prelude }, async (open) => {
        const pages = []
        for (let n = 0; n < TABS; n += 1) {
          pages.push(await open())
          await connect(pages[n], n === 0 ? 'create' : 'unlock')
        }
        const begun = performance.now()
        const done = await Promise.all(pages.map((page, n) => page.evaluate(changeOften, [n, MUTATIONS])))
        const took = performance.now() - begun
        const again = done.reduce((sum, one) => sum + one.again, 0)
        console.log(`${name}: ${(took / TABS / MUTATIONS).toFixed(1)} ms a change, ${again} asked to try again`)

        const expected = done.flatMap(({ own }) => own).toSorted(byId)
        const last = await open()
        const { findings } = await connect(last, 'unlock')
        assert.deepEqual(findings, [])
        for (const page of [...pages, last]) {
          await until(page, async (count) => (await window.engine.keys()).length === count, expected.length)
        }
        const keys = await last.evaluate(() => window.engine.keys())
        assert.deepEqual(keys.map(({ id, label, expiresAt }) => ({ id, label, expiresAt })).toSorted(byId), expected)
        assertAccountedFor(await last.evaluate(() => window.engine.audit()), done, keys)
      }),
    )
  }
})

const byId = (one, other) => (one.id < other.id ? -1 : 1)

/** In the page. @returns its own keys as they must be in the end, how often it did what, and how often it tried again */
async function changeOften([tab, count]) {
  const { engine, keyhold } = window
  const own = []
  const did = {}
  let again = 0
  let random = tab + 1
  const below = (end) => {
    random = (random * 48_271) % 2_147_483_647
    return random % end
  }
  const kept = async (action, change) => {
    for (;;) {
      try {
        const changed = await change()
        did[action] = (did[action] ?? 0) + 1
        return changed
      } catch (error) {
        if (error.code !== 'ERR_STALE') throw error
        again += 1
      }
    }
  }
  for (let n = 0; n < count; n += 1) {
    const label = `tab ${tab} change ${n}`
    const one = own[below(Math.max(own.length, 1))]
    // The first is what this tab makes the default, and stays.
    const what = own.length < 2 ? 'add' : ['add', 'add', 'label', 'expires', 'default', 'delete'][below(6)]
    if (what === 'add') {
      const added = await kept('key-add', () => {
        const secret = keyhold.keyBytes(`secret-of-tab-${tab}-change-${n}`)
        return engine.add({ provider: 'demo', label, secret, unchecked: true })
      })
      own.push({ id: added.key.id, label, expiresAt: null })
    } else if (what === 'label') {
      await kept('key-label', () => engine.setLabel(one.id, label))
      one.label = label
    } else if (what === 'expires') {
      const at = 1_900_000_000_000 + tab * 1_000 + n
      await kept('key-expires', () => engine.setExpiry(one.id, at))
      one.expiresAt = at
    } else if (what === 'default') {
      await kept('key-default', () => engine.setDefault(own[0].id))
    } else {
      const [gone] = own.splice(1 + below(own.length - 1), 1)
      await kept('key-delete', () => engine.delete(gone.id))
    }
  }
  return { own, did, again }
}

/** The activity tells of each change once, and in which order they took place. */
function assertAccountedFor({ entries, firstSeq, verified }, done, keys) {
  assert.deepEqual(verified, { ok: true })
  assert.equal(firstSeq, 1)
  const told = (action) => entries.filter((entry) => entry.action === action)
  for (const action of ['key-add', 'key-label', 'key-expires', 'key-default', 'key-delete']) {
    const made = done.reduce((sum, { did }) => sum + (did[action] ?? 0), 0)
    assert.equal(told(action).length, made, action)
  }
  const changes = entries.filter(({ action }) => action.startsWith('key-'))
  assert.equal(changes.length, TABS * MUTATIONS)
  const tabs = changes.map(({ label }) => label.split(' ')[1])
  const turns = tabs.filter((tab, n) => tab !== tabs[n - 1]).length
  assert.ok(turns > 2 * TABS, `the tabs took ${turns} turns: they did not work at the same time`)
  console.log(`${changes.length} changes in ${turns} turns of the tabs`)
  const chosen = told('key-default').at(-1)?.subject
  if (chosen) assert.equal(keys.find(({ isDefault }) => isDefault).id, chosen)
}
