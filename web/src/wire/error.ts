// error: how the vault's refusals reach a caller: one stable code, a sentence and a next step.
import type { ErrorCode } from '../protocol/errors'
import type { CapHit, Problem } from '../protocol/messages'

/** Sentences for a person. The vault's own pages have one for each code, a host page for those it can meet. */
export type ErrorTexts = Partial<Record<ErrorCode, { sentence: string; next: string }>>

let texts: ErrorTexts = {}

/** Once, before anything else of the wire is used. */
export function sayErrorsWith(all: ErrorTexts): void {
  texts = all
}

/** Everything the vault's clients reject with. `message` is a sentence for a person; `code` is what to test for. */
export class KeyholdError extends Error {
  override readonly name = 'KeyholdError'
  readonly code: ErrorCode
  /** What a person can do next; '' where there is nothing. */
  readonly next: string
  /** Seconds to wait before trying again, where known. */
  readonly retryAfterS: number | undefined
  /** HTTP status the provider answered with, where there was one. */
  readonly status: number | undefined
  /** Of ERR_CAP_REACHED: which cap, and what is used up of it. */
  readonly cap: CapHit | undefined

  constructor(problem: Problem | ErrorCode) {
    const { code, retryAfterS, status, cap } = typeof problem === 'string' ? ({ code: problem } as Problem) : problem
    super(texts[code]?.sentence ?? code)
    this.code = code
    this.next = texts[code]?.next ?? ''
    this.retryAfterS = retryAfterS
    this.status = status
    this.cap = cap
  }
}

/** Narrows a caught value; anything that is not ours is a fault of our own. */
export function asKeyholdError(error: unknown): KeyholdError {
  return error instanceof KeyholdError ? error : new KeyholdError('ERR_INTERNAL')
}
