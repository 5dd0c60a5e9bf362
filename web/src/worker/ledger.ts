// ledger: when hot rows (last use, counters) reach the disk: soon, but at most once a second.
import type { Row } from './engine-module'

const AT_MOST_EVERY_MS = 1_000

export class Ledger {
  readonly take: () => Row[]
  readonly #write: (rows: Row[]) => Promise<void>
  readonly #written: () => void
  readonly #failed: (error: unknown) => void
  #resting: ReturnType<typeof setTimeout> | null = null
  #touched = false
  #writing: Promise<void> = Promise.resolve()

  /** @param take  the rows that changed since last taken; @param failed  hears what is not storage's own failure. */
  constructor(
    take: () => Row[],
    write: (rows: Row[]) => Promise<void>,
    written: () => void,
    failed: (error: unknown) => void,
  ) {
    this.take = take
    this.#write = write
    this.#written = written
    this.#failed = failed
  }

  /** Something in the engine changed that a row should show. */
  touch(): void {
    this.#touched = true
    if (this.#resting === null) this.#rest()
  }

  /** Writes now what there is; a row that cannot be written is lost, which costs a date and no key. */
  flush(): Promise<void> {
    this.#touched = false
    this.#writing = this.#writing.then(async () => {
      try {
        const rows = this.take()
        if (rows.length === 0) return
        await this.#write(rows)
        this.#written()
      } catch (error) {
        this.#failed(error)
      }
    })
    return this.#writing
  }

  #rest(): void {
    void this.flush()
    this.#resting = setTimeout(() => {
      this.#resting = null
      if (this.#touched) this.#rest()
    }, AT_MOST_EVERY_MS)
  }
}
