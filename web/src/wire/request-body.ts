// request-body: what a caller gives fetch as a body, in the form it goes to the worker: bytes, or a Blob where there are more
// than are read.
import { MAX_BODY_BYTES, MAX_UPLOAD_BYTES } from '../protocol/messages'
import { KeyholdError } from './error'
import { formBody } from './form'

/**
 * The Request that fetch would make of its arguments, and its body. Not every engine can put a stream into a Request, so
 * that one is read first.
 * @throws TypeError as fetch does; the signal's reason; KeyholdError ERR_TOO_LARGE.
 */
export async function requestAndBody(
  input: RequestInfo | URL,
  init: RequestInit,
  signal: AbortSignal | null,
): Promise<{ request: Request; body: Uint8Array | Blob | null }> {
  const stream = init.body instanceof ReadableStream ? init.body : null
  const { duplex: _, ...rest } = init as RequestInit & { duplex?: string }
  const request = new Request(input, stream === null ? init : { ...rest, body: new Uint8Array() })
  signal?.throwIfAborted()
  const body = stream === null ? await bodyOf(request, init) : await collected(stream, signal)
  return { request, body: await bounded(request, body) }
}

/** JSON is read by the engine, and so is what says nothing of itself. */
function isRead(request: Request): boolean {
  const type = request.headers.get('content-type')
  return type === null || /^\s*application\/json\b/i.test(type)
}

async function bodyOf(request: Request, { body }: RequestInit): Promise<Uint8Array | Blob> {
  // A Blob given as it is need not be copied; it may be a file larger than memory.
  if (body instanceof Blob) return body
  if (isRead(request)) return new Uint8Array(await request.arrayBuffer())
  // WebKit gives no form with a file in it back (measured).
  return request.blob().catch((error: unknown) => {
    const [, boundary] = /boundary=([^;]+)/.exec(request.headers.get('content-type') ?? '') ?? []
    if (!(body instanceof FormData) || boundary === undefined) throw error
    return formBody(body, boundary)
  })
}

async function bounded(request: Request, body: Uint8Array | Blob): Promise<Uint8Array | Blob | null> {
  const size = body instanceof Blob ? body.size : body.length
  if (size > (isRead(request) || !(body instanceof Blob) ? MAX_BODY_BYTES : MAX_UPLOAD_BYTES)) {
    throw new KeyholdError('ERR_TOO_LARGE')
  }
  if (size === 0) return null
  // In WebKit a worker of another site can read nothing of a page's Blob (measured).
  return body instanceof Blob && size <= MAX_BODY_BYTES ? new Uint8Array(await body.arrayBuffer()) : body
}

async function collected(stream: ReadableStream<unknown>, signal: AbortSignal | null): Promise<Blob> {
  const reader = stream.getReader()
  const stop = () => void reader.cancel(signal?.reason).catch(() => {})
  signal?.addEventListener('abort', stop)
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (!(next.value instanceof Uint8Array)) throw new TypeError('a body stream gives Uint8Arrays')
      size += next.value.length
      if (size > MAX_UPLOAD_BYTES) throw new KeyholdError('ERR_TOO_LARGE')
      parts.push(next.value as Uint8Array<ArrayBuffer>)
    }
    signal?.throwIfAborted()
    return new Blob(parts)
  } catch (error) {
    stop()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}
