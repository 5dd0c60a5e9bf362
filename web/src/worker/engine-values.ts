// engine-values: what crosses between the worker and engine.wasm: bytes, rows, plans, and one call.
import type { ErrorCode } from '../protocol/errors'
import type { CallSummary, KeyId, ProviderId } from '../protocol/messages'

/** A C++ Result<T>: `error` is set when it failed. */
export type Outcome<T> = { value: T; error?: undefined } | { error: ErrorCode; value?: undefined }

/** Bytes in the WASM heap. The heap can move: take view() anew after any other call. */
export interface EngineBuffer {
  /** By which the engine knows it. */
  readonly number: number
  view(): Uint8Array
  /** Wipes and frees. */
  delete(): void
}

/** Key of a row in the envelope or ledger store, e.g. "record/AAAA…", "page/A" or "manifest". */
export type RowKey = string
export interface Row {
  key: RowKey
  bytes: Uint8Array
}

/** A mutation to be written in ONE strict transaction. */
export interface Plan {
  /** The manifest row must equal this, byte for byte, or be absent if null; else abort: ERR_STALE. */
  base: Uint8Array | null
  puts: Row[]
  deletes: RowKey[]
  /** Id of what was made or changed. */
  id: string
  /** By the shell, of a plan for a new root key: all rows of usage that it was made from. Others by then: ERR_STALE. */
  usage?: Row[]
}

export interface KdfSpec {
  salt: Uint8Array
  passes: number
  memKib: number
}

export interface OutgoingRequest {
  url: string
  method: string
  headers: [string, string][]
  /** The credential's header; the value's bytes are to be wiped after use. Null for a keyless endpoint. */
  secret: { name: string; value: Uint8Array } | null
  body: Uint8Array | null
  /** The caller's own body is sent, byte for byte; `body` is null then. */
  passesBody: boolean
  provider: ProviderId
  key: KeyId | null
}

/** What the engine sees of a caller's body: all of it in `begin`, or its two ends. */
export interface BodySeen {
  size: number
  begin: Uint8Array
  end: Uint8Array
}

export interface CallEvent {
  type: 'text' | 'reasoning'
  text: string
}

/** What the worker saw when fetch itself failed. */
export interface NetworkEvidence {
  online: boolean
  /** A keyless no-cors request to probeUrl(): null if it was not tried. */
  probeReached: boolean | null
  /** Blocked by this site's own Content-Security-Policy (a violation event was seen). */
  blockedByPolicy: boolean
  /** The browser has not been allowed to let this page reach the local network, in which the address is. */
  localWithheld: boolean
}

/** One request under way. delete() wipes what it knows of the key. */
export interface EngineCall {
  /** To be called once. */
  request(): OutgoingRequest
  /** Status and headers arrived; gives the headers that may be passed on. */
  response(status: number, headers: [string, string][]): Outcome<[string, string][]>
  /** After response(): nothing of this answer is for the caller, Engine.again() follows. */
  movesOn(): boolean
  /** It goes by the app's key: Engine.authorize() is to come before request(). */
  wantsToken(): boolean
  /** Body bytes arrived; gives those to pass on now (a tail that could begin the key is held back). True: just these. */
  feed(bytes: Uint8Array): Outcome<Uint8Array | true>
  /** The body is complete; gives the bytes held back. */
  end(): Outcome<Uint8Array>
  /** Text that arrived since the last call; only for chat. */
  takeEvents(): CallEvent[]
  summary(): Omit<CallSummary, 'firstByteMs' | 'totalMs'>
  /** After a non-2xx answer to check, models or chat: what the provider meant. Null while all is well. */
  problem(): { code: ErrorCode; status: number; retryAfterS?: number } | null
  /** Model names, after end() of a models call. */
  models(): Outcome<string[]>
  /** Where to look without a key when fetch failed, to tell an unreachable host from a refusal. */
  probeUrl(): string
  /** fetch rejected before or during the answer: which error that was. */
  networkFailed(evidence: NetworkEvidence): ErrorCode
  delete(): void
}
