// openai: what an app does with the SDK of that name. Each case is called twice: with the vault's fetch, and without.
import OpenAI, { toFile } from 'openai'
import { all, until } from './plain.mjs'

export const PACKAGE = 'openai'
const model = 'gpt-6-luna'
const say = (content) => ({ model, messages: [{ role: 'user', content }] })
const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'number' } } },
    },
  },
]
const picture = () => new File([Uint8Array.from({ length: 5000 }, (_, i) => i)], 'picture.png', { type: 'image/png' })
const sound = () =>
  toFile(
    Uint8Array.from({ length: 30_000 }, (_, i) => i * 7),
    'sound.wav',
    { type: 'audio/wav' },
  )
const lines = () => new File(['{"custom_id":"1"}\n'], 'lines.jsonl', { type: 'application/jsonl' })

export const client = (options) => new OpenAI({ dangerouslyAllowBrowser: true, ...options })

export const CASES = {
  'chat, whole': async ({ openai }) => {
    const { data, response, request_id } = await openai.chat.completions.create(say('Say something.')).withResponse()
    return { data, request_id, headers: response.headers, url: response.url, type: response.type }
  },
  'chat, streamed': async ({ openai }) =>
    all(await openai.chat.completions.create({ ...say('Say something.'), stream: true })),
  'chat, streamed with usage': async ({ openai }) =>
    all(
      await openai.chat.completions.create({
        ...say('Say something.'),
        stream: true,
        stream_options: { include_usage: true },
      }),
    ),
  'chat, the SDK’s own stream helper': async ({ openai }) => {
    const stream = openai.chat.completions.stream(say('Say something.'))
    const deltas = []
    stream.on('content.delta', ({ delta }) => deltas.push(delta))
    return { deltas, final: await stream.finalChatCompletion() }
  },
  'tools, called and answered': async ({ openai }) => {
    const asked = say('What is the weather?')
    const { choices } = await openai.chat.completions.create({ ...asked, tools })
    const [{ message }] = choices
    const result = { role: 'tool', tool_call_id: message.tool_calls[0].id, content: 'rain' }
    const then = await openai.chat.completions.create({
      ...asked,
      tools,
      messages: [...asked.messages, message, result],
    })
    return { choices, answered: then.choices }
  },
  'tools, streamed': async ({ openai }) =>
    all(await openai.chat.completions.create({ ...say('What is the weather?'), tools, stream: true })),
  'tools, run by the SDK': async ({ openai }) => {
    const runner = openai.chat.completions.runTools({
      ...say('What is the weather?'),
      tools: [
        {
          type: 'function',
          function: { ...tools[0].function, parse: JSON.parse, function: ({ city }) => `rain in ${city}` },
        },
      ],
    })
    return { text: await runner.finalContent(), messages: runner.messages }
  },
  'responses, whole': async ({ openai }) => openai.responses.create({ model, input: 'Say something.' }),
  'responses, streamed': async ({ openai }) =>
    all(await openai.responses.create({ model, input: 'Say something.', stream: true })),
  'responses, the SDK’s own stream helper': async ({ openai }) =>
    openai.responses.stream({ model, input: 'Think first.' }).finalResponse(),
  'responses, tools': async ({ openai }) =>
    all(
      await openai.responses.create({
        model,
        input: 'What is the weather?',
        tools: [{ type: 'function', strict: false, ...tools[0].function }],
        stream: true,
      }),
    ),
  'responses, by their id': async ({ openai }) =>
    openai.responses.retrieve('resp_0123456789', { include: ['reasoning.encrypted_content'] }),
  embeddings: async ({ openai }) => openai.embeddings.create({ model: 'text-embedding-3-small', input: ['a', 'b'] }),
  'embeddings as numbers': async ({ openai }) =>
    openai.embeddings.create({ model: 'text-embedding-3-small', input: 'a', encoding_format: 'float' }),
  'image, generated': async ({ openai }) => openai.images.generate({ model: 'gpt-image-1', prompt: 'a key' }),
  'image, edited (form)': async ({ openai }) =>
    openai.images.edit({ model: 'gpt-image-1', image: [picture(), picture()], prompt: 'a key' }),
  'speech (binary answer)': async ({ openai }) => {
    const response = await openai.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Say something.' })
    return { type: response.headers.get('content-type'), bytes: await response.arrayBuffer() }
  },
  'transcription (form)': async ({ openai }) =>
    openai.audio.transcriptions.create({ model: 'whisper-1', file: await sound(), response_format: 'verbose_json' }),
  'translation (form)': async ({ openai }) =>
    openai.audio.translations.create({ model: 'whisper-1', file: await sound() }),
  'files: upload, list, read, delete': async ({ openai }) => {
    const made = await openai.files.create({ file: lines(), purpose: 'batch' })
    const found = await openai.files.retrieve(made.id)
    const listed = await all(openai.files.list({ purpose: 'batch', limit: 10 }))
    const content = await (await openai.files.content(made.id)).text()
    const gone = await openai.files.delete(made.id)
    return { made, found, listed: listed.some(({ id }) => id === made.id), content, gone }
  },
  batches: async ({ openai }) => {
    const file = await openai.files.create({ file: lines(), purpose: 'batch' })
    const batch = await openai.batches.create({
      input_file_id: file.id,
      endpoint: '/v1/chat/completions',
      completion_window: '24h',
    })
    return { batch, again: await openai.batches.retrieve(batch.id) }
  },
  moderation: async ({ openai }) => openai.moderations.create({ input: 'a key' }),
  'list of models': async ({ openai }) => all(openai.models.list()),
  'wrong key': async ({ wrong }) => wrong.chat.completions.create(say('Say something.')),
  'wrong model': async ({ openai }) =>
    openai.chat.completions.create({ ...say('Say something.'), model: 'no-such-model' }),
  '429, then well': async ({ openai }) => openai.chat.completions.create(say('Be busy once.')),
  '429, to the end': async ({ openai }) => openai.chat.completions.create(say('Be busy always.'), { maxRetries: 1 }),
  '500, then well': async ({ openai }) => openai.chat.completions.create(say('Break once.')),
  'abort before': async ({ openai }) =>
    openai.chat.completions.create(say('Say something.'), { signal: AbortSignal.abort() }),
  'abort while waiting': async ({ openai }) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 700)
    return openai.chat.completions.create(say('Answer never.'), { signal: controller.signal })
  },
  'abort in the middle of a stream': async ({ openai }) => {
    const controller = new AbortController()
    const { signal } = controller
    const stream = await openai.chat.completions.create({ ...say('Talk slowly.'), stream: true }, { signal })
    return until(stream, 3, () => controller.abort())
  },
  'leaving a stream': async ({ openai }) => {
    const seen = []
    for await (const chunk of await openai.chat.completions.create({ ...say('Talk slowly.'), stream: true })) {
      seen.push(chunk)
      if (seen.length === 3) break
    }
    return seen
  },
  'the SDK’s own timeout': async ({ openai }) =>
    openai.chat.completions.create(say('Answer never.'), { timeout: 1000, maxRetries: 1 }),
  'no answer at all': async ({ openai }) =>
    openai.chat.completions.create(say('Say nothing at all.'), { maxRetries: 1 }),
  'a stream that breaks off': async ({ openai }) => {
    const stream = await openai.chat.completions.create({ ...say('Break off.'), stream: true })
    return until(stream, 2, () => {})
  },
  'no JSON where JSON should be': async ({ openai }) => openai.chat.completions.create(say('Speak no JSON.')),
  'no stream where one should be': async ({ openai }) =>
    until(await openai.chat.completions.create({ ...say('Speak no JSON.'), stream: true }), Infinity, () => {}),
}
