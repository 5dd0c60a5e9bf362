// attempts: wrong attempts to open the vault or to prove something in it: counted on disk, and what the next one waits.
import type { Proof } from '../protocol/messages'
import type { Engine } from './engine-module'
import { Failure } from './failure'
import { NO_ATTEMPTS, type Attempts, type Storage } from './storage'

interface Guarded {
  readonly engine: Engine
  readonly storage: Storage
  now(): number
}

export class WrongAttempts {
  readonly #vault: Guarded
  #seen: Attempts = NO_ATTEMPTS

  constructor(vault: Guarded) {
    this.#vault = vault
  }

  get count(): number {
    return this.#seen.count
  }

  /** What is on disk, another tab's included. */
  know(stored: Attempts): void {
    this.#seen = stored
  }

  /** Milliseconds until another one is allowed; 0 if at once. */
  waitMs(): number {
    return this.#vault.engine.unlockWaitMs(this.#seen.count, this.#seen.lastAt, this.#vault.now())
  }

  refuseTooSoon(): void {
    const waitMs = this.waitMs()
    if (waitMs > 0) throw new Failure({ code: 'ERR_UNLOCK_WAIT', retryAfterS: Math.ceil(waitMs / 1_000) })
  }

  /** On disk before the answer: a reload does not shorten the wait. @returns what is to be answered */
  async counted(error: unknown, way: Proof['way']): Promise<unknown> {
    if (!(error instanceof Failure) || error.problem.code !== 'ERR_CANNOT_UNLOCK') return error
    // Nothing can be right where that way in is not what it was: no attempt, and another message.
    const damaged = this.#vault.engine.slots().every((slot) => slot.kind !== way || slot.damaged)
    if (damaged) return new Failure('ERR_SLOT_DAMAGED')
    this.#seen = await this.#vault.storage.countAttempt(this.#vault.now())
    return error
  }

  async forget(): Promise<void> {
    if (this.#seen.count > 0) await this.#vault.storage.forgetAttempts()
    this.#seen = NO_ATTEMPTS
  }
}
