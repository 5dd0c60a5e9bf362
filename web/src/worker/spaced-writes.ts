// spaced-writes: what follows every change of the vault, and is written once for many of them.

/** The first of many changes is written at once, since it may be the last; then at most once in this time. */
const SPACING_MS = 1_000

export class SpacedWrites {
  readonly #make: () => Uint8Array | null
  readonly #write: (bytes: Uint8Array) => Promise<void>
  readonly #failed: (error: unknown) => void
  #writtenAt = -Infinity
  #due: ReturnType<typeof setTimeout> | null = null
  #writing: Promise<void> = Promise.resolve()

  /**
   * @param make  what to write now; null for nothing.
   * @param write  one after the other; it deals with its own failures.
   * @param failed  hears what `make` threw while nobody waited for it.
   */
  constructor(
    make: () => Uint8Array | null,
    write: (bytes: Uint8Array) => Promise<void>,
    failed: (error: unknown) => void,
  ) {
    this.#make = make
    this.#write = write
    this.#failed = failed
  }

  /** Something changed. Whoever waits for that is answered first. */
  touch(): void {
    const waitMs = Math.max(0, this.#writtenAt + SPACING_MS - performance.now())
    this.#due ??= setTimeout(() => {
      try {
        void this.flush()
      } catch (error) {
        this.#failed(error)
      }
    }, waitMs)
  }

  /** Writes what is due, once; the bytes are taken before anything waits. */
  flush(): Promise<void> {
    if (this.#due === null) return this.#writing
    clearTimeout(this.#due)
    this.#due = null
    this.#writtenAt = performance.now()
    const bytes = this.#make()
    if (bytes === null) return this.#writing
    return (this.#writing = this.#writing.then(() => this.#write(bytes)))
  }

  /** Nothing more is written; resolves when the last write has ended. */
  stop(): Promise<void> {
    if (this.#due !== null) clearTimeout(this.#due)
    this.#due = null
    return this.#writing
  }
}
