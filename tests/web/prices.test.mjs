// prices: our cost against calcPrice of genai-prices, to the micro-dollar, for every model in the price file: through
// engine.wasm, from a provider's answer to the call's summary.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { calcPrice, findProvider } from '@pydantic/genai-prices'
import { pricesText } from '../../scripts/make-prices.mjs'
import { startEngine, taken, withBuffer } from '../support/engine.mjs'

const file = readFileSync(new URL('../../build/wasm/prices.txt', import.meta.url))
const catalogue = JSON.parse(readFileSync(new URL('../../wasm/catalogue/providers.json', import.meta.url), 'utf8'))
const ids = catalogue.providers.map(({ id }) => id)
const usable = catalogue.providers.filter(({ example_base: example, browser }) => !example && browser !== 'no')
const priced = usable.map(({ id }) => id).filter((id) => findProvider({ providerId: id }) !== undefined)

/** Nobody has a model of this name: what is asked for never gives the price of what answers. */
const ASKED = 'asked-for'
/** Before every condition of the list, in the middle of hours with their own prices, and after all of them. */
const MOMENTS = ['2025-01-15T12:00:00Z', '2026-11-25T02:30:00Z', '2026-11-25T05:00:00Z', '2027-06-01T20:00:00Z']

const SHAPES = {
  plain: { input: 1003, output: 207 },
  cached: { input: 1200, cached: 1001, output: 7 },
  reasoning: { input: 33, output: 907, reasoning: 701 },
  'written to a cache': { input: 1111, cached: 305, written: 402, output: 50 },
  'above every tier': { input: 1_300_001, cached: 100_003, output: 70_001, reasoning: 5 },
}

/** How each form of answer says so, and where it is asked for. */
const FORMS = {
  'openai-chat': {
    path: 'chat/completions',
    answer: (model, { input, cached, written, output, reasoning }) => ({
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: input,
        completion_tokens: output,
        prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
        completion_tokens_details: { reasoning_tokens: reasoning },
      },
    }),
  },
  'openai-responses': {
    path: 'responses',
    answer: (model, { input, cached, written, output, reasoning }) => ({
      object: 'response',
      status: 'completed',
      model,
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'x' }] }],
      usage: {
        input_tokens: input,
        input_tokens_details: { cached_tokens: cached, cache_write_tokens: written },
        output_tokens: output,
        output_tokens_details: { reasoning_tokens: reasoning },
      },
    }),
  },
  cohere: {
    path: 'v2/chat',
    // Its answers do not name a model: the one asked for counts.
    asks: true,
    answer: (model, { input, output }) => ({
      message: { role: 'assistant', content: [{ type: 'text', text: 'x' }] },
      finish_reason: 'COMPLETE',
      usage: { billed_units: { input_tokens: input, output_tokens: output } },
    }),
  },
  anthropic: {
    path: 'messages',
    answer: (model, { input, cached = 0, written = 0, output }) => ({
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'x' }],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: input - cached - written,
        cache_read_input_tokens: cached,
        cache_creation_input_tokens: written,
        output_tokens: output,
      },
    }),
  },
  gemini: {
    path: `models/${ASKED}:generateContent`,
    answer: (modelVersion, { input, cached, output, reasoning = 0 }) => ({
      modelVersion,
      candidates: [{ content: { role: 'model', parts: [{ text: 'x' }] }, finishReason: 'STOP' }],
      usageMetadata: {
        promptTokenCount: input,
        cachedContentTokenCount: cached,
        candidatesTokenCount: output - reasoning,
        thoughtsTokenCount: reasoning,
      },
    }),
  },
}

const module = await startEngine()
const engine = openVault()

function openVault() {
  const made = new module.Engine()
  taken(made.load([], []))
  withBuffer(module, randomBytes(32), (key) => taken(made.planCreate(made.newKdf(0), key, 1)))
  taken(made.commit())
  for (const { id } of usable) {
    withBuffer(module, Buffer.from(`sk-${randomBytes(30).toString('hex')}`), (key) =>
      taken(made.planAdd(id, id, key, 1)),
    )
    taken(made.commit())
  }
  return made
}

/** The summary of a call that this provider answered so. */
function asked(id, model, shape, now) {
  const one = catalogue.providers.find((provider) => provider.id === id)
  const { base } = one
  const { wire = 'openai-chat' } = catalogue.providers.find((provider) => provider.id === one.like) ?? one
  const form = FORMS[wire]
  const body = Buffer.from(JSON.stringify({ model: form.asks ? model : ASKED, messages: [] }))
  const whole = { size: body.length, begin: body, end: new Uint8Array() }
  const headers = [['content-type', 'application/json']]
  const call = taken(engine.fetch(base + form.path, 'POST', headers, whole, '', null, now))
  call.request()
  taken(call.response(200, headers))
  taken(call.feed(Buffer.from(JSON.stringify(form.answer(model, shape)))))
  taken(call.end())
  engine.price(call, now)
  engine.settle(call, '', now)
  const summary = call.summary()
  call.delete()
  return summary
}

/** Names that the file's rules are for, each written out, and those that the package itself gives its models. */
function namesOf(id) {
  const section = file
    .toString()
    .split('\n@')
    .find((text) => text.startsWith(`${id}\n`) || text.startsWith(`${id} `))
  const rules = section
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .flatMap((line) => line.split('\t')[0].split('|'))
  const written = rules.map((rule) =>
    rule
      .split('&')
      .filter((test) => !test.startsWith('!'))
      .map((test) => test.slice(1).replaceAll('#', '7'))
      .join('-'),
  )
  return new Set([...written, ...findProvider({ providerId: id }).models.map((model) => model.id)])
}

function theirs(id, model, usage, now) {
  const figures = {
    input_tokens: usage.input,
    output_tokens: usage.output,
    cache_read_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWrite,
    output_reasoning_tokens: usage.reasoning,
    input_audio_tokens: usage.audioInput,
    output_audio_tokens: usage.audioOutput,
    cache_audio_read_tokens: usage.cachedAudioInput,
  }
  const known = Object.fromEntries(Object.entries(figures).filter(([, count]) => count !== undefined))
  try {
    return calcPrice(known, model, { providerId: id, timestamp: new Date(now) })
  } catch {
    return null
  }
}

test('before there is a price list no cost is known', () => {
  const { costMicroUsd, pricesMade, figures } = asked('openai', 'gpt-4o', SHAPES.plain, Date.parse(MOMENTS[1]))
  assert.deepEqual([costMicroUsd, pricesMade, figures], [null, null, 'reported'])
})

test('a file that is no price list is refused, and the built one is taken', () => {
  assert.equal(engine.usePrices(Buffer.from('<!doctype html>')).error, 'ERR_BAD_FORMAT')
  taken(engine.usePrices(file))
})

test('the file is what the installed package says, for every provider of the catalogue that the package knows', () => {
  assert.equal(file.toString(), pricesText(ids))
  assert.ok(priced.length >= 8, `${priced.length} providers`)
})

for (const id of priced) {
  test(`${id}: every model, ${Object.keys(SHAPES).length} shapes of usage, ${MOMENTS.length} moments`, () => {
    const found = new Set()
    let compared = 0
    for (const name of namesOf(id)) {
      for (const moment of MOMENTS) {
        const now = Date.parse(moment)
        for (const [shape, counts] of Object.entries(SHAPES)) {
          const { model, usage, costMicroUsd } = asked(id, name, counts, now)
          assert.equal(model, name)
          const price = theirs(id, name, usage, now)
          const where = `${name}, ${shape}, ${moment}`
          const paid = Object.keys(price?.model_price ?? {})
          // What is paid by the hour or the page has a cost that tokens do not tell: unknown, where calcPrice has 0.
          const tellable = paid.some((unit) => ['input_mtok', 'output_mtok', 'requests_kcount'].includes(unit))
          const expected = tellable ? Math.round(price.total_price * 1e6) : null
          assert.equal(costMicroUsd, expected, where)
          if (price !== null) found.add(price.model.id)
          compared += 1
        }
      }
    }
    const models = findProvider({ providerId: id }).models.map((model) => model.id)
    assert.deepEqual(
      models.filter((model) => !found.has(model)),
      [],
      'models that no name was for',
    )
    assert.ok(compared >= models.length * 20)
  })
}

test('a model nobody knows has no cost, and says which list does not have it', () => {
  const { costMicroUsd, pricesMade } = asked('openai', 'never-heard-of', SHAPES.plain, Date.parse(MOMENTS[1]))
  assert.equal(costMicroUsd, null)
  assert.match(pricesMade, /^\d{4}-\d\d-\d\d$/)
})
