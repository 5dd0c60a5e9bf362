// contract: is this answer one that server/openapi.json describes? Every answer the tests get is asked that: fetch is wrapped here for
// the servers that were named with watch(), and raw.mjs asks for what comes over a bare socket.
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
export const DOCUMENT = JSON.parse(readFileSync(`${root}server/openapi.json`, 'utf8'))
/** What was answered, a line each: `POST /v1/relay/{provider}/{path} 402`. */
export const SEEN = `${root}build/test-logs/server-answers.txt`
/** Framing and what every answer has: no part of a description. */
const ANYWHERE = /^(connection|date|content-(type|length)|transfer-encoding|cache-control|x-content-type-options|vary)$/
const CORS = /^access-control-/

const ajv = new Ajv2020({ strict: false, allErrors: true }).addSchema(DOCUMENT, 'openapi')
const resolve = (node) =>
  node?.$ref
    ? node.$ref
        .slice(2)
        .split('/')
        .reduce((at, name) => at[name], DOCUMENT)
    : node
const pointer = (...names) =>
  names.map((name) => `/${encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')

// A path's last part stands for all that follows: a provider's addresses have slashes.
const PATHS = Object.keys(DOCUMENT.paths).map((template) => ({
  template,
  pattern: new RegExp(
    `^${template
      .replaceAll(/[.]/g, '\\.')
      .replace(/\{\w+\}$/, '.*')
      .replaceAll(/\{\w+\}/g, '[^/]*')}$`,
  ),
}))

/** Where the document says what this may be answered: `route` for people, `place` of its responses. */
function routeOf(method, path) {
  const template = PATHS.find(({ pattern }) => pattern.test(path.split('?')[0]))?.template
  const verb = (method === 'HEAD' ? 'GET' : method).toLowerCase()
  if (!template || !DOCUMENT.paths[template][verb])
    return { route: 'ANY *', place: pointer('x-any-address'), responses: DOCUMENT['x-any-address'] }
  const { responses } = DOCUMENT.paths[template][verb]
  return { route: `${verb.toUpperCase()} ${template}`, place: pointer('paths', template, verb, 'responses'), responses }
}

/**
 * What is wrong with an answer; nothing if it is as described.
 * @param {{ method: string, path: string, status: number, headers: Map<string, string> | Headers, body?: string }} answer  without
 *   a body where it is not there as a whole
 * @returns {string | undefined}
 */
export function objection({ method, path, status, headers, body }) {
  const { route, place, responses } = routeOf(method, path)
  const at = (what) => `${route} ${status}: ${what}`
  const relayed = headers.get('keyhold-source') !== null && headers.get('keyhold-source') !== undefined
  const key = relayed && !isMixed(responses[status]) ? 'default' : String(status)
  if (!responses[key]) return at('no such status is described')
  const response = resolve(responses[key])
  const where = responses[key].$ref?.slice(1) ?? place + pointer(key)

  for (const [name, described] of Object.entries(response.headers ?? {})) {
    const value = headers.get(name) ?? undefined
    const header = resolve(described)
    if (value === undefined && header.required) return at(`no ${name}`)
    const wrong =
      value !== undefined &&
      schemaObjection(`${described.$ref?.slice(1) ?? `${where}/headers${pointer(name)}`}/schema`, value)
    if (wrong) return at(`${name}: ${wrong}`)
  }
  for (const name of relayed ? [] : headers.keys()) {
    if (!ANYWHERE.test(name) && !CORS.test(name) && !(name in (response.headers ?? {})))
      return at(`${name} is not described`)
  }

  const type = headers.get('content-type')?.split(';')[0]
  if (!response.content) return body ? at('a body is not described') : undefined
  const media = relayed ? '*/*' : type
  if (!media || !response.content[media]) return at(`${type} is not described`)
  if (body === undefined || relayed || method === 'HEAD') return undefined
  if (!media.endsWith('json')) return undefined
  const wrong = schemaObjection(`${where}/content${pointer(media)}/schema`, JSON.parse(body))
  return wrong && at(`${wrong} in ${body.slice(0, 500)}`)
}

/** Of a status that both the server and a provider may give. */
const isMixed = (response) => resolve(response)?.content?.['*/*'] !== undefined

function schemaObjection(place, value) {
  const validate = ajv.getSchema(`openapi#${place}`) ?? ajv.compile({ $ref: `openapi#${place}` })
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}

const seen = new Set()
const objections = []

/** Fails the test, and the file, if the answer is not one that is described. */
export function check(answer) {
  const { method, path, status, headers } = answer
  seen.add(`${routeOf(method, path).route} ${headers.get('keyhold-source') ? 'provider' : status}`)
  const wrong = objection(answer)
  if (!wrong) return
  objections.push(wrong)
  throw new Error(`not as server/openapi.json says: ${wrong}`)
}

const watched = new Set()
/** From now on what `fetch` gets from there is checked. */
export const watch = (origin) => watched.add(origin)

const plainFetch = globalThis.fetch
globalThis.fetch = async function fetch(input, init) {
  const response = await plainFetch(input, init)
  const { origin, pathname } = new URL(input.url ?? input)
  if (!watched.has(origin)) return response
  const answer = {
    method: init?.method ?? input.method ?? 'GET',
    path: pathname,
    status: response.status,
    headers: response.headers,
  }
  // A provider's answer is read by whoever asked, as it comes.
  if (response.headers.has('keyhold-source')) {
    check(answer)
    return response
  }
  const body = await response.text()
  check({ ...answer, body })
  const { status, headers } = response
  return new Response(status === 204 ? null : body, { status, headers })
}

process.on('exit', () => {
  mkdirSync(`${root}build/test-logs`, { recursive: true })
  // By the server's own tests only: others use this, too, and may run beside them.
  if (process.env.KEYHOLD_NOTE_ANSWERS) appendFileSync(SEEN, [...seen, ''].join('\n'))
  if (objections.length === 0) return
  // A test that expects a call to fail does not hide what was wrong with its answer.
  console.error(`not as server/openapi.json says:\n${objections.join('\n')}`)
  process.exitCode = 1
})
