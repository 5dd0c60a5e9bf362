// recorded-oracle: what does a recorded answer say? Read with JSON.parse and eventsource-parser, without any code of the
// core's, and where it can be in another way: from totals instead of parts, from the last state instead of the pieces.
import { createParser } from 'eventsource-parser'

/** @returns {{ text: string, reasoning: string, usage: object, model: string, stop: string }} */
export function oracle(wire, bytes) {
  return forms[wire](payloads(bytes.toString()))
}

/** The JSON texts of an answer, in their order. */
function payloads(answer) {
  const first = answer.trimStart()[0]
  if (first === '[') return JSON.parse(answer)
  if (first === '{') {
    try {
      return [JSON.parse(answer)]
    } catch {
      return answer
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    }
  }
  const found = []
  createParser({ onEvent: ({ data }) => data !== '[DONE]' && found.push(JSON.parse(data)) }).feed(answer)
  return found
}

const join = (parts) => parts.filter((part) => typeof part === 'string').join('')
const last = (values) => values.findLast((value) => value !== undefined && value !== null)
const known = (usage) => Object.fromEntries(Object.entries(usage).filter(([, count]) => typeof count === 'number'))

function openAiUsage(usage) {
  if (!usage) return {}
  const input = usage.prompt_tokens ?? usage.input_tokens
  const read = usage.prompt_tokens_details ?? usage.input_tokens_details
  const written = usage.completion_tokens_details ?? usage.output_tokens_details
  return known({
    input,
    // Whatever a provider counts as what: all that was not read was written.
    output: usage.total_tokens - input,
    cachedInput: read?.cached_tokens ?? usage.prompt_cache_hit_tokens,
    cacheWrite: read?.cache_write_tokens,
    reasoning: written?.reasoning_tokens ?? usage.reasoning_tokens,
    audioInput: read?.audio_tokens,
    audioOutput: written?.audio_tokens,
  })
}

const forms = {
  'openai-chat'(chunks) {
    const choices = chunks.flatMap(({ choices = [] }) => choices.slice(0, 1))
    const said = choices.map(({ delta, message }) => delta ?? message)
    const parts = said.flatMap(({ content }) => (Array.isArray(content) ? content : []))
    return {
      text: join([
        ...said.map(({ content }) => content),
        ...parts.filter(({ type }) => type === 'text').map(({ text }) => text),
      ]),
      reasoning: join([
        ...said.map(({ reasoning_content: one, reasoning: other }) => one || other),
        ...parts.flatMap(({ thinking = [] }) => thinking.map(({ text }) => text)),
      ]),
      usage: openAiUsage(last(chunks.map(({ usage, x_groq }) => usage ?? x_groq?.usage))),
      model: last(chunks.map(({ model }) => model)),
      stop: last(choices.map(({ finish_reason }) => finish_reason)) ?? '',
    }
  },

  'openai-responses'(events) {
    const { response } = events.findLast(({ type }) => /completed|incomplete|failed/.test(type))
    const items = (type) => response.output.filter((item) => item.type === type)
    return {
      // All of it again, in the last event.
      text: join(items('message').flatMap(({ content }) => content.map(({ text }) => text))),
      reasoning: join(items('reasoning').flatMap(({ content = [] }) => content.map(({ text }) => text))),
      usage: openAiUsage(response.usage),
      model: response.model,
      stop: response.incomplete_details?.reason ?? response.status,
    }
  },

  anthropic(events) {
    const { message } = events.find(({ type }) => type === 'message_start')
    const { delta, usage } = events.findLast(({ type }) => type === 'message_delta')
    const deltas = events.filter(({ type }) => type === 'content_block_delta').map(({ delta }) => delta)
    const all = { ...message.usage, ...usage }
    const read = all.cache_read_input_tokens
    const write = all.cache_creation_input_tokens
    return {
      text: join(deltas.map(({ text }) => text)),
      reasoning: join(deltas.map(({ thinking }) => thinking)),
      usage: known({
        input: all.input_tokens + (read ?? 0) + (write ?? 0),
        output: all.output_tokens,
        cachedInput: read,
        cacheWrite: write,
        reasoning: all.output_tokens_details?.thinking_tokens,
      }),
      model: message.model,
      stop: delta.stop_reason,
    }
  },

  gemini(chunks) {
    const candidates = chunks.flatMap(({ candidates }) => candidates)
    const parts = candidates.flatMap(({ content }) => content?.parts ?? [])
    const usage = last(chunks.map(({ usageMetadata }) => usageMetadata))
    return {
      text: join(parts.filter(({ thought }) => !thought).map(({ text }) => text)),
      reasoning: join(parts.filter(({ thought }) => thought).map(({ text }) => text)),
      usage: known({
        input: usage.promptTokenCount,
        output: usage.totalTokenCount - usage.promptTokenCount,
        cachedInput: usage.cachedContentTokenCount,
        reasoning: usage.thoughtsTokenCount,
      }),
      model: last(chunks.map(({ modelVersion }) => modelVersion)),
      stop: last(candidates.map(({ finishReason }) => finishReason)),
    }
  },

  cohere(events) {
    const ends = events.map((event) => event.delta ?? event)
    const contents = ends.flatMap(({ message }) => message?.content ?? [])
    const end = ends.findLast(({ finish_reason }) => finish_reason)
    return {
      text: join(contents.map(({ text }) => text)),
      reasoning: join([...contents.map(({ thinking }) => thinking), ...ends.map(({ message }) => message?.tool_plan)]),
      usage: { input: end.usage.billed_units.input_tokens, output: end.usage.billed_units.output_tokens },
      model: '',
      stop: end.finish_reason,
    }
  },

  ollama(lines) {
    const end = lines.at(-1)
    return {
      text: join(lines.map(({ message }) => message.content)),
      reasoning: join(lines.map(({ message }) => message.thinking)),
      usage: { input: end.prompt_eval_count, output: end.eval_count },
      model: end.model,
      stop: end.done_reason,
    }
  },
}
