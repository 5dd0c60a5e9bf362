// plain: what an SDK gave, as a value that can be carried out of the page and compared. Runs in the page.

/** Names the provider makes anew for each answer. The first one met is 1, so that which is which is still compared. */
const MADE_ID =
  /\b(?:(?:evt_|aimock-int-)\d+|(aitxt|aiobj|chatcmpl|cmpl|resp|msg|call|toolu|fc|rs|item|file|batch|req|modr|embd|run|step|gen|srvtoolu|tool|v1)[-_][A-Za-z0-9_-]{8,})/g
/** Headers of answers that the vault keeps to itself: of the connection, and of what no app reads. */
const NOT_PASSED = [
  'access-control-allow-origin',
  'access-control-expose-headers',
  'connection',
  'date',
  'keep-alive',
  'transfer-encoding',
  'www-authenticate',
]
/** And one it adds: whose key it was (tests/web/client-fetch.test.mjs). */
const DECLARED = ['keyhold-source']
/** What Chromium puts before the words of json()'s SyntaxError, when the body was a stream made by a page. */
const FROM_A_STREAM = /^Failed to execute '(close|enqueue)' on 'ReadableStreamDefaultController': /
/** How engines say that the network failed, before an answer and in it. The vault says it as Chromium, whose words libraries know. */
const NETWORK_FAILED =
  /^(Failed to fetch|network error|NetworkError when attempting to fetch resource\.|Error in input stream|Load failed)$/
/** Moments and durations. */
const TIME =
  /^(created|createdAt|created_at|completed_at|expires_at|expiresAt|in_progress_at|finalizing_at|cancelling_at|cancelled_at|failed_at|expired_at|timestamp|createTime|updateTime|date|created_time|uploaded_at|.*Ms|.*Time|.*PerSecond)$/

export function plainer() {
  const ids = new Map()
  const named = (text) =>
    text.replaceAll(MADE_ID, (id) => {
      if (!ids.has(id)) ids.set(id, `<id ${ids.size + 1}>`)
      return ids.get(id)
    })
  const plain = (value, depth = 0) => {
    if (typeof value === 'string') return named(value)
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value)
    if (typeof value === 'function') return undefined
    if (typeof value !== 'object' || value === null) return value
    if (depth > 24) return '<deep>'
    if (value instanceof Error) return plainError(value, (inner) => plain(inner, depth + 1))
    if (value instanceof Headers) return headers([...value], named)
    if (value instanceof ArrayBuffer) return { bytes: base64(new Uint8Array(value)) }
    if (ArrayBuffer.isView(value)) {
      return value instanceof Uint8Array ? { bytes: base64(value) } : [...value]
    }
    if (value instanceof Date) return '<time>'
    if (value instanceof Response) return { status: value.status, headers: plain(value.headers, depth + 1) }
    if (Array.isArray(value)) return value.map((one) => plain(one, depth + 1))
    if (value instanceof Map) return [...value].map((pair) => plain(pair, depth + 1))
    const out = {}
    for (const key of Object.keys(value)) {
      if (
        /headers$/i.test(key) &&
        typeof value[key] === 'object' &&
        value[key] !== null &&
        !(value[key] instanceof Headers)
      ) {
        out[key] = headers(Object.entries(value[key]), named)
      } else if (TIME.test(key) && value[key] !== null && value[key] !== undefined) out[key] = '<time>'
      else {
        const inner = plain(value[key], depth + 1)
        if (inner !== undefined) out[key] = inner
      }
    }
    return out
  }
  return plain
}

/** Class, words and what an SDK adds to them; the stack is no part of it. */
function plainError(error, plain) {
  const own = Object.fromEntries(Object.entries(error).filter(([key]) => !['stack', 'cause'].includes(key)))
  return {
    ...plain(own),
    class: error.constructor.name,
    name: error.name,
    message: plain(inOneTongue(error.message.replace(FROM_A_STREAM, ''))),
    // The vault says why the network failed; a browser does not.
    ...('cause' in error && error.cause?.name !== 'KeyholdError' && error.cause !== undefined
      ? { cause: plain(error.cause) }
      : {}),
  }
}

function inOneTongue(message) {
  return message.replace(NETWORK_FAILED, '<the network failed>')
}

function headers(pairs, named) {
  const kept = pairs.filter(([name]) => ![...NOT_PASSED, ...DECLARED].includes(name.toLowerCase()))
  return Object.fromEntries(kept.map(([name, value]) => [name.toLowerCase(), named(String(value))]).sort())
}

function base64(bytes) {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}

export async function all(iterable) {
  const items = []
  for await (const item of iterable) items.push(item)
  return items
}

/** Takes `count` items, then does something, and gives what came after it, too. */
export async function until(iterable, count, then) {
  const items = []
  let ended = 'at its end'
  try {
    for await (const item of iterable) {
      items.push(item)
      if (items.length === count) await then()
    }
  } catch (error) {
    ended = error
  }
  return { first: items.slice(0, count), ended }
}
