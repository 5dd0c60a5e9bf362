// recorded: does each answer that a provider really gave say to the core what it says, however it arrives?
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { cuts, Reader, seeded } from './support/reader.mjs'
import { oracle } from './support/recorded-oracle.mjs'
import { recorded, recordings, skip } from './support/recorded.mjs'

const RANDOM_CUTS = process.env.KEYHOLD_EFFORT === 'full' ? 200 : 12

/** The manifest's names for the forms, without dialect, as the catalogue has them. */
const WIRES = {
  'openai.chat': 'openai-chat',
  'openai.responses': 'openai-responses',
  'anthropic.messages': 'anthropic',
  'google.generateContent': 'gemini',
  'cohere.v2': 'cohere',
  'ollama.chat': 'ollama',
}
const wireOf = ({ wire_format: wire }) => WIRES[wire.split('+')[0]]

/** Those that fail in the middle, with what they mean. All others are sound. */
const FAILS = {
  'groq/chat-midstream-error.sse': 'ERR_PROVIDER_REFUSED',
  'openrouter/chat-midstream-error.sse': 'ERR_PROVIDER_REFUSED',
  'openai/responses-error-insufficient-quota.chunks.txt': 'ERR_NO_CREDIT',
}

/** What some of them say, read by eye. */
const SAY = {
  'openai/responses-text.sse': ['pong', { input: 11, output: 5, cachedInput: 0, reasoning: 0 }],
  'anthropic/messages-text.sse': ['- Captain\n- Scoop', { input: 17, output: 10, cachedInput: 0, cacheWrite: 0 }],
  'google/generate-text.sse': ['The capital of France is Paris.\n', { input: 13, output: 8 }],
  'google/generate-text-json-array.json': ['Scoop', { input: 11, output: 293, reasoning: 291 }],
  'cohere/chat-text.sse': ['Hello.', { input: 8, output: 2 }],
  'cohere/cohere-max-tokens.json': ['**The History of', { input: 11, output: 4 }],
  'ollama/chat-text.ndjson': ['Hi', { input: 20, output: 2 }],
  'moonshot/moonshotai-stream.chunks.txt': ['Hello!', { input: 9, output: 12, reasoning: 7 }],
  'zai/chat-reasoning.sse': ['4', { input: 13, output: 564, cachedInput: 0, reasoning: 561 }],
  // It counts reasoning beside its answer: 1 token and 290.
  'xai/xai-text.chunks.txt': [
    'Hello',
    { input: 12, output: 291, cachedInput: 11, reasoning: 290, audioInput: 0, audioOutput: 0 },
  ],
  'alibaba/chat-reasoning.sse': ['363.89', { input: 134, output: 86, cachedInput: 0, reasoning: 75 }],
  'anthropic/duplicate-message-start.chunks.txt': ['Hello, World!', { input: 17, output: 227 }],
  'llamacpp/chat-text.sse': ['115.144009', {}],
}

const all = recorded ? recordings() : []
const answers = all.filter(({ response, wire_format: wire }) => response.status === 200 && !wire.endsWith('.models'))
const reader = new Reader()
after(() => reader.end())

const ask = ({ response, bytes, ...entry }, chat, pieces) => {
  const head = { mode: 'answer', wire: wireOf(entry), type: response.headers?.['content-type'] ?? '', chat }
  return reader.ask(head, bytes, pieces)
}

describe('recorded answers', { skip }, () => {
  test('there are some of each form', () => {
    for (const wire of Object.values(WIRES))
      assert.ok(
        answers.some((entry) => wireOf(entry) === wire),
        wire,
      )
    for (const file of [...Object.keys(FAILS), ...Object.keys(SAY)])
      assert.ok(
        answers.some((entry) => entry.file === file),
        file,
      )
  })

  for (const entry of answers) {
    test(entry.file, async () => {
      const fails = FAILS[entry.file]
      const whole = await ask(entry, true)
      const { outcome, ...said } = whole
      const expected = oracle(wireOf(entry), entry.bytes)
      // A chat that fails is not read any further.
      assert.deepEqual(said, { ...expected, stop: fails ? said.stop : expected.stop })
      assert.equal(outcome, fails ?? 'ok')
      if (SAY[entry.file]) assert.deepEqual([said.text, said.usage], SAY[entry.file])
      const next = seeded(entry.bytes.length)
      for (const pieces of cuts(entry.bytes.length, RANDOM_CUTS, next))
        assert.deepEqual(await ask(entry, true, pieces), whole)

      // What passes through is read for the same, but for text, and fails for nobody.
      const passed = { ...expected, text: '', reasoning: '', outcome: 'ok' }
      for (const pieces of [[entry.bytes.length], ...cuts(entry.bytes.length, 2, next)])
        assert.deepEqual(await ask(entry, false, pieces), passed)
    })
  }
})
