// notes: what happened without changing anything, on its way into the activity. It may wait for a second; at a lock it
// does not.
import type { Engine, Outcome, Plan } from './engine-module'

/** Several happenings are one write, which is a durable one. */
const AFTER_MS = 1_000

interface Open {
  /** ERR_LOCKED once the vault has ended. */
  readonly engine: Engine
  readonly ended: boolean
  mutate(plan: () => Outcome<Plan>, asker: object): Promise<string>
  crash(error: unknown): void
}

export class Notes {
  readonly #vault: Open
  readonly #engine: Engine
  #timer: ReturnType<typeof setTimeout> | null = null

  /** @param engine  the vault's, to be asked without using the vault. */
  constructor(vault: Open, engine: Engine) {
    this.#vault = vault
    this.#engine = engine
  }

  async write(asker: object): Promise<void> {
    const vault = this.#vault
    if (vault.engine.waitingNotes() > 0) await vault.mutate(() => vault.engine.planNotes(), asker)
  }

  soon(): void {
    if (this.#engine.waitingNotes() === 0) return
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      if (!this.#vault.ended) this.write(this.#vault).catch((error: unknown) => this.#vault.crash(error))
    }, AFTER_MS)
  }

  /** Sealed while there are keys, written when there are none. */
  last(): Plan | null {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#engine.waitingNotes() === 0) return null
    return this.#engine.planNotes().value ?? null
  }
}
