// google: what an app does with @google/genai. Each case is called twice: with the vault's fetch, and without.
import { GoogleGenAI } from '@google/genai/web'
import { all, until } from './plain.mjs'

export const PACKAGE = '@google/genai'
const model = 'gemini-flash-latest'
const say = (contents, config) => ({ model, contents, config })
const tools = [
  {
    functionDeclarations: [
      { name: 'weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
    ],
  },
]

export const client = ({ apiKey, fetch }) => new GoogleGenAI({ apiKey, httpOptions: fetch ? { fetch } : {} })
const retrying = { httpOptions: { retryOptions: { attempts: 2, initialDelay: 0.2, jitter: 0 } } }

export const CASES = {
  'content, whole': async ({ google }) => google.models.generateContent(say('Say something.')),
  'content, streamed': async ({ google }) => all(await google.models.generateContentStream(say('Say something.'))),
  'thinking, streamed': async ({ google }) => all(await google.models.generateContentStream(say('Think first.'))),
  'a chat of two turns': async ({ google }) => {
    const chat = google.chats.create({ model })
    const one = await chat.sendMessage({ message: 'Say something.' })
    const two = await chat.sendMessage({ message: 'Think first.' })
    return { one, two, history: chat.getHistory() }
  },
  'tools, called and answered': async ({ google }) => {
    const asked = { role: 'user', parts: [{ text: 'What is the weather?' }] }
    const { candidates, functionCalls } = await google.models.generateContent(say([asked], { tools }))
    const result = { functionResponse: { id: functionCalls[0].id, name: 'weather', response: { output: 'rain' } } }
    const then = [asked, candidates[0].content, { role: 'user', parts: [result] }]
    return { functionCalls, answered: await google.models.generateContent(say(then, { tools })) }
  },
  'tools, streamed': async ({ google }) =>
    all(await google.models.generateContentStream(say('What is the weather?', { tools }))),
  interactions: async ({ google }) => google.interactions.create({ model, input: 'Say something.' }),
  'interactions, streamed': async ({ google }) =>
    all(await google.interactions.create({ model, input: 'Say something.', stream: true })),
  embeddings: async ({ google }) => google.models.embedContent({ model: 'gemini-embedding-001', contents: 'a' }),
  'counting tokens': async ({ google }) => google.models.countTokens(say('Say something.')),
  'speech (within the answer)': async ({ google }) =>
    google.models.generateContent(say('Speak aloud.', { responseModalities: ['AUDIO'] })),
  'files (upload)': async ({ google }) =>
    google.files.upload({ file: new Blob([Uint8Array.from({ length: 9000 }, (_, i) => i)], { type: 'image/png' }) }),
  'list of models': async ({ google }) => all(await google.models.list()),
  'wrong key': async ({ wrong }) => wrong.models.generateContent(say('Say something.')),
  'wrong model': async ({ google }) =>
    google.models.generateContent({ ...say('Say something.'), model: 'no-such-model' }),
  '429, then well': async ({ google }) => google.models.generateContent(say('Be busy once.', retrying)),
  '500, then well': async ({ google }) => google.models.generateContent(say('Break once.', retrying)),
  '429, to the end': async ({ google }) => google.models.generateContent(say('Be busy always.', retrying)),
  'abort while waiting': async ({ google }) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 700)
    return google.models.generateContent(say('Answer never.', { abortSignal: controller.signal }))
  },
  'abort in the middle of a stream': async ({ google }) => {
    const controller = new AbortController()
    const stream = await google.models.generateContentStream(say('Talk slowly.', { abortSignal: controller.signal }))
    return until(stream, 3, () => controller.abort())
  },
  'the SDK’s own timeout': async ({ google }) =>
    google.models.generateContent(say('Answer never.', { httpOptions: { timeout: 1000 } })),
  'no answer at all': async ({ google }) => google.models.generateContent(say('Say nothing at all.')),
  'a stream that breaks off': async ({ google }) =>
    until(await google.models.generateContentStream(say('Break off.')), 2, () => {}),
  'no JSON where JSON should be': async ({ google }) => google.models.generateContent(say('Speak no JSON.')),
  'no stream where one should be': async ({ google }) =>
    until(await google.models.generateContentStream(say('Speak no JSON.')), Infinity, () => {}),
}
