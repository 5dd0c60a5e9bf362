// binary: 100 MB that are no text, read through the vault worker and by a page itself; and how much of them page and worker
// hold at once, for a reader that keeps up and for one that does not.
import { randomBytes } from 'node:crypto'
import { heapUses } from '../browser/support/heap-snapshot.mjs'
import { onStage, readAnswer, writeAll } from './stage.mjs'
import { interleaved } from './timing.mjs'

const MB = 1_000_000
const PIECE = randomBytes(64 * 1024)
const ROUNDS = 7

export function measureBinary() {
  return onStage(async ({ browser, vault, direct, provider, url }) => {
    provider.type = 'audio/mpeg'
    const size = (megabytes) => Math.ceil((megabytes * MB) / PIECE.length)
    const send = (megabytes) => {
      provider.answer = (response) => writeAll(response, repeated(PIECE, size(megabytes)))
    }
    const read = async (page, pauseMs = 0) => {
      const { ms, bytes } = await page.evaluate(readAnswer, { url: url('audio/speech'), pauseMs })
      if (bytes % PIECE.length !== 0 || bytes === 0) throw new Error(`${bytes} bytes arrived`)
      return ms
    }

    send(100)
    const reader = (page) => async () => {
      await page.bringToFront()
      return read(page)
    }
    const [ours, theirs] = await interleaved([reader(vault), reader(direct)], ROUNDS)
    const figures = [
      { name: '100 MB of binary / direct fetch', value: ours / theirs, unit: 'x' },
      { name: '100 MB of binary through the worker', value: ours, unit: 'ms' },
    ]

    await vault.bringToFront()
    const held = async (reading) => {
      const { page: page0, worker: worker0 } = await heapUses(browser, vault)
      const samples = []
      const state = { over: false }
      const done = reading().finally(() => (state.over = true))
      while (!state.over) samples.push(await heapUses(browser, vault))
      await done
      const most = (of, before) => Math.max(...samples.map((one) => one[of])) - before
      return { page: most('page', page0) / MB, worker: most('worker', worker0) / MB, samples: samples.length }
    }
    const fast = await held(() => read(vault))
    // 30 pieces a second of some 64 KB: it would be 100 MB behind before it is done.
    send(20)
    const slow = await held(() => read(vault, 10))
    for (const [who, { page, worker }] of Object.entries({ 'a fast reader': fast, 'a slow reader': slow })) {
      figures.push({ name: `held by the page at most, ${who}`, value: page, unit: 'MB' })
      figures.push({ name: `held by the worker at most, ${who}`, value: worker, unit: 'MB' })
    }
    return figures
  })
}

function repeated(piece, times) {
  return Array.from({ length: times }, () => piece)
}
