// vault-fetch: the browser's fetch, through the vault: the same arguments, the same Response, the same rejections.
import { MAX_BODY_BYTES, type KeyId, type ResponseHead } from '../protocol/messages'
import type { Connection } from './connection'
import { asKeyholdError, KeyholdError } from './error'
import type { IncomingCall } from './incoming'
import { decisionResponse, dressed } from './response'

/** Statuses for which a Response may have no body. */
const NULL_BODY = new Set([101, 103, 204, 205, 304])

export async function vaultFetch(
  current: () => Promise<Connection>,
  key: KeyId | null,
  input: RequestInfo | URL,
  init: RequestInit = {},
): Promise<Response> {
  const signal = init.signal ?? (input instanceof Request ? input.signal : null)
  // Not every engine can stream a request body, and none needs to: the core reads it whole.
  const streamed = init.body instanceof ReadableStream
  const body = streamed ? { body: await new Response(init.body).arrayBuffer() } : {}
  const request = new Request(input, { ...init, ...body })
  signal?.throwIfAborted()
  const bytes = new Uint8Array(await request.arrayBuffer())

  let incoming: IncomingCall | null = null
  try {
    if (bytes.length > MAX_BODY_BYTES) throw new KeyholdError('ERR_TOO_LARGE')
    const connection = await current()
    signal?.throwIfAborted()
    incoming = connection.beginCall()
    const answer = connection.ask(
      {
        op: 'fetch',
        call: incoming.id,
        url: request.url,
        method: request.method,
        headers: [...request.headers],
        body: bytes.length > 0 ? bytes : null,
        key,
      },
      [bytes.buffer],
    )
    const head = await orAborted(answer, incoming, signal)
    const bodyless = request.method === 'HEAD' || NULL_BODY.has(head.status)
    return answered(head, bodyless ? null : bodyStream(incoming), request.url)
  } catch (error) {
    incoming?.abort()
    if (signal?.aborted) throw signal.reason
    return refused(asKeyholdError(error), request.url)
  }
}

/** The head, unless the caller aborts first; from then on an abort ends the body. */
async function orAborted(
  answer: Promise<ResponseHead>,
  incoming: IncomingCall,
  signal: AbortSignal | null,
): Promise<ResponseHead> {
  if (signal === null) return answer
  return new Promise((resolve, reject) => {
    const stop = () => {
      incoming.abort(signal.reason)
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    answer.then(resolve, reject)
    incoming.onOver = () => signal.removeEventListener('abort', stop)
  })
}

function answered(head: ResponseHead, body: BodyInit | null, asked: string): Response {
  const { status, statusText, headers, url } = head
  return dressed(new Response(body, { status, statusText, headers }), url || asked)
}

function bodyStream(incoming: IncomingCall): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = await incoming.next()
          if (part?.type === 'bytes') controller.enqueue(part.bytes)
          else controller.close()
        } catch (error) {
          controller.error(error instanceof KeyholdError ? networkError(error) : error)
        }
      },
      cancel: () => incoming.abort(),
    },
    // Pull only what is read: credit follows the reader.
    { highWaterMark: 0 },
  )
}

/** Vault decisions are answers (SDKs repeat what was rejected); the rest is what fetch calls a network error. */
function refused(error: KeyholdError, url: string): Response {
  const response = decisionResponse(error)
  if (response === null) throw networkError(error)
  return dressed(response, url)
}

function networkError(cause: KeyholdError): TypeError {
  return new TypeError('Failed to fetch', { cause })
}
