// failure: how something refused travels inside the worker, and what of it may leave.
import type { ErrorCode } from '../protocol/errors'
import type { Problem } from '../protocol/messages'
import type { Outcome } from './engine-module'

/** The only thing thrown on purpose in the worker. Its text is the code: it never holds input. */
export class Failure extends Error {
  readonly problem: Problem

  constructor(problem: Problem | ErrorCode) {
    const known = typeof problem === 'string' ? { code: problem } : problem
    super(known.code)
    this.problem = known
  }
}

/** The value of an engine's answer, or its refusal thrown. */
export function take<T>(outcome: Outcome<T>): T {
  if (outcome.error !== undefined) throw new Failure(outcome.error)
  return outcome.value as T
}

/** What a page may learn of anything thrown: never an exception's own text. */
export function problemOf(error: unknown): Problem {
  return error instanceof Failure ? error.problem : { code: 'ERR_INTERNAL' }
}

/** The engine broke off inside an instruction: nothing in its heap can be relied on any more. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError
}
