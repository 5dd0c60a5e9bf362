// until: waits for what only a promise can tell. Playwright's waitForFunction takes the promise itself for a yes.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** @param {Function} predicate runs in the page; may be async */
export async function until(page, predicate, arg, withinMs = 20_000) {
  for (const end = Date.now() + withinMs; !(await page.evaluate(predicate, arg)); await sleep(50)) {
    assert.ok(Date.now() < end, `not within ${withinMs} ms: ${predicate}`)
  }
}
