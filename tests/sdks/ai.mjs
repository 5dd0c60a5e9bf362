// ai: what an app does with the AI SDK and its providers. Each case is called twice: with the vault's fetch, and without.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createGroq } from '@ai-sdk/groq'
import { createMistral } from '@ai-sdk/mistral'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import {
  embed,
  embedMany,
  generateImage,
  generateObject,
  generateSpeech,
  generateText,
  stepCountIs,
  streamText,
  tool,
  transcribe,
} from 'ai'
import { z } from 'zod'
import { all } from './plain.mjs'

const tools = {
  weather: tool({
    inputSchema: z.object({ city: z.string(), days: z.number() }),
    execute: ({ city }) => `rain in ${city}`,
  }),
}
const quiet = { onError: () => {} }

/** What every provider of a language model does. */
function language({ language: named, model }) {
  const text = (ai, prompt, more) => generateText({ model: named(ai, model), prompt, maxRetries: 1, ...more })
  const stream = (ai, prompt, more) => streamText({ model: named(ai, model), prompt, maxRetries: 1, ...quiet, ...more })
  return {
    'text, whole': async ({ ai }) => result(await text(ai, 'Say something.')),
    'text, streamed': async ({ ai }) => streamed(stream(ai, 'Say something.')),
    'reasoning, streamed': async ({ ai }) => streamed(stream(ai, 'Think first.')),
    'tools, in steps': async ({ ai }) =>
      result(await text(ai, 'What is the weather?', { tools, stopWhen: stepCountIs(3) })),
    'tools, streamed in steps': async ({ ai }) =>
      streamed(stream(ai, 'What is the weather?', { tools, stopWhen: stepCountIs(3) })),
    'an object': async ({ ai }) => {
      const schema = z.object({ city: z.string(), rain: z.boolean() })
      const { object, usage } = await generateObject({ model: named(ai, model), prompt: 'Say it as JSON.', schema })
      return { object, usage }
    },
    'wrong key': async ({ wrong }) => text(wrong, 'Say something.'),
    'wrong model': async ({ ai }) => generateText({ model: named(ai, 'no-such-model'), prompt: 'Say something.' }),
    '429, then well': async ({ ai }) => result(await text(ai, 'Be busy once.')),
    '500, then well': async ({ ai }) => result(await text(ai, 'Break once.')),
    '429, to the end': async ({ ai }) => text(ai, 'Be busy always.'),
    'abort while waiting': async ({ ai }) => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 700)
      return text(ai, 'Answer never.', { abortSignal: controller.signal })
    },
    'abort in the middle of a stream': async ({ ai }) => {
      const controller = new AbortController()
      const { fullStream } = stream(ai, 'Talk slowly.', { abortSignal: controller.signal })
      const seen = []
      for await (const part of fullStream) {
        if (part.type === 'text-delta' && seen.filter(({ type }) => type === 'text-delta').length === 2)
          controller.abort()
        if (!controller.signal.aborted || part.type !== 'text-delta') seen.push(part)
      }
      return seen
    },
    'a time limit': async ({ ai }) => text(ai, 'Answer never.', { abortSignal: AbortSignal.timeout(1000) }),
    'a stream that breaks off': async ({ ai }) => {
      const parts = await all(stream(ai, 'Break off.').fullStream)
      return parts.filter(({ type }) => !type.startsWith('text-') && !type.startsWith('reasoning-'))
    },
    'no JSON where JSON should be': async ({ ai }) => text(ai, 'Speak no JSON.'),
    'no stream where one should be': async ({ ai }) => all(stream(ai, 'Speak no JSON.').fullStream),
  }
}

const embeddings = (model) => ({
  embeddings: async ({ ai }) => {
    const { embeddings: vectors, usage } = await embedMany({ model: model(ai), values: ['a', 'b'], maxRetries: 0 })
    return { vectors, usage }
  },
})
const images = (model) => ({
  'image, generated': async ({ ai }) => {
    const { images: made } = await generateImage({ model: model(ai), prompt: 'a key', maxRetries: 0 })
    return made.map(({ base64, mediaType }) => ({ base64, mediaType }))
  },
})
const speech = (model) => ({
  'speech (binary answer)': async ({ ai }) => {
    const { audio } = await generateSpeech({ model: model(ai), text: 'Say something.', voice: 'alloy', maxRetries: 0 })
    return { bytes: audio.uint8Array, mediaType: audio.mediaType }
  },
})
const transcription = (model) => ({
  'transcription (form)': async ({ ai }) => {
    const audio = Uint8Array.from({ length: 30_000 }, (_, i) => i * 7)
    const { text, segments, language: spoken } = await transcribe({ model: model(ai), audio, maxRetries: 0 })
    return { text, segments, spoken }
  },
})

const OPENAI = { language: (ai, id) => ai(id), model: 'gpt-6-luna' }
const OPENAI_CHAT = { language: (ai, id) => ai.chat(id), model: 'gpt-6-luna' }
const ANTHROPIC = { language: (ai, id) => ai(id), model: 'claude-sonnet-5-5' }
const GOOGLE = { language: (ai, id) => ai(id), model: 'gemini-flash-latest' }
const MISTRAL = { language: (ai, id) => ai(id), model: 'mistral-small-2603' }
const GROQ = { language: (ai, id) => ai(id), model: 'openai/gpt-oss-120b' }
const COMPATIBLE = { language: (ai, id) => ai(id), model: 'grok-4.3' }

/** One entry for each provider package: how an app makes it, and what is done with it. */
export const PROVIDERS = {
  aiOpenai: {
    package: '@ai-sdk/openai',
    client: createOpenAI,
    cases: {
      ...language(OPENAI),
      ...prefixed('chat: ', language(OPENAI_CHAT), ['text, whole', 'text, streamed', 'tools, streamed in steps']),
      ...embeddings((ai) => ai.embedding('text-embedding-3-small')),
      ...images((ai) => ai.image('gpt-image-1')),
      ...speech((ai) => ai.speech('tts-1')),
      ...transcription((ai) => ai.transcription('whisper-1')),
    },
    // Not the same with the vault and without: looked at by itself.
    apart: {
      'no answer at all': async ({ ai }) =>
        generateText({ model: ai('m'), prompt: 'Say nothing at all.', maxRetries: 1 }),
    },
  },
  aiAnthropic: { package: '@ai-sdk/anthropic', client: createAnthropic, cases: language(ANTHROPIC) },
  aiGoogle: {
    package: '@ai-sdk/google',
    client: createGoogleGenerativeAI,
    cases: {
      ...language(GOOGLE),
      'an embedding': async ({ ai }) => {
        const { embedding, usage } = await embed({
          model: ai.embedding('gemini-embedding-001'),
          value: 'a',
          maxRetries: 0,
        })
        return { embedding, usage }
      },
    },
  },
  aiMistral: {
    package: '@ai-sdk/mistral',
    client: createMistral,
    cases: { ...language(MISTRAL), ...embeddings((ai) => ai.embedding('mistral-embed')) },
  },
  aiGroq: {
    package: '@ai-sdk/groq',
    client: createGroq,
    cases: { ...language(GROQ), ...transcription((ai) => ai.transcription('whisper-large-v3')) },
  },
  aiXai: {
    package: '@ai-sdk/openai-compatible',
    client: (options) => createOpenAICompatible({ name: 'xai', baseURL: 'https://api.x.ai/v1', ...options }),
    cases: { ...language(COMPATIBLE), ...images((ai) => ai.imageModel('grok-image')) },
  },
}

function prefixed(prefix, cases, names) {
  return Object.fromEntries(names.map((name) => [prefix + name, cases[name]]))
}

function result({
  text,
  reasoningText,
  toolCalls,
  toolResults,
  finishReason,
  usage,
  totalUsage,
  steps,
  response,
  warnings,
}) {
  return {
    text,
    reasoningText,
    toolCalls,
    toolResults,
    finishReason,
    usage,
    totalUsage,
    steps: steps.map(({ content, finishReason: why }) => ({ content, finishReason: why })),
    response,
    warnings,
  }
}

async function streamed(stream) {
  const parts = await all(stream.fullStream)
  return { parts, text: await stream.text, usage: await stream.usage, finishReason: await stream.finishReason }
}
