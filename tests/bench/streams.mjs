// streams: an answer of 10,000 events read through the vault worker, and the same answer fetched by a page itself; and how
// much later its first bytes are there.
import { onStage, readAnswer, writeAll } from './stage.mjs'
import { interleaved } from './timing.mjs'

const EVENTS = 10_000
const ROUNDS = 15
/** A difference of milliseconds needs more of them. */
const FIRST_ROUNDS = 101

/** @param {keyof import('./stage.mjs').DOORS} door */
export function measureStreams(door) {
  const by = door === 'page' ? '' : `, through the ${door}`
  return onStage(
    async ({ vault, direct, provider, url }) => {
      const { events, pieces } = answer()
      const expected = events.reduce((sum, event) => sum + event.length, 0)
      const read = async (page) => {
        await page.bringToFront()
        return page.evaluate(readAnswer, { url: url('chat/completions') })
      }
      const whole = (page) => async () => {
        const { ms, bytes } = await read(page)
        if (bytes !== expected) throw new Error(`${bytes} bytes of ${expected} arrived`)
        return ms
      }
      const figures = []
      for (const [name, parts] of Object.entries({ '64 KB pieces': pieces, 'event by event': events })) {
        provider.answer = (response) => writeAll(response, parts)
        const [ours, theirs] = await interleaved([whole(vault), whole(direct)], ROUNDS)
        figures.push({ name: `stream / direct fetch, ${name}${by}`, value: ours / theirs, unit: 'x' })
        figures.push({ name: `10,000 events through the worker, ${name}${by}`, value: ours, unit: 'ms' })
      }
      provider.answer = (response) => writeAll(response, events.slice(0, 3))
      const first = (page) => async () => (await read(page)).firstMs
      const [ours, theirs] = await interleaved([first(vault), first(direct)], FIRST_ROUNDS)
      figures.push({ name: `first bytes later than direct${by}`, value: ours - theirs, unit: 'ms' })
      figures.push({ name: `first bytes, direct${by}`, value: theirs, unit: 'ms' })
      return figures
    },
    { door },
  )
}

/** 10,000 events as OpenAI's chat sends them, about 2 MB; each alone, and as a fast network delivers them. */
function answer() {
  const chunk = (delta, rest = {}) =>
    Buffer.from(
      `data: ${JSON.stringify({
        id: 'chatcmpl-C7mW2bGxkq0n7o3v1xYzA9e5f',
        object: 'chat.completion.chunk',
        created: 1_760_000_000,
        model: 'gpt-5-mini',
        system_fingerprint: 'fp_7c1a2b3d4e',
        choices: [{ index: 0, delta, logprobs: null, finish_reason: null }],
        ...rest,
      })}\n\n`,
    )
  const usage = { prompt_tokens: 12, completion_tokens: EVENTS - 3, total_tokens: EVENTS + 9 }
  const events = [
    chunk({ role: 'assistant', content: '' }),
    ...Array.from({ length: EVENTS - 3 }, (_, at) => chunk({ content: ` word${at}` })),
    chunk({}, { choices: [], usage }),
    Buffer.from('data: [DONE]\n\n'),
  ]
  const all = Buffer.concat(events)
  const size = 64 * 1024
  const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.subarray(at * size, (at + 1) * size),
  )
  return { events, pieces }
}
