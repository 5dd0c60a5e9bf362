// wires: how the same short answer is asked for and streamed in each of five forms: two pieces of text, then what it used.
const sse = (data, event) => `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`
const messages = [{ role: 'user', content: 'Say something short.' }]

/** What each answer reports, if it does. */
export const REPORTED = { input: 40, output: 12 }
const TEXT = ['Something ', 'short, as asked for.']

/**
 * `begin`: before the first text; `text`: a piece of it; `usage`: what was used; `end`: what ends the answer.
 * @type {{ name: string, like: string, path: string, body: object, begin(usage: boolean): string, text: string[],
 *   usage: string, end(usage: boolean): string }[]}
 */
export const WIRES = [
  {
    name: 'openai-chat',
    like: 'openai',
    path: 'chat/completions',
    body: { model: 'm-1', stream: true, max_tokens: 50, messages },
    begin: () => '',
    text: TEXT.map((content) => sse({ model: 'm-1', choices: [{ index: 0, delta: { content } }] })),
    usage: sse({ model: 'm-1', choices: [], usage: { prompt_tokens: 40, completion_tokens: 12 } }),
    end: () => 'data: [DONE]\n\n',
  },
  {
    name: 'openai-responses',
    like: 'openai',
    path: 'responses',
    body: { model: 'm-1', stream: true, max_output_tokens: 50, input: 'Say something short.' },
    begin: () => sse({ type: 'response.created', response: { model: 'm-1', usage: null } }, 'response.created'),
    text: TEXT.map((delta) => sse({ type: 'response.output_text.delta', delta }, 'response.output_text.delta')),
    usage: '',
    end: (usage) =>
      sse(
        {
          type: 'response.completed',
          response: {
            model: 'm-1',
            status: 'completed',
            usage: usage ? { input_tokens: 40, output_tokens: 12 } : null,
          },
        },
        'response.completed',
      ),
  },
  {
    name: 'anthropic',
    like: 'anthropic',
    path: 'messages',
    body: { model: 'm-1', stream: true, max_tokens: 50, messages },
    begin: (usage) =>
      sse(
        {
          type: 'message_start',
          message: {
            model: 'm-1',
            role: 'assistant',
            content: [],
            usage: usage ? { input_tokens: 40, output_tokens: 1 } : {},
          },
        },
        'message_start',
      ),
    text: TEXT.map((text) =>
      sse({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, 'content_block_delta'),
    ),
    usage: sse(
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 12 } },
      'message_delta',
    ),
    end: () => sse({ type: 'message_stop' }, 'message_stop'),
  },
  {
    name: 'gemini',
    like: 'google',
    path: 'models/m-1:streamGenerateContent?alt=sse',
    body: {
      contents: [{ role: 'user', parts: [{ text: 'Say something short.' }] }],
      generationConfig: { maxOutputTokens: 50 },
    },
    begin: () => '',
    text: TEXT.map((text) =>
      sse({ candidates: [{ content: { parts: [{ text }], role: 'model' } }], modelVersion: 'm-1' }),
    ),
    usage: '',
    end: (usage) =>
      sse({
        candidates: [{ content: { parts: [{ text: '' }], role: 'model' }, finishReason: 'STOP' }],
        ...(usage ? { usageMetadata: { promptTokenCount: 40, candidatesTokenCount: 12 } } : {}),
      }),
  },
  {
    name: 'cohere',
    like: 'cohere',
    path: 'v2/chat',
    body: { model: 'm-1', stream: true, max_tokens: 50, messages },
    begin: () => sse({ type: 'message-start', delta: { message: { role: 'assistant' } } }),
    text: TEXT.map((text) => sse({ type: 'content-delta', index: 0, delta: { message: { content: { text } } } })),
    usage: '',
    end: (usage) =>
      sse({
        type: 'message-end',
        delta: {
          finish_reason: 'COMPLETE',
          ...(usage ? { usage: { tokens: { input_tokens: 40, output_tokens: 12 } } } : {}),
        },
      }),
  },
]
