// fixtures: what the stand-in answers to what the SDKs ask. One sentence of a question picks one answer.
const usage = {
  prompt_tokens: 12,
  completion_tokens: 7,
  total_tokens: 19,
  input_tokens: 12,
  output_tokens: 7,
  promptTokenCount: 12,
  candidatesTokenCount: 7,
  totalTokenCount: 19,
}
const text = 'Grüße! Words arrive one by one, 字 and 🔑 among them.\nAnd a second line.'
const error = (status, message, type, code) => ({ status, error: { message, type, code } })
const on = (userMessage, response, more = {}) => ({ match: { userMessage, ...more.match }, response, ...more.fixture })
const first = { match: { sequenceIndex: 0 } }
const busy = { ...error(429, 'Rate limit reached. Please try again in 1s.', 'rate_limit_error', 'rate_limit_exceeded') }

export const FIXTURES = [
  {
    match: { model: 'no-such-model' },
    response: error(404, 'The model does not exist.', 'not_found_error', 'model_not_found'),
  },
  on('Say something.', { content: text, usage }),
  on('Think first.', { content: 'Forty-two.', reasoning: 'Six times nine, or so.', usage }),
  on(
    'What is the weather?',
    { toolCalls: [{ id: 'call_weather_1', name: 'weather', arguments: '{"city":"Ulm","days":2}' }], usage },
    { match: { hasToolResult: false } },
  ),
  on('What is the weather?', { content: 'It rains in Ulm.', usage }, { match: { hasToolResult: true } }),
  on('Say it as JSON.', { content: '{"city":"Ulm","rain":true}', usage }),
  on('Be busy once.', { ...busy, retryAfter: 1 }, first),
  on('Be busy once.', { content: 'Not busy any more.', usage }),
  on('Be busy always.', { ...busy, retryAfter: 1 }),
  on('Break once.', error(500, 'Something broke.', 'server_error', 'internal_error'), first),
  on('Break once.', { content: 'Whole again.', usage }),
  on('Be overloaded always.', error(529, 'Overloaded', 'overloaded_error', 'overloaded')),
  on(
    'Talk slowly.',
    { content: 'word '.repeat(200), usage },
    { fixture: { streamingProfile: { ttft: 20, tps: 20 }, chunkSize: 5 } },
  ),
  on('Answer never.', { content: 'too late' }, { fixture: { chaos: { latencyMs: 20_000 } } }),
  on(
    'Break off.',
    { content: text, usage },
    { fixture: { truncateAfterChunks: 4, chunkSize: 4, streamingProfile: { ttft: 20, tps: 50 } } },
  ),
  on('Speak no JSON.', { content: text }, { fixture: { chaos: { malformedRate: 1 } } }),
  on('Say nothing at all.', { content: text }, { fixture: { chaos: { disconnectRate: 1 } } }),
  { match: { endpoint: 'embedding' }, response: { embedding: [0.25, -0.5, 0.125, 1] } },
  {
    match: { endpoint: 'image' },
    response: { images: [{ b64Json: btoa('a picture'), revisedPrompt: 'a better one' }] },
  },
  // Every byte there is, more than once: none may be taken for text.
  {
    match: { endpoint: 'speech' },
    response: { audio: Buffer.from(Uint8Array.from({ length: 70_000 }, (_, i) => (i * 31) & 255)).toString('base64') },
  },
  {
    match: { endpoint: 'transcription' },
    response: {
      transcription: {
        text: 'what was said',
        language: 'english',
        duration: 1.5,
        segments: [
          {
            id: 0,
            seek: 0,
            start: 0,
            end: 1.5,
            text: 'what was said',
            tokens: [1, 2],
            temperature: 0,
            avg_logprob: -0.25,
            compression_ratio: 1,
            no_speech_prob: 0,
          },
        ],
      },
    },
  },
  on('Speak aloud.', { audio: { b64Json: btoa('a sound'), contentType: 'audio/wav' } }),
  { match: { endpoint: 'translation' }, response: { transcription: { text: 'what was meant' } } },
]
