// sse-oracle: does the core's decoder of event streams find the events that eventsource-parser finds?
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createParser } from 'eventsource-parser'
import * as fc from 'fast-check'
import { Reader } from './support/reader.mjs'

const RUNS = process.env.KEYHOLD_EFFORT === 'full' ? 10_000 : 2_000
const reader = new Reader()
after(() => reader.end())

// Whatever could matter to the algorithm, a letter of each length in UTF-8, and what JSON is made of.
const LETTERS = [
  'a',
  'b',
  ' ',
  ':',
  '"',
  '{',
  '}',
  '\\',
  '0',
  '\0',
  '\t',
  'é',
  '漢',
  '🔑',
  '\u2028',
  '\u0085',
  '\ufeff',
]
const text = (maxLength) => fc.string({ unit: fc.constantFrom(...LETTERS), maxLength })
const ending = fc.constantFrom('\n', '\r', '\r\n')
const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 12 })

/** Lines in any order, of which few make sense. */
const soup = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 4, arbitrary: fc.tuple(fc.constantFrom('data', 'data:', 'data: ', 'data:  '), text(12)) },
        { weight: 2, arbitrary: fc.tuple(fc.constantFrom('event:', 'event: ', 'event', 'Event:', ' event:'), text(4)) },
        { weight: 1, arbitrary: fc.tuple(fc.constantFrom('retry:', 'retry: ', 'retry'), fc.oneof(digits, text(3))) },
        { weight: 1, arbitrary: fc.tuple(fc.constantFrom(':', '', 'x', 'data :'), text(6)) },
        { weight: 3, arbitrary: fc.constant(['', '']) },
      ),
      ending,
    ),
    { maxLength: 40 },
  )
  .map((lines) => lines.map(([[field, value], end]) => field + value + end).join(''))

/** Events of the usual form, in which ids mean the same to both: each with data, one kind of line end. */
const events = fc
  .tuple(
    ending,
    fc.array(
      fc.record({
        name: fc.option(text(6)),
        id: fc.option(text(4).filter((id) => !id.startsWith(' '))),
        comment: fc.option(text(10)),
        data: fc.array(fc.oneof(text(30), fc.json()), { minLength: 1, maxLength: 3 }),
      }),
      { maxLength: 10 },
    ),
  )
  .map(([end, all]) =>
    all
      .map(({ name, id, comment, data }) =>
        [
          ...(name === null ? [] : [`event: ${name}`]),
          ...(id === null ? [] : [`id: ${id}`]),
          ...(comment === null ? [] : [`:${comment}`]),
          ...data.map((line) => `data: ${line}`),
          '',
        ]
          .map((line) => line + end)
          .join(''),
      )
      .join(''),
  )

const bom = fc.constantFrom('', '', '\ufeff')
// A carriage return at the very end could be half a line end: to eventsource-parser it is, until something follows.
const stream = (body) => fc.tuple(bom, body, text(8)).map(([mark, lines, rest]) => `${mark}${lines}${rest}:\n`)
const pieces = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 12 })

/** The events as [name, data, id of the last that had one], and the last wait asked for. */
function oracle(bytes) {
  const found = { events: [], failed: false }
  let lastId = ''
  const parser = createParser({
    onEvent({ event = 'message', data, id = lastId }) {
      lastId = id
      found.events.push([event, data, id])
    },
    onRetry: (ms) => (found.retry = ms),
  })
  // This takes one byte order mark off, as a browser does.
  parser.feed(new TextDecoder().decode(bytes))
  return found
}

/** Sizes that add up to `length`, by these again and again. */
function sizesOf(length, pattern) {
  const sizes = []
  for (let left = length, i = 0; left > 0; i++) {
    sizes.push(Math.min(left, pattern[i % pattern.length] || (i % pattern.length === 0 ? 1 : 0)))
    left -= sizes.at(-1)
  }
  return sizes
}

const agree = (withIds) => async (chars, pattern) => {
  const bytes = new TextEncoder().encode(chars)
  const shown = (found) => (withIds ? found : { ...found, events: found.events.map(([name, data]) => [name, data]) })
  const expected = shown(oracle(bytes))
  assert.deepEqual(shown(await reader.ask({ mode: 'events' }, bytes)), expected)
  assert.deepEqual(shown(await reader.ask({ mode: 'events' }, bytes, sizesOf(bytes.length, pattern))), expected)
}

test(`events of the usual form are found alike, in ${RUNS / 2} streams`, async () => {
  let found = 0
  const counted = async (chars, pattern) => {
    found += oracle(new TextEncoder().encode(chars)).events.length
    await agree(true)(chars, pattern)
  }
  await fc.assert(fc.asyncProperty(stream(events), pieces, counted), { numRuns: RUNS / 2 })
  assert.ok(found > RUNS, 'there were events to find')
})

test(`lines in any order mean the same, in ${RUNS / 2} streams`, async () => {
  await fc.assert(fc.asyncProperty(stream(soup), pieces, agree(false)), { numRuns: RUNS / 2 })
})
