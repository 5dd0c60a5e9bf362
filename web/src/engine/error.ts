// error: how the vault's refusals reach a caller: one stable code, a sentence and a next step.
import { ERROR_TEXT, type ErrorCode } from '../protocol/errors'
import type { CapHit, Problem } from '../protocol/messages'

/** Everything KeyholdEngine rejects with. `message` is a sentence for a person; `code` is what to test for. */
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
    super(ERROR_TEXT[code].sentence)
    this.code = code
    this.next = ERROR_TEXT[code].next
    this.retryAfterS = retryAfterS
    this.status = status
    this.cap = cap
  }
}

/** Narrows a caught value; anything that is not ours is a fault of our own. */
export function asKeyholdError(error: unknown): KeyholdError {
  return error instanceof KeyholdError ? error : new KeyholdError('ERR_INTERNAL')
}
