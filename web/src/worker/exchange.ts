// exchange: one request of the engine's, sent and answered over the network. The only place where a key meets fetch.
import { batches } from './batches'
import type { CallEvent, EngineCall, OutgoingRequest } from './engine-module'
import { gather, type PolicyWatch } from './evidence'
import { Failure, take } from './failure'

/** How long to wait for the first byte of the body, and then for each next; `idleMs` null: the first limit is for all of it. */
export interface Limits {
  firstByteMs: number
  idleMs: number | null
}

export const CHECK_LIMITS: Limits = { firstByteMs: 20_000, idleMs: null }
export const CHAT_LIMITS: Limits = { firstByteMs: 120_000, idleMs: 120_000 }
/** As patient as the SDKs that call it. */
export const FETCH_LIMITS: Limits = { firstByteMs: 600_000, idleMs: 600_000 }

/** A key's header would otherwise follow a redirect, cookies would go along, and answers would be kept. */
export const ALONE: RequestInit = {
  mode: 'cors',
  redirect: 'error',
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  cache: 'no-store',
}

/** What a call is given to work with; `send` was taken before anything else could replace it. */
export interface Network {
  send: typeof fetch
  policy: PolicyWatch
  /** All the while since that tick. */
  online(since: number): boolean
  /** Wall clock, milliseconds since 1970. */
  now(): number
  /** Monotonic milliseconds. */
  tick(): number
}

/** Who asks: what is sent for them, and where the answer goes. All is optional: a check only wants the engine to see it. */
export interface Caller {
  /** What the app's server calls the call, as it said. */
  number?: string | null
  /** Sent where the engine says that it goes out as it is. */
  body?: Uint8Array | Blob | null
  head?(response: Response, headers: [string, string][]): void
  bytes?(bytes: Uint8Array): void
  /** At most in one call of `bytes`, where the engine lets it be said. */
  pieceBytes?: number
  events?(events: CallEvent[]): void
  /** The user's token for the app's server, asked of the page when a call goes by that. */
  token?(signal: AbortSignal): Promise<Uint8Array>
  /** The app's server that may be called when the user's keys are used up; '': none. */
  server?: string
  /** Awaited after each piece, if given: resolves when the reader has room. */
  room?(signal: AbortSignal): Promise<void> | undefined
}

export interface Timing {
  firstByteMs: number
  totalMs: number
}

/** Runs the call to its end; null: it was answered so that another is to be made in its place (EngineCall.movesOn). Fails with the signal's reason (lock, abort), ERR_TIMEOUT, or what the engine makes of it. */
export async function exchange(
  call: EngineCall,
  net: Network,
  limits: Limits,
  signal: AbortSignal,
  caller: Caller = {},
): Promise<Timing | null> {
  const own = new AbortController()
  const stop = () => own.abort(signal.reason)
  const deadline = new Deadline(() => own.abort(new Failure('ERR_TIMEOUT')))
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    const started = net.tick()
    const since = () => Math.round(net.tick() - started)
    deadline.set(limits.firstByteMs)
    const response = await sent(call, net, caller.body ?? null, own.signal, deadline)
    caller.number = response.headers.get('keyhold-call')
    const headers = take(call.response(response.status, [...response.headers]))
    if (call.movesOn()) return null
    caller.head?.(response, headers)

    let firstByteMs: number | null = null
    const pass = (bytes: Uint8Array) => {
      if (bytes.length > 0) caller.bytes?.(bytes)
      if (caller.events === undefined) return
      const events = call.takeEvents()
      if (events.length > 0) caller.events(events)
    }
    for await (const batch of received(response, call, net, own.signal, caller.pieceBytes)) {
      firstByteMs ??= since()
      const released = take(call.feed(batch))
      pass(released === true ? batch : released)
      // What came by a login is a key; nothing else is needed any more, either.
      if (released !== true) batch.fill(0)
      const room = caller.room?.(own.signal)
      if (room !== undefined) {
        // Waiting for the reader is not waiting for the provider.
        if (limits.idleMs !== null) deadline.clear()
        await room
      }
      if (limits.idleMs !== null) deadline.set(limits.idleMs)
    }
    // From here on, after every wait: a call that has ended must not be touched.
    own.signal.throwIfAborted()
    pass(take(call.end()))
    return { firstByteMs: firstByteMs ?? since(), totalMs: since() }
  } finally {
    deadline.clear()
    signal.removeEventListener('abort', stop)
    // Ends a body that was left before its end; does nothing to a complete one.
    own.abort()
  }
}

async function sent(
  call: EngineCall,
  net: Network,
  callersBody: Uint8Array | Blob | null,
  signal: AbortSignal,
  deadline: Deadline,
): Promise<Response> {
  const request = call.request()
  const { url, method } = request
  const body = request.passesBody ? callersBody : request.body
  const headers = headersOf(request)
  const begun = net.tick()
  try {
    const sending = net.send(url, {
      method,
      headers,
      body: body as BodyInit | null,
      ...ALONE,
      signal,
    })
    return await orAborted(sending, signal)
  } catch {
    signal.throwIfAborted()
    deadline.clear()
    const evidence = await gather(
      url,
      () => call.probeUrl(),
      net.send,
      net.policy,
      () => net.online(begun),
    )
    signal.throwIfAborted()
    throw new Failure(call.networkFailed(evidence))
  }
}

/** Not left to fetch alone: an engine that loses an abort would keep the caller waiting. */
function orAborted(sending: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    sending
      .then((response) => (signal.aborted ? void response.body?.cancel() : resolve(response)))
      .catch(reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
}

/** The credential becomes a string here and nowhere else: fetch takes nothing better. */
function headersOf({ headers, secret }: OutgoingRequest): Headers {
  try {
    const all = new Headers(headers)
    if (secret !== null) all.set(secret.name, String.fromCharCode(...secret.value))
    return all
  } catch {
    // fetch will not carry it; the exception's text would quote it.
    throw new Failure('ERR_BAD_REQUEST')
  } finally {
    secret?.value.fill(0)
  }
}

async function* received(
  response: Response,
  call: EngineCall,
  net: Network,
  signal: AbortSignal,
  pieceBytes: number | undefined,
): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return
  const body = batches(response.body, signal, pieceBytes)
  const begun = net.tick()
  try {
    for (;;) {
      const next = await body.next().catch(() => null)
      signal.throwIfAborted()
      if (next === null) {
        const online = net.online(begun)
        throw new Failure(
          call.networkFailed({ online, probeReached: null, blockedByPolicy: false, localWithheld: false }),
        )
      }
      if (next.done) return
      yield next.value
      signal.throwIfAborted()
    }
  } finally {
    await body.return()
  }
}

/** One alarm that can be put off. */
class Deadline {
  readonly #missed: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(missed: () => void) {
    this.#missed = missed
  }

  set(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#missed, ms)
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}
