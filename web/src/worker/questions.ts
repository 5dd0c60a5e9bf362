// questions: what do pages of other origins wait for the user to decide? They live as long as the worker and their port.
import type { AccessQuestion, AccessTerms } from '../protocol/messages'
import { Failure } from './failure'

/** Of all pages together; a port has one at a time. */
export const MAX_QUESTIONS = 16

interface Waiting extends AccessQuestion {
  decided(): void
  refused(why: Failure): void
}

export class Questions {
  readonly #waiting = new Map<number, Waiting>()
  readonly #changed: () => void
  #lastId = 0

  /** @param changed  is told of each question that comes or goes. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get list(): AccessQuestion[] {
    return [...this.#waiting.values()].map(({ id, origin, wish }) => ({ id, origin, wish }))
  }

  /** Resolves once the user has allowed it. ERR_ACCESS_DENIED, ERR_TOO_MANY, or the signal's reason. */
  ask(origin: string, wish: AccessTerms, signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MAX_QUESTIONS) throw new Failure('ERR_TOO_MANY')
    signal.throwIfAborted()
    const id = ++this.#lastId
    const answered = new Promise<void>((decided, refused) => {
      this.#waiting.set(id, { id, origin, wish, decided, refused })
      signal.addEventListener('abort', () => refused(signal.reason))
    }).finally(() => {
      this.#waiting.delete(id)
      this.#changed()
    })
    this.#changed()
    return answered
  }

  /** @returns who asked. ERR_NOT_FOUND for a question that has been taken back meanwhile. */
  originOf(id: number): string {
    return this.#one(id).origin
  }

  answer(id: number, allowed: boolean): void {
    const question = this.#one(id)
    if (allowed) question.decided()
    else question.refused(new Failure('ERR_ACCESS_DENIED'))
  }

  #one(id: number): Waiting {
    const found = this.#waiting.get(id)
    if (found === undefined) throw new Failure('ERR_NOT_FOUND')
    return found
  }
}
