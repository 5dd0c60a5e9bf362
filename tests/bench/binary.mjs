// binary: 100 MB that are no text, read through the vault worker and by a page itself; and how much of them page and worker
// hold at once, for a reader that keeps up and for one that does not.
import { randomBytes } from 'node:crypto'
import { heapUses } from '../browser/support/heap-snapshot.mjs'
import { onStage, readAnswer, writeAll } from './stage.mjs'
import { interleaved } from './timing.mjs'

const MB = 1_000_000
const PIECE = randomBytes(64 * 1024)
const ROUNDS = 7
/** After each piece that it reads. */
const SLOW_MS = 10

/** @param {keyof import('./stage.mjs').DOORS} door */
export function measureBinary(door) {
  const by = door === 'page' ? '' : `, through the ${door}`
  return onStage(
    async ({ browser, vault, direct, provider, url }) => {
      provider.type = 'audio/mpeg'
      const pieces = (megabytes) => Array.from({ length: Math.ceil((megabytes * MB) / PIECE.length) }, () => PIECE)
      let expected = 0
      const send = (megabytes) => {
        const parts = pieces(megabytes)
        expected = parts.length * PIECE.length
        provider.answer = (response) => writeAll(response, parts)
      }
      const read = async (page, pauseMs = 0) => {
        const { ms, bytes } = await page.evaluate(readAnswer, { url: url('audio/speech'), pauseMs })
        if (bytes !== expected) throw new Error(`${bytes} bytes of ${expected} arrived`)
        return ms
      }

      send(100)
      const reader = (page) => async () => {
        await page.bringToFront()
        return read(page)
      }
      const [ours, theirs] = await interleaved([reader(vault), reader(direct)], ROUNDS)
      const figures = [
        { name: `100 MB of binary / direct fetch${by}`, value: ours / theirs, unit: 'x' },
        { name: `100 MB of binary through the worker${by}`, value: ours, unit: 'ms' },
      ]

      // What is held is the same whoever reads.
      if (door !== 'page') return figures
      await vault.bringToFront()
      const fast = await held(browser, vault, () => read(vault))
      // The provider could be done long before this reader is.
      send(20)
      const slow = await held(browser, vault, () => read(vault, SLOW_MS))
      for (const [who, { page, worker }] of Object.entries({ 'fast reader': fast, 'slow reader': slow })) {
        figures.push({ name: `held by the page at most, ${who}`, value: page / MB, unit: 'MB' })
        figures.push({ name: `held by the worker at most, ${who}`, value: worker / MB, unit: 'MB' })
      }
      return figures
    },
    { door },
  )
}

/** The most that page and worker hold while something is read, beyond what they held before. */
async function held(browser, page, reading) {
  const before = await heapUses(browser, page)
  const most = { ...before }
  const state = { over: false }
  const done = reading().finally(() => (state.over = true))
  let samples = 0
  while (!state.over) {
    const now = await heapUses(browser, page)
    for (const of of ['page', 'worker']) most[of] = Math.max(most[of], now[of])
    samples += 1
  }
  await done
  if (samples < 3) throw new Error(`looked only ${samples} times`)
  return { page: most.page - before.page, worker: most.worker - before.worker }
}
