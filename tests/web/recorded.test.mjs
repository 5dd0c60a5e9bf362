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

/** What each refusal means. */
const REFUSALS = {
  'alibaba/badkey-chat.json': 'ERR_BAD_KEY',
  'anthropic/badkey-models.json': 'ERR_BAD_KEY',
  'anthropic/error-404-model.json': 'ERR_MODEL_NOT_FOUND',
  'cerebras/error-403.json': 'ERR_NO_PERMISSION',
  'cohere/badkey-models.json': 'ERR_BAD_KEY',
  'deepseek/error-400-octet-stream.json': 'ERR_MODEL_NOT_FOUND',
  'deepseek/responses-error-400.json': 'ERR_PROVIDER_REFUSED',
  'google/badkey-models.json': 'ERR_BAD_KEY',
  'google/error-404-model.json': 'ERR_MODEL_NOT_FOUND',
  'groq/badkey-models.json': 'ERR_BAD_KEY',
  'groq/chat-error-400-tool-use-failed.json': 'ERR_PROVIDER_REFUSED',
  'huggingface/badkey-chat.json': 'ERR_BAD_KEY',
  'mistral/badkey-models.json': 'ERR_BAD_KEY',
  'ollama/error-404-model.json': 'ERR_MODEL_NOT_FOUND',
  'openai/badkey-models.json': 'ERR_BAD_KEY',
  'openai/badkey-responses.json': 'ERR_BAD_KEY',
  'openai/chat-error-400-unsupported-parameter.json': 'ERR_PROVIDER_REFUSED',
  'openai/responses-error-insufficient-quota.json': 'ERR_NO_CREDIT',
  'openrouter/error-400-model.json': 'ERR_MODEL_NOT_FOUND',
  'openrouter/error-429.json': 'ERR_RATE_LIMITED',
  'perplexity/badkey-chat.html': 'ERR_BAD_KEY',
  'together/badkey-models.json': 'ERR_BAD_KEY',
}

/** Lists of models, with one that is in each. */
const LISTS = { 'cerebras/models-list.json': 'gpt-oss-120b', 'llamacpp/models-list.json': 'unsloth/Qwen3.5-2B-GGUF' }

/** Requests of a kind that is not made any more, or whose address its recorder changed. */
const NOT_CALLED = {
  'perplexity/badkey-chat.html': 'retired with Sonar',
  'openrouter/chat-tool-call-quirk-a.sse': 'its recorder wrote another address',
}

const all = recorded ? recordings() : []
const answers = all.filter(({ response, wire_format: wire }) => response.status === 200 && !wire.endsWith('.models'))
const refusals = all.filter(({ response }) => response.status !== 200)
const lists = all.filter(({ response, wire_format: wire }) => response.status === 200 && wire.endsWith('.models'))
const providerOf = ({ provider }) => (provider === 'alibaba' ? 'qwen' : provider)
const isLocal = ({ request }) => request.url.startsWith('http:')

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

  test('each is an answer, a refusal or a list, and none is left out', () => {
    assert.equal(answers.length + refusals.length + lists.length, all.length)
    assert.deepEqual(refusals.map(({ file }) => file).toSorted(), Object.keys(REFUSALS).toSorted())
    assert.deepEqual(lists.map(({ file }) => file).toSorted(), Object.keys(LISTS).toSorted())
  })

  test('refusals mean what their providers meant', async () => {
    for (const { file, response, bytes, ...entry } of refusals) {
      const head = { status: response.status, type: response.headers?.['content-type'] ?? '', check: false }
      const ask = { mode: 'refusal', provider: providerOf(entry), ...head }
      assert.equal((await reader.ask(ask, bytes)).code, REFUSALS[file], file)
      // A key that is checked and refused so is found to be that.
      if (file.includes('badkey'))
        assert.equal((await reader.ask({ ...ask, check: true }, bytes)).code, 'ERR_BAD_KEY', file)
    }
  })

  test('lists of models are read, and a key that gets one is good', async () => {
    for (const { file, response, bytes, ...entry } of lists) {
      const { names } = await reader.ask({ mode: 'models', provider: providerOf(entry) }, bytes)
      assert.ok(names.includes(LISTS[file]), `${file}: ${names}`)
      const head = { status: response.status, type: '', check: true }
      assert.equal(
        (await reader.ask({ mode: 'refusal', provider: providerOf(entry), ...head }, bytes)).code,
        'ok',
        file,
      )
    }
  })

  test('what was asked then may be asked through the catalogue, and its answer is read in the right form', async () => {
    const asked = all.filter((entry) => entry.request?.url && !isLocal(entry) && !(entry.file in NOT_CALLED))
    assert.ok(asked.length > 30)
    for (const { file, request, ...entry } of asked) {
      const { method, url } = request
      const call = await reader.ask({ mode: 'call', method, url: url.split('#')[0] })
      assert.equal(call.provider, providerOf(entry), `${file}: ${JSON.stringify(call)}`)
      assert.equal(call.wire, wireOf(entry), file)
    }
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
