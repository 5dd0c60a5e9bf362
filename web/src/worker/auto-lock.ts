// auto-lock: when the vault is asked whether it must lock: at every use, and by a timer for when nobody uses it. The
// engine decides; a timer alone would miss a computer's sleep.
import type { Engine } from './engine-module'
import type { Network } from './exchange'

/** Looked at least so often: timers stand still while a computer sleeps, and may be late in hidden pages. */
const LOOK_EVERY_MS = 15_000

export class AutoLock {
  readonly #engine: Engine
  readonly #clock: Pick<Network, 'now'>
  readonly #busy: () => 0 | 1 | 2
  readonly #lock: () => void
  #started = false
  #timer: ReturnType<typeof setTimeout> | null = null

  constructor(engine: Engine, clock: Pick<Network, 'now'>, busy: () => 0 | 1 | 2, lock: () => void) {
    this.#engine = engine
    this.#clock = clock
    this.#busy = busy
    this.#lock = lock
  }

  /** The vault was opened. */
  start(): void {
    this.#engine.startClock(...this.#clocks())
    this.#started = true
    this.check()
  }

  /** `byHost`: for a page of another origin. */
  touch(byHost: boolean): void {
    if (this.#started) this.#engine.touch(...this.#clocks(), byHost ? 1 : 0)
  }

  /** Locks if it is time. Does nothing before start(). */
  check(): void {
    if (!this.#started) return
    const dueMs = this.#engine.lockDueInMs(...this.#clocks(), this.#busy())
    if (dueMs === 0) return this.#lock()
    this.#timer ??= setTimeout(() => this.#look(), Math.min(dueMs, LOOK_EVERY_MS))
  }

  stop(): void {
    this.#started = false
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #look(): void {
    this.#timer = null
    this.check()
  }

  #clocks(): [wallMs: number, monoMs: number] {
    return [this.#clock.now(), Math.floor(performance.now())]
  }
}
