// page-words: does the page say what happened, and nothing that did not? Its sentences, times, figures and hints.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const { text, time, conversation, providers, pasted, errors, KeyholdError } = await bundled()
const NOW = Date.UTC(2026, 10, 20, 12)
const HOUR = 3_600_000

test('moments are said as a person would', () => {
  const said = (passed) => time.ago(NOW - passed, NOW)
  assert.equal(said(0), 'just now')
  assert.equal(said(59_999), 'just now')
  assert.equal(said(60_000), '1 minute ago')
  assert.equal(said(HOUR), '1 hour ago')
  assert.equal(said(24 * HOUR), 'yesterday')
  assert.equal(said(72 * HOUR), '3 days ago')
  assert.match(said(60 * 24 * HOUR), /^on Sep 21, 2026$/)
})

test('a moment ahead, after the clock was set back, is now', () => {
  assert.equal(time.ago(NOW + 5 * HOUR, NOW), 'just now')
})

test('every error has a sentence, and it is what the page says', () => {
  for (const code of Object.keys(errors)) {
    const { sentence, next } = text.explainThrown(new KeyholdError(code))
    assert.equal(sentence, errors[code].sentence)
    assert.equal(next, errors[code].next)
    assert.ok(sentence.endsWith('.'), code)
  }
})

test('how long to wait takes the place of the general advice', () => {
  const next = (retryAfterS) => text.explain({ code: 'ERR_RATE_LIMITED', retryAfterS }).next
  assert.equal(next(42), 'You can try again in 42 seconds.')
  assert.equal(next(0.2), 'You can try again in 1 second.')
  assert.equal(next(600), 'You can try again in 10 minutes.')
  assert.equal(next(3 * 3600), 'You can try again in 3 hours.')
})

test('what is not ours is a fault of ours, and its text stays unsaid', () => {
  const { code, sentence } = text.explainThrown(new TypeError('sk-secret leaked'))
  assert.equal(code, 'ERR_INTERNAL')
  assert.ok(!sentence.includes('secret'))
})

test('a check says what is known: works, in doubt, not asked', () => {
  assert.equal(text.checkWords(null), 'Not checked yet')
  assert.equal(text.checkTone(null), 'none')
  assert.equal(text.checkTone({ at: NOW, code: 'ok' }), 'good')
  assert.equal(text.checkTone({ at: NOW, code: 'ERR_BAD_KEY' }), 'bad')
  // Being offline says nothing about the key.
  assert.equal(text.checkTone({ at: NOW, code: 'ERR_OFFLINE' }), 'warn')
  assert.equal(text.checkWords({ at: NOW, code: 'ERR_INTERNAL' }), 'Check failed')
})

test('a finding names the key where it can, and always what to do', () => {
  for (const purpose of ['slot', 'record', 'settings', 'ledger', 'manifest', 'page']) {
    for (const kind of ['missing', 'stale', 'swapped', 'altered', 'unexpected']) {
      const finding = { code: 'ERR_TAMPERED', kind, purpose, id: 'a1b2c3d4e5' }
      assert.match(text.findingSentence(finding, null), /^[A-Z].+\.$/)
      assert.ok(text.findingNext(finding).length > 10)
    }
  }
  // A page of the list is for a person what the list is.
  const [list, page] = ['manifest', 'page'].map((purpose) => ({
    code: 'ERR_STALE_RECORD',
    kind: 'stale',
    purpose,
    id: 'a',
  }))
  assert.match(text.findingSentence(list, null), /^The list of what is stored is an older copy/)
  assert.match(text.findingSentence(page, null), /^Part of the list of what is stored is an older copy/)
  assert.equal(text.findingNext(page), text.findingNext(list))
  assert.match(text.findingNext(page), /can be used.+nothing can be changed.+repaired/)
  assert.match(text.findingNext({ ...page, kind: 'unexpected' }), /repair takes it away/)
  const record = { code: 'ERR_TAMPERED', kind: 'altered', purpose: 'record', id: 'a1b2c3d4e5' }
  assert.equal(text.findingSentence(record, 'OpenAI: Main'), 'OpenAI: Main was altered outside Keyhold.')
  assert.match(text.findingSentence(record, null), /a1b2c3…/)
})

test('an answer cut off is said to be; one that ended is not', () => {
  for (const stop of ['length', 'max_tokens', 'MAX_TOKENS']) assert.match(text.stopWords(stop, 512), /limit of 512/)
  for (const stop of ['stop', 'end_turn', 'STOP', null]) assert.equal(text.stopWords(stop, 512), '')
  assert.match(text.stopWords('SAFETY', 512), /filter/)
})

test('figures that were not reported are said to be so, never 0', () => {
  const answer = () => conversation.answerOf(1, { key: 'k', model: 'm', messages: [], maxTokens: 10 }, 'you')
  const summed = (usage) => {
    const one = answer()
    conversation.withSummary(one, { usage, firstByteMs: 412, totalMs: 12_400, model: null, stop: null, source: 'user' })
    return one
  }
  assert.equal(answer().tokensIn, 'not reported')
  assert.equal(summed(null).tokensOut, 'not reported')
  assert.equal(summed({ input: 27 }).tokensIn, '27')
  assert.equal(summed({ input: 27 }).tokensOut, 'not reported')
  assert.equal(summed({ output: 0 }).tokensOut, '0')
  assert.equal(summed({ output: 1204, reasoning: 640 }).tokensOut, '1,204 (640 thinking)')
  assert.equal(summed(null).firstByte, '0.4 s')
  assert.equal(summed(null).total, '12 s')
  assert.equal(summed(null).model, 'm')
})

test('a cost has as many digits as it needs; a guess is said to be one, and one that is not known is not 0', () => {
  const costOf = (costMicroUsd, figures = 'reported') => {
    const one = conversation.answerOf(1, { key: 'k', model: 'm', messages: [], maxTokens: 10 }, 'you')
    const times = { firstByteMs: 1, totalMs: 1, model: null, stop: null, source: 'user', usage: null }
    conversation.withSummary(one, { ...times, costMicroUsd, figures, pricesMade: '2026-11-20' })
    return [one.cost, one.costNote]
  }
  const note = 'By the price list of 2026-11-20.'
  assert.deepEqual(costOf(0), ['$0.00', note])
  assert.deepEqual(costOf(37), ['$0.000037', note])
  assert.deepEqual(costOf(9_949), ['$0.0099', note])
  assert.deepEqual(costOf(10_000), ['$0.01', note])
  assert.deepEqual(costOf(1_234_567), ['$1.23', note])
  assert.deepEqual(costOf(2_415, 'estimated'), ['about $0.0024', note])
  assert.deepEqual(costOf(null, 'unknown'), ['not known', ''])
})

test('the provider gets the conversation without empty answers, and no two turns of one speaker', () => {
  const said = [
    { id: 1, role: 'user', text: 'first' },
    { id: 2, role: 'assistant', text: '' },
    { id: 3, role: 'user', text: 'second' },
    { id: 4, role: 'assistant', text: 'answer' },
    { id: 5, role: 'user', text: 'third' },
  ]
  assert.deepEqual(conversation.askedBefore(said), [
    { role: 'user', text: 'first\n\nsecond' },
    { role: 'assistant', text: 'answer' },
    { role: 'user', text: 'third' },
  ])
})

test('what is in the field for a key is called what it is, and only what may do harm wants a second press', () => {
  const providers = [
    { id: 'openai', name: 'OpenAI' },
    { id: 'groq', name: 'Groq', browser: 'yes' },
    { id: 'nvidia', name: 'NVIDIA', browser: 'no' },
  ]
  const said = (kind, better = null, admin = false) => pasted.hintFor({ kind, better, admin }, 'OpenAI', providers)
  assert.equal(said('nothing'), null)
  assert.equal(said('key'), null)
  assert.equal(said('key', 'gone'), null)
  const other = said('key', 'groq')
  assert.equal(other.text, 'This looks like a key of Groq, not of OpenAI.')
  assert.deepEqual([other.better, other.action, other.stops], ['groq', 'Switch to Groq', true])
  const closed = said('key', 'nvidia')
  assert.equal(closed.text, 'This looks like a key of NVIDIA, which does not answer web pages.')
  assert.deepEqual([closed.better, closed.stops], [null, true])
  assert.match(said('key', null, true).text, /admin key/)
  assert.match(said('key', 'groq', true).text, /admin key/)
  assert.match(said('address').text, /web page/)
  assert.match(said('mail').text, /e-mail/)
  assert.match(said('words').next, /nothing was sent/)
  assert.match(said('brief').text, /password/)
  const stops = ['address', 'mail', 'words', 'brief', 'odd'].filter((kind) => said(kind).stops)
  assert.deepEqual(stops, ['address', 'mail', 'brief'])
})

test('several keys are counted, and whose they are is said once', () => {
  assert.equal(pasted.severalWords(['Groq']), 'What you pasted holds a key of Groq.')
  assert.equal(pasted.severalWords(['OpenAI', 'Groq', 'OpenAI']), 'What you pasted holds 3 keys of OpenAI and Groq.')
  assert.ok(pasted.isSeveral('a\nb'))
  assert.ok(!pasted.isSeveral(' a b \n'))
})

test('an address that a known provider has is recognised, whichever is the longer', () => {
  const known = [{ id: 'openai', name: 'OpenAI', base: 'https://api.openai.com/v1/' }]
  assert.equal(providers.overlapping('https://api.openai.com/v1/', known)?.id, 'openai')
  assert.equal(providers.overlapping('https://API.openai.com/', known)?.id, 'openai')
  assert.equal(providers.overlapping('https://api.openai.com/v1/deployments/', known)?.id, 'openai')
  assert.equal(providers.overlapping('https://api.openai.com/v10/', known), null)
  assert.equal(providers.overlapping('http://localhost:11434/v1/', known), null)
  // An example's address is nobody's.
  const example = { id: 'a', name: 'A', base: 'http://localhost:11434/', example: true }
  assert.equal(providers.overlapping('http://localhost:11434/', [...known, example]), null)
})

test('an address is completed as the example shown beside it is', () => {
  const azure = 'https://your-resource.openai.azure.com/openai/v1/'
  const mine = 'https://my-one.openai.azure.com/openai/v1/'
  for (const typed of ['my-one', 'My-One', 'https://my-one.openai.azure.com', 'https://my-one.openai.azure.com/', mine])
    assert.equal(providers.completed(typed, azure), mine, typed)
  assert.equal(providers.completed('https://gateway.example/x', azure), 'https://gateway.example/x/')
  assert.equal(providers.completed('http://localhost:1235', 'http://localhost:1234/v1/'), 'http://localhost:1235/v1/')
  assert.equal(providers.completed('http://localhost:1/', 'http://localhost:11434/'), 'http://localhost:1/')
  // Without an example only the "/" is added: the base is a folder.
  assert.equal(providers.completed('https://llm.example', ''), 'https://llm.example/')
  assert.equal(providers.completed('nonsense', ''), 'nonsense/')
  assert.equal(providers.completed('evil.example/', azure), 'evil.example/')
})

async function bundled() {
  const result = await build({
    stdin: {
      contents: `
        export * as text from './web/src/page/text'
        export * as time from './web/src/page/time'
        export * as conversation from './web/src/page/conversation'
        export * as providers from './web/src/page/providers'
        export * as pasted from './web/src/page/pasted'
        export { ERROR_TEXT as errors } from './web/src/protocol/errors'
        export { KeyholdError } from './web/src/engine/error'`,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'esm',
  })
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].contents).toString('base64')}`)
}
