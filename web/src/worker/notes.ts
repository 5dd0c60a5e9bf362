// notes: what happened without changing anything (an unlock, uses, checks) reaches the activity with the next change, or by
// itself after a second.
import type { Engine, Plan } from './engine-module'

/** Several happenings are one write, which is a durable one. */
const NOTES_AFTER_MS = 1_000

export class Notes {
  readonly #engine: Engine
  readonly #write: () => Promise<void>
  readonly #failed: (error: unknown) => void
  #noting: ReturnType<typeof setTimeout> | null = null

  /** @param write  what waits; not called once it has been sealed as the last. @param failed  hears why it could not. */
  constructor(engine: Engine, write: () => Promise<void>, failed: (error: unknown) => void) {
    this.#engine = engine
    this.#write = write
    this.#failed = failed
  }

  /** Something may have happened. */
  touch(): void {
    if (this.#engine.waitingNotes() === 0) return
    this.#noting ??= setTimeout(() => {
      this.#noting = null
      this.#write().catch(this.#failed)
    }, NOTES_AFTER_MS)
  }

  /** Sealed while there are keys, to be written when there are none. */
  last(): Plan | null {
    this.stop()
    if (this.#engine.waitingNotes() === 0) return null
    return this.#engine.planNotes().value ?? null
  }

  stop(): void {
    if (this.#noting !== null) clearTimeout(this.#noting)
    this.#noting = null
  }
}
