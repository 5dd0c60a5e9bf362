// response: Responses that look as if the network had made them, and those with which the vault itself refuses.
import type { ErrorCode } from '../protocol/errors'
import type { KeyholdError } from './error'

/** What the vault decided, as a status. A code that is not here is a failure of the network or of the worker. */
const DECISIONS: Partial<Record<ErrorCode, number>> = {
  ERR_BAD_INPUT: 400,
  ERR_BAD_REQUEST: 400,
  ERR_BAD_JSON: 400,
  ERR_NO_TOKEN: 401,
  ERR_NO_KEY: 402,
  ERR_ASK_FIRST: 402,
  ERR_CAP_REACHED: 402,
  ERR_CAP_UNBOUNDED: 402,
  ERR_NOT_FOUND: 402,
  ERR_NOT_GRANTED: 403,
  ERR_UNKNOWN_PROVIDER: 403,
  ERR_UNKNOWN_ENDPOINT: 403,
  ERR_PATH_NOT_ALLOWED: 403,
  ERR_ENDPOINT_MISMATCH: 403,
  ERR_NOT_PERMITTED_BY_SITE: 403,
  ERR_KEY_REFLECTED: 403,
  ERR_TAMPERED: 403,
  ERR_SWAPPED: 403,
  ERR_STALE_RECORD: 403,
  ERR_TOO_LARGE: 413,
  ERR_LOCKED: 423,
  ERR_NEEDS_USER: 423,
  ERR_WRONG_STATE: 423,
  ERR_TOO_MANY: 429,
}

/** RFC 9457 problem+json; `x-should-retry: false` stops the SDKs' own repetition. Null when nothing was decided. */
export function decisionResponse(error: KeyholdError): Response | null {
  const status = DECISIONS[error.code]
  if (status === undefined) return null
  const problem = {
    type: `urn:keyhold:${error.code}`,
    title: error.message,
    status,
    detail: error.next,
    code: error.code,
    ...(error.cap === undefined ? {} : { cap: error.cap }),
  }
  return new Response(JSON.stringify(problem), {
    status,
    headers: { 'content-type': 'application/problem+json', 'x-should-retry': 'false' },
  })
}

/** Gives a made Response the traits of a fetched one: address, type, headers nobody can change, and clones that keep them. */
export function dressed(response: Response, url: string): Response {
  const { headers } = response
  for (const name of ['append', 'delete', 'set'] as const) {
    Object.defineProperty(headers, name, {
      value: () => {
        throw new TypeError('these headers are immutable')
      },
    })
  }
  const clone = response.clone.bind(response)
  const type = originOf(url) === globalThis.location?.origin ? 'basic' : 'cors'
  Object.defineProperty(response, 'url', { value: url })
  Object.defineProperty(response, 'type', { value: type })
  Object.defineProperty(response, 'clone', { value: () => dressed(clone(), url) })
  return response
}

function originOf(url: string): string | null {
  try {
    return new URL(url).origin
  } catch {
    return null
  }
}
