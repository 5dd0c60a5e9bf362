// kit: every provider of the catalogue, on one port of this machine, each behind the CORS that it is known to have.
import { readFileSync } from 'node:fs'
import { LLMock } from '@copilotkit/aimock'
import { ANSWERED, startProviders } from '../browser/support/providers.mjs'

const { profiles, providers } = JSON.parse(readFileSync(new URL('profiles.json', import.meta.url), 'utf8'))
export const RIGHT_KEY = 'kit-right-key-0123456789abcdef'
export const TEXT = 'Words stream into light.'

/** Headers that need no leave: https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const FREE = ['accept', 'accept-language', 'content-language']
/** Where the stand-in behind has each kind of call. */
const CALLS = [
  [/\/chat\/completions$/, () => '/v1/chat/completions'],
  [/\/responses$/, () => '/v1/responses'],
  [/\/messages$/, () => '/v1/messages'],
  [/\/models\/[^/]+:(generateContent|streamGenerateContent)$/, (path) => `/v1beta${/\/models\/.*/.exec(path)[0]}`],
  [/\/v2\/chat$/, () => '/v2/chat'],
  [/\/api\/chat$/, () => '/api/chat'],
]

/** @returns the profile's name, or null: nobody has measured this provider. */
export function profileOf(provider) {
  return providers[provider] ?? null
}

export function profileNamed(name) {
  return profiles[name]
}

/**
 * @param {Record<string, string>} hosts host (with its port, if it has one) -> provider
 * @returns {Promise<{ port: number, preflights: { provider: string, asked: string[] }[], stop(): Promise<void> }>}
 */
export async function startKit(hosts) {
  const model = new LLMock({ port: 0, host: '127.0.0.1', journalMaxEntries: 10 })
  model.on({ endpoint: 'chat' }, { content: TEXT, usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 } })
  await model.start()
  const preflights = []

  const server = await startProviders((request, outgoing) => {
    const provider = hosts[request.host]
    if (provider === undefined) {
      outgoing.writeHead(421).end()
      return ANSWERED
    }
    const profile = profiles[profileOf(provider)]
    const headers = new Map(
      request.headers.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    )
    if (request.method === 'OPTIONS') {
      const asked = (headers.get('access-control-request-headers') ?? '').split(',').filter(Boolean)
      preflights.push({ provider, asked })
      answerPreflight(profile, asked, outgoing)
      return ANSWERED
    }
    const known = [...headers.values()].some((value) => value.includes(RIGHT_KEY))
    if (profile.preflight !== null && (known || profile.unauthorized === 'readable')) {
      outgoing.setHeader('Access-Control-Allow-Origin', '*')
      if (profile.expose) outgoing.setHeader('Access-Control-Expose-Headers', profile.expose.join(', '))
    }
    if (!known) sendJson(outgoing, 401, { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' } })
    else void answer(request, headers, outgoing, model.port)
    return ANSWERED
  })
  return { port: server.port, preflights, stop: () => Promise.all([server.stop(), model.stop()]) }
}

/** As in life: the answer says what is allowed, and the browser compares; Google refuses by itself. */
function answerPreflight({ preflight, refusal }, asked, outgoing) {
  if (preflight === null) return outgoing.writeHead(404).end()
  const allowed = preflight === 'reflect' ? asked : preflight
  if (refusal && asked.some((name) => !allowed.includes(name) && !FREE.includes(name))) {
    return outgoing.writeHead(refusal).end()
  }
  outgoing.writeHead(204, {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Methods': 'GET, POST',
    'Access-Control-Allow-Headers': allowed.join(', '),
  })
  return outgoing.end()
}

async function answer({ method, url, body }, headers, outgoing, port) {
  const path = url.split('?')[0]
  const call = CALLS.find(([pattern]) => pattern.test(path))
  if (method !== 'POST' || call === undefined) return sendJson(outgoing, 200, LISTS)
  const onward = await fetch(`http://127.0.0.1:${port}${call[1](path)}`, {
    method,
    headers: { 'content-type': headers.get('content-type') ?? 'application/json' },
    body,
  })
  outgoing.writeHead(onward.status, { 'content-type': onward.headers.get('content-type') ?? 'application/json' })
  for await (const chunk of onward.body) outgoing.write(chunk)
  outgoing.end()
}

/** A list of models in every wire form at once, and an account in good standing. */
const LISTS = {
  object: 'list',
  data: [{ id: 'model-1', object: 'model' }],
  models: [{ name: 'models/model-1', model: 'model-1', supportedGenerationMethods: ['generateContent'] }],
  is_available: true,
}

function sendJson(outgoing, status, value) {
  outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
