// usage: what calls used and what is held for calls with a cap, on its way between the engine and the rows on disk.
import type { Spending, UsageReport } from '../protocol/messages'
import type { Engine, EngineCall, Row, RowKey } from './engine-module'
import { Failure, take } from './failure'
import type { Storage } from './storage'

/** Of a day in a row's key. */
const DAY_DIGITS = 6

interface Open {
  /** ERR_LOCKED once the vault has ended. */
  readonly engine: Engine
  readonly storage: Storage
  readonly ended: boolean
  keeping(): Promise<void>
  /** A lock cannot wait for it. */
  readonly keepingIsHere: boolean
  now(): number
}

export class Usage {
  readonly #vault: Open
  readonly #engine: Engine
  /** There may be rows that a worker left when it was locked. */
  #late = true

  /** @param engine  the vault's, to be asked without using the vault: what is written by itself is no use of it. */
  constructor(vault: Open, engine: Engine) {
    this.#vault = vault
    this.#engine = engine
  }

  /** Writes what calls used. Until it can, that waits. @returns whether there was anything to write */
  async write(): Promise<boolean> {
    if (this.#vault.ended || this.#engine.state() !== 'unlocked') return false
    if (!this.#engine.usageWaits() && !(await this.#areLate())) return false
    await this.#vault.keeping()
    let taken = false
    let written: 0 | 1 = 0
    try {
      await this.#vault.storage.changeUsage(
        (late) => this.#vault.engine.usageRows(late),
        (late, stored) => {
          const change = this.#vault.engine.takeUsage(late, stored)
          taken = true
          return change
        },
      )
      written = 1
      this.#late = false
      return true
    } finally {
      if (taken && !this.#vault.ended) this.#engine.usageWritten(written)
    }
  }

  async #areLate(): Promise<boolean> {
    if (this.#late) this.#late = (await this.#vault.storage.readUsage('late')).length > 0
    return this.#late
  }

  /** What waits, sealed while there are keys: for a lock. */
  last(): Row[] {
    return this.#vault.keepingIsHere ? this.#engine.lastUsage() : []
  }

  /** Written when there are none. */
  writeLast(rows: Row[]): Promise<void> {
    return this.#vault.storage.addUsage(rows)
  }

  /** What the call may cost is held before it is sent, for every worker to see. */
  reserve(call: EngineCall, holder: string): Promise<void> {
    return this.#vault.storage.changeSpend(spendRow(holder), (stored) => {
      const { engine } = this.#vault
      const { error, value } = engine.reserve(call, holder, stored, this.#vault.now())
      if (value !== undefined) return value
      const cap = engine.capHit(call)
      throw new Failure(cap === null ? error : { code: error, cap })
    })
  }

  /** The call goes on, and so does what is held for it. */
  renew(call: EngineCall, holder: string): Promise<void> {
    return this.#vault.storage.changeSpend(spendRow(holder), (stored) =>
      take(this.#vault.engine.renew(call, holder, stored, this.#vault.now())),
    )
  }

  /** What calls used on these days, as far as it is written. */
  async report(from: number, to: number): Promise<UsageReport> {
    await this.#vault.keeping()
    const digits = (day: number) => String(day).padStart(DAY_DIGITS, '0')
    const rows = await this.#vault.storage.readUsage('usage', digits(from), `${digits(to)}\uffff`)
    const { engine } = this.#vault
    return { ...take(engine.usage(rows)), pricesMade: engine.pricesMade() || null }
  }

  async spending(): Promise<Spending[]> {
    await this.#vault.keeping()
    const rows = await this.#vault.storage.readUsage('spend')
    return this.#vault.engine.spending(rows, this.#vault.now())
  }
}

/** Of a key, or a grant. */
function spendRow(holder: string): RowKey {
  return `spend/${holder}`
}
