// at-once: fifty answers that stream at the same time, each a piece now and then, as models answer: are all as soon at their end
// as when a page fetches them itself, and does none wait for another?
import { onStage } from './stage.mjs'
import { interleaved } from './timing.mjs'

const STREAMS = 50
/** Long enough that a busy machine begins the last before the first has ended. */
const EVENTS = 60
const EVERY_MS = 50
const ROUNDS = 5
const EVENT = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: ' word' } }] })}\n\n`

/** @param {keyof import('./stage.mjs').DOORS} door */
export function measureAtOnce(door) {
  const by = door === 'page' ? '' : `, through the ${door}`
  return onStage(
    async ({ vault, direct, provider, url }) => {
      let open = 0
      let most = 0
      provider.answer = async (response) => {
        most = Math.max(most, ++open)
        for (let sent = 0; sent < EVENTS && !response.destroyed; sent++) {
          response.write(EVENT)
          await new Promise((done) => setTimeout(done, EVERY_MS))
        }
        open -= 1
        response.end()
      }
      const spreads = []
      const last = (page) => async () => {
        await page.bringToFront()
        most = 0
        const ends = await page.evaluate(readAll, { url: url('chat/completions'), streams: STREAMS })
        const short = ends.filter(({ events }) => events !== EVENTS)
        if (short.length > 0) throw new Error(`${short.length} of ${STREAMS} streams did not end`)
        if (most !== STREAMS) throw new Error(`only ${most} were open at once`)
        const times = ends.map(({ ms }) => ms)
        if (page === vault) spreads.push(Math.max(...times) / Math.min(...times))
        return Math.max(...times)
      }
      const [ours, theirs] = await interleaved([last(vault), last(direct)], ROUNDS)
      return [
        { name: `50 streams at once: the last to end / direct${by}`, value: ours / theirs, unit: 'x' },
        { name: `50 streams at once: the last to end / the first${by}`, value: Math.max(...spreads), unit: 'x' },
        { name: `50 streams at once: the last to end${by}`, value: ours, unit: 'ms' },
      ]
    },
    { door, http2: true },
  )
}

// In the pages.

function readAll({ url, streams }) {
  const ask = globalThis.vaultFetch ?? fetch
  const started = performance.now()
  const read = async () => {
    const response = await ask(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}',
    })
    const text = await response.text()
    return { events: text.split('data: ').length - 1, ms: performance.now() - started }
  }
  return Promise.all(Array.from({ length: streams }, read))
}
