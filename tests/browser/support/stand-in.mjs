// stand-in: @copilotkit/aimock, which nobody here wrote, in the place of every provider: under their own names, behind TLS,
// with their own preflights. Two parties ask it: the vault, and a page that does without. What each asked is kept.
import { createHash } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { LLMock } from '@copilotkit/aimock'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { certificate } from './providers.mjs'

export const KEY = 'sk-stand-in-0123456789abcdefghijklmnopqrstuvwxyz'
export const WRONG_KEY = 'sk-stand-in-that-opens-nothing-0123456789abcdef'

/** Which request headers a provider's preflight lets pass in life (undefined: all), and where the stand-in has its paths. */
const HOSTS = {
  'api.openai.com': {},
  'api.anthropic.com': {},
  'generativelanguage.googleapis.com': {
    // Of its paths for files this is not known; a page must be able to send what uploads need there.
    allowed: ['content-type', 'x-goog-api-key', 'x-goog-api-client'],
    // The stand-in knows one version of the interface.
    path: (url) => url.replace(/^\/v1\//, '/v1beta/'),
  },
  'api.mistral.ai': { allowed: ['authorization', 'content-type', 'x-mistral-user-agent'] },
  'api.groq.com': { path: (url) => url.replace(/^\/openai\//, '/') },
  'api.x.ai': {},
}
/** Which every call from a browser needs, and the vault sends by itself. */
const DIRECT = 'anthropic-dangerous-direct-browser-access'
const CREDENTIALS = ['authorization', 'x-api-key', 'x-goog-api-key']

/**
 * @param {import('@copilotkit/aimock').Fixture[]} fixtures
 */
export async function startStandIn(fixtures) {
  const mock = new LLMock({ port: 0, auth: { apiKeys: [KEY] } })
  mock.addFixtures(fixtures)
  await mock.start()
  const mockPort = Number(new URL(mock.url).port)
  let vaultOrigin = ''
  const states = Object.fromEntries(
    Object.keys(HOSTS).map((host) => [host, { case: '', strict: false, lanes: none() }]),
  )
  // The vault's own look at whether a host answers at all, which no answer can be read of, names no origin.
  const laneOf = (origin) => (origin === undefined ? 'probe' : origin === vaultOrigin ? 'vault' : 'direct')

  const answer = async (incoming, outgoing) => {
    const { method, url, headers } = incoming
    const host = HOSTS[headers.host]
    const lane = laneOf(headers.origin)
    outgoing.setHeader('Access-Control-Allow-Origin', '*')
    // On a connection used before, a browser asks again by itself when it is cut; on a new one it does not.
    outgoing.setHeader('Connection', 'close')
    if (host === undefined) return outgoing.writeHead(421).end()
    const state = states[headers.host]
    if (method === 'OPTIONS') {
      const strict = (lane === 'vault' || state.strict) && !url.startsWith('/upload/')
      return preflight(incoming, outgoing, strict ? host.allowed : undefined)
    }
    const body = Buffer.concat(await incoming.toArray())
    const seen = {
      method,
      host: headers.host,
      url,
      type: headers['content-type'] ?? null,
      headers,
      body,
      left: false,
      over: false,
    }
    const requests = state.lanes[lane]
    requests.push(seen)
    outgoing.on('close', () => {
      seen.left = !outgoing.writableFinished
      seen.over = true
    })
    if (url.startsWith('/upload/')) return answerUpload(seen, outgoing)
    const onward = httpRequest({
      port: mockPort,
      host: '127.0.0.1',
      method,
      path: host.path?.(url) ?? url,
      headers: {
        ...Object.fromEntries(Object.entries(headers).filter(([name]) => !['host', 'origin'].includes(name))),
        // Sequences of answers are counted for each party and case alone.
        'x-test-id': `${state.case}/${lane}`,
        'x-request-id': `req-${state.case}-${requests.length}`,
      },
    })
    onward.on('response', (answered) => {
      const kept = Object.entries(answered.headers).filter(
        ([name]) => !/^(access-control-|connection$|keep-alive$)/.test(name),
      )
      outgoing.writeHead(answered.statusCode, {
        ...Object.fromEntries(kept),
        'Access-Control-Allow-Origin': '*',
        'Access-Control-Expose-Headers': '*',
      })
      outgoing.flushHeaders()
      answered.pipe(outgoing)
      answered.on('error', () => outgoing.destroy())
    })
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    onward.end(body)
  }
  const secure = createHttpsServer(certificate(), (incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  })
  await listen(secure, 0)

  return {
    port: secure.address().port,
    mock,
    /** The page of this origin is the vault's. */
    setVault: (origin) => (vaultOrigin = origin),
    /** One provider: what is begun there has nothing to do with what another is asked meanwhile. */
    at: (host) => ({
      /** `strict`: who does without the vault meets the provider's preflight, too. */
      begin(name, { strict = false } = {}) {
        states[host] = { case: name.replaceAll(/[^a-z0-9]+/gi, '-'), strict, lanes: none() }
      },
      /** Every request begun since begin() has come to an end. */
      async settled() {
        const open = () =>
          Object.values(states[host].lanes)
            .flat()
            .some(({ over }) => !over)
        for (const until = Date.now() + 5_000; open() && Date.now() < until;)
          await new Promise((done) => setTimeout(done, 5))
      },
      /** What one party (`vault`, `direct`; `probe`: the vault, without a key) asked since begin(). */
      seen: (lane) => states[host].lanes[lane],
    }),
    /** All of them: has the vault asked anyone since? */
    beginAll() {
      for (const host of Object.keys(HOSTS)) this.at(host).begin('all')
      return { askedByVault: () => Object.values(states).flatMap(({ lanes }) => [...lanes.vault, ...lanes.probe]) }
    },
    async stop() {
      await Promise.all([stop(secure), mock.stop()])
    },
  }
}

function none() {
  return { vault: [], direct: [], probe: [] }
}

/** Google's way of taking files, which aimock has not: the only answers here that are our own. */
function answerUpload({ host, url, headers, body }, outgoing) {
  outgoing.setHeader('Access-Control-Expose-Headers', '*')
  if (headers['x-goog-upload-command'] === 'start') {
    outgoing.setHeader('x-goog-upload-url', `https://${host}${url}?upload_id=one&upload_protocol=resumable`)
    return outgoing.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  outgoing.setHeader('x-goog-upload-status', 'final')
  const file = { name: 'files/one', sizeBytes: String(body.length), sha256Hash: sha256(body), state: 'ACTIVE' }
  return outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ file }))
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('base64')
}

function preflight(incoming, outgoing, allowed) {
  const asked = (incoming.headers['access-control-request-headers'] ?? '').split(',').filter(Boolean)
  outgoing.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE')
  outgoing.setHeader('Access-Control-Allow-Headers', (allowed ?? asked).join(','))
  outgoing.setHeader('Access-Control-Max-Age', '600')
  outgoing.writeHead(allowed && asked.some((name) => !allowed.includes(name)) ? 403 : 204).end()
}

/** A request as two parties may be compared by it. The boundary of a form is each one's own. */
export async function comparable({ method, host, url, type, headers, body, left }) {
  // Which header carries the key is the vault's to choose; that it is there once is not.
  const credential = CREDENTIALS.flatMap((name) => headers[name]?.replace('Bearer ', '') ?? [])
  const options = Object.keys(headers).filter(
    (name) => /^(anthropic|openai|x-goog-upload)-/.test(name) && name !== DIRECT,
  )
  return {
    method,
    url: `https://${host}${url}`,
    // Of a body that is not there, an SDK may still say that it is JSON.
    type: body.length > 0 ? type?.replace(/;.*/, '') : null,
    credential,
    options: Object.fromEntries(options.map((name) => [name, headers[name]])),
    body: await comparableBody(url.startsWith('/upload/') ? 'bytes' : type, body),
    left,
  }
}

async function comparableBody(type, body) {
  if (body.length === 0) return null
  if (type?.startsWith('application/json')) return JSON.parse(body.toString())
  if (!type?.startsWith('multipart/form-data')) return body.toString('base64')
  const form = await new Response(body, { headers: { 'content-type': type } }).formData()
  return Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === 'string'
        ? [name, value]
        : [name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString('base64')],
    ),
  )
}
