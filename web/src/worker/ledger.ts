// ledger: when hot rows (last use, counters, what calls used) reach the disk: soon, but at most once a second.
import type { Row } from './engine-module'

const AT_MOST_EVERY_MS = 1_000

export class Ledger {
  readonly take: () => Row[]
  readonly #write: (rows: Row[]) => Promise<void>
  readonly #usage: () => Promise<boolean>
  readonly #written: () => void
  readonly #failed: (error: unknown) => void
  #resting: ReturnType<typeof setTimeout> | null = null
  #touched = false
  #writing: Promise<boolean> = Promise.resolve(false)

  /**
   * @param take  the rows that changed since last taken; @param usage  writes what calls used, and says whether there was any;
   * @param failed  hears what is not storage's own failure.
   */
  constructor(
    take: () => Row[],
    write: (rows: Row[]) => Promise<void>,
    usage: () => Promise<boolean>,
    written: () => void,
    failed: (error: unknown) => void,
  ) {
    this.take = take
    this.#write = write
    this.#usage = usage
    this.#written = written
    this.#failed = failed
  }

  /** Something in the engine may have changed that a row should show. */
  touch(): void {
    this.#touched = true
    if (this.#resting === null) void this.#flushThenRest()
  }

  /** Writes now what there is; a row that cannot be written is lost, which costs a date and no key. */
  async flush(): Promise<void> {
    await this.#flush()
  }

  /** Nothing to write needs no rest: the next change is written at once again. */
  async #flushThenRest(): Promise<void> {
    this.#resting = setTimeout(() => this.#rested(), AT_MOST_EVERY_MS)
    if (await this.#flush()) return
    clearTimeout(this.#resting)
    this.#rested()
  }

  #rested(): void {
    this.#resting = null
    if (this.#touched) void this.#flushThenRest()
  }

  /** @returns whether there was anything; one write after the other. */
  #flush(): Promise<boolean> {
    this.#touched = false
    this.#writing = this.#writing.then(async () => {
      try {
        const rows = this.take()
        if (rows.length > 0) await this.#write(rows)
        const used = await this.#usage()
        if (rows.length === 0 && !used) return false
        this.#written()
      } catch (error) {
        this.#failed(error)
      }
      return true
    })
    return this.#writing
  }
}
