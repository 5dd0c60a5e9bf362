// anthropic: what an app does with @anthropic-ai/sdk. Each case is called twice: with the vault's fetch, and without.
import Anthropic, { toFile } from '@anthropic-ai/sdk'
import { all, until } from './plain.mjs'

export const PACKAGE = '@anthropic-ai/sdk'
const model = 'claude-sonnet-5-5'
const say = (content) => ({ model, max_tokens: 100, messages: [{ role: 'user', content }] })
const tools = [
  {
    name: 'weather',
    input_schema: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'number' } } },
  },
]

export const client = (options) => new Anthropic({ dangerouslyAllowBrowser: true, ...options })

export const CASES = {
  'messages, whole': async ({ anthropic }) => {
    const { data, response, request_id } = await anthropic.messages.create(say('Say something.')).withResponse()
    return { data, request_id, headers: response.headers, url: response.url }
  },
  'messages, streamed': async ({ anthropic }) =>
    all(await anthropic.messages.create({ ...say('Say something.'), stream: true })),
  'messages, the SDK’s own stream helper': async ({ anthropic }) => {
    const stream = anthropic.messages.stream(say('Say something.'))
    const texts = []
    stream.on('text', (text) => texts.push(text))
    return { message: await stream.finalMessage(), texts }
  },
  'thinking, streamed': async ({ anthropic }) =>
    all(
      await anthropic.messages.create({
        ...say('Think first.'),
        max_tokens: 3000,
        thinking: { type: 'enabled', budget_tokens: 2000 },
        stream: true,
      }),
    ),
  'tools, called and answered': async ({ anthropic }) => {
    const asked = say('What is the weather?')
    const { content } = await anthropic.messages.create({ ...asked, tools })
    const result = { type: 'tool_result', tool_use_id: content.at(-1).id, content: 'rain' }
    const messages = [...asked.messages, { role: 'assistant', content }, { role: 'user', content: [result] }]
    return { content, answered: await anthropic.messages.create({ ...asked, tools, messages }) }
  },
  'tools, streamed': async ({ anthropic }) =>
    all(await anthropic.messages.create({ ...say('What is the weather?'), tools, stream: true })),
  'beta header': async ({ anthropic }) =>
    anthropic.beta.messages.create({ ...say('Say something.'), betas: ['output-128k-2025-02-19'] }),
  'counting tokens': async ({ anthropic }) =>
    anthropic.messages.countTokens({ model, messages: say('Say something.').messages }),
  'files (form)': async ({ anthropic }) =>
    anthropic.beta.files.upload({
      file: await toFile(
        Uint8Array.from({ length: 9000 }, (_, i) => i),
        'a.pdf',
        { type: 'application/pdf' },
      ),
    }),
  batches: async ({ anthropic }) =>
    anthropic.messages.batches.create({ requests: [{ custom_id: '1', params: say('Say something.') }] }),
  'list of models': async ({ anthropic }) => anthropic.models.list({ limit: 5 }),
  'wrong key': async ({ wrong }) => wrong.messages.create(say('Say something.')),
  'wrong model': async ({ anthropic }) =>
    anthropic.messages.create({ ...say('Say something.'), model: 'no-such-model' }),
  '429, then well': async ({ anthropic }) => anthropic.messages.create(say('Be busy once.')),
  '500, then well': async ({ anthropic }) => anthropic.messages.create(say('Break once.')),
  '529, to the end': async ({ anthropic }) =>
    anthropic.messages.create(say('Be overloaded always.'), { maxRetries: 1 }),
  'abort while waiting': async ({ anthropic }) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 700)
    return anthropic.messages.create(say('Answer never.'), { signal: controller.signal })
  },
  'abort in the middle of a stream': async ({ anthropic }) => {
    const controller = new AbortController()
    const { signal } = controller
    const stream = await anthropic.messages.create({ ...say('Talk slowly.'), stream: true }, { signal })
    return until(stream, 4, () => controller.abort())
  },
  'the SDK’s own timeout': async ({ anthropic }) =>
    anthropic.messages.create(say('Answer never.'), { timeout: 1000, maxRetries: 1 }),
  'no answer at all': async ({ anthropic }) => anthropic.messages.create(say('Say nothing at all.'), { maxRetries: 1 }),
  'a stream that breaks off': async ({ anthropic }) =>
    until(await anthropic.messages.create({ ...say('Break off.'), stream: true }), 2, () => {}),
  'no JSON where JSON should be': async ({ anthropic }) => anthropic.messages.create(say('Speak no JSON.')),
  'no stream where one should be': async ({ anthropic }) =>
    until(await anthropic.messages.create({ ...say('Speak no JSON.'), stream: true }), Infinity, () => {}),
}
