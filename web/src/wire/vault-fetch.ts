// vault-fetch: the browser's fetch, through the vault: the same arguments, the same Response, the same rejections.
import type { AppOffer, KeyId, ResponseHead } from '../protocol/messages'
import type { Connection } from './connection'
import { asKeyholdError, KeyholdError } from './error'
import { giveToken, type Fallback } from './fallback'
import type { IncomingCall } from './incoming'
import { requestAndBody } from './request-body'
import { decisionResponse, dressed } from './response'

/** Statuses for which a Response may have no body. */
const NULL_BODY = new Set([101, 103, 204, 205, 304])

/** What a client makes calls with. */
export interface Caller {
  current(): Promise<Connection>
  /** The key to be used; none: the provider's default. */
  key?: KeyId
  /** The app's key may be used instead. */
  app?: { fallback: Fallback; offer: AppOffer } | undefined
  onRefused?(error: KeyholdError): void
}

export async function vaultFetch(
  { current, key, app, onRefused }: Caller,
  input: RequestInfo | URL,
  init: RequestInit = {},
): Promise<Response> {
  const { signal = input instanceof Request ? input.signal : null } = init
  let url = String(input instanceof Request ? input.url : input)
  let incoming: IncomingCall | null = null
  try {
    const { request, body } = await requestAndBody(input, init, signal)
    url = request.url
    const connection = await current()
    incoming = await connection.beginInTurn(signal)
    signal?.throwIfAborted()
    if (app !== undefined) giveToken(app.fallback, incoming, connection)
    const answer = connection.ask(
      {
        op: 'fetch',
        call: incoming.id,
        url,
        method: request.method,
        headers: [...request.headers],
        body,
        key: key ?? null,
        app: app?.offer ?? null,
      },
      body instanceof Uint8Array ? [body.buffer] : [],
    )
    const head = await orAborted(answer, incoming, signal)
    const bodyless = request.method === 'HEAD' || NULL_BODY.has(head.status)
    return answered(head, bodyless ? null : bodyStream(incoming), url)
  } catch (error) {
    incoming?.abort()
    if (signal?.aborted) throw signal.reason
    if (error instanceof TypeError) throw error
    const refusal = asKeyholdError(error)
    onRefused?.(refusal)
    return refused(refusal, url)
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
          if (part?.type !== 'bytes' || incoming.endsHere) controller.close()
        } catch (error) {
          controller.error(error instanceof KeyholdError ? networkError('network error', error) : error)
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
  if (response === null) throw networkError('Failed to fetch', error)
  return dressed(response, url)
}

/** In Chromium's words, by which libraries tell a failure of the network from a mistake. */
function networkError(message: 'Failed to fetch' | 'network error', cause: KeyholdError): TypeError {
  return new TypeError(message, { cause })
}
