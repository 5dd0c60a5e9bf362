// vault: the one vault of a worker: its engine, its rows on disk, and how it ends. Knows no message.
import type { ErrorCode } from '../protocol/errors'
import type { KeyInfo, ProviderInfo, Status } from '../protocol/messages'
import type { Engine, EngineCall, EngineModule, Outcome, Plan, Row } from './engine-module'
import { exchange, type Limits, type Network, type Sink, type Timing } from './exchange'
import { Failure, take } from './failure'
import { Heap } from './heap'
import type { KdfPort } from './kdf-port'
import { Ledger } from './ledger'
import { Queue } from './queue'
import type { Storage } from './storage'

const REPLANS = 5
const WRITE_LOCK = 'keyhold-write'
/** A lock waits no longer than this for the last ledger rows; they are sealed, and the keys are gone by then. */
const LAST_WRITE_MS = 300

export interface Surroundings {
  net: Network
  storage: Storage
  /** Absent where the engine lacks Web Locks; the write check then stands alone. */
  locks: LockManager | undefined
  /** To the vault workers of other tabs and builds. */
  others(news: 'lock' | 'changed'): void
  /** To this worker's ports. */
  tell(news: 'changed' | 'unlocked' | 'locked', except?: object): void
  /** Ends the worker. */
  close(): void
}

export class Vault {
  readonly heap: Heap
  readonly net: Network
  readonly #around: Surroundings
  readonly #engine: Engine
  readonly #ledger: Ledger
  readonly #writes = new Queue()
  readonly #sessions = new Queue()
  readonly #calls = new Set<AbortController>()
  #ended = false

  constructor(module: EngineModule, around: Surroundings) {
    this.heap = new Heap(module)
    this.net = around.net
    this.#around = around
    this.#engine = new module.Engine()
    this.#ledger = new Ledger(
      () => (this.#ended || this.#engine.state() !== 'unlocked' ? [] : this.#engine.takeLedger()),
      (rows) => around.storage.writeLedger(rows),
      () => around.tell('changed'),
      (error) => this.crash(error),
    )
  }

  /** The engine, as long as there is one. ERR_LOCKED once the vault has ended: every wait may be where that happened. */
  get engine(): Engine {
    if (this.#ended) throw new Failure('ERR_LOCKED')
    return this.#engine
  }

  now(): number {
    return this.net.now()
  }

  status(): Status {
    const state = this.engine.state()
    return { state, findings: state === 'unlocked' ? this.engine.findings() : [] }
  }

  key(id: string): KeyInfo {
    return found(this.engine.keys().find((key) => key.id === id))
  }

  provider(id: string): ProviderInfo {
    return found(this.engine.providers().find((provider) => provider.id === id))
  }

  /** Reads what is on disk into the engine: at the start, and after another worker wrote. */
  reload(): Promise<void> {
    return this.#writes.run(() => this.#reload())
  }

  create(kdf: KdfPort, asker: object): Promise<Status> {
    return this.#sessions.run(async () => {
      if (this.engine.state() !== 'absent') throw new Failure('ERR_WRONG_STATE')
      const ms = await kdf.measure()
      const spec = this.engine.newKdf(ms)
      const slotKey = this.heap.buffer(await kdf.derive(spec.salt, spec.passes, spec.memKib))
      try {
        await this.mutate(() => this.engine.planCreate(spec, slotKey), asker)
      } finally {
        this.heap.release(slotKey)
      }
      this.#around.tell('unlocked', asker)
      return this.status()
    })
  }

  unlock(kdf: KdfPort, asker: object): Promise<Status> {
    return this.#sessions.run(async () => {
      const spec = take(this.engine.passphraseKdf())
      const slotKey = this.heap.buffer(await kdf.derive(spec.salt, spec.passes, spec.memKib))
      try {
        take(this.engine.unlock(slotKey))
      } finally {
        this.heap.release(slotKey)
      }
      this.#around.tell('unlocked', asker)
      return this.status()
    })
  }

  /**
   * Plan, one transaction, commit. When another worker wrote in between, reads what it wrote and plans anew.
   * @returns the id of what was made or changed. A failure anywhere leaves everything as it was.
   */
  mutate(plan: () => Outcome<Plan>, asker: object): Promise<string> {
    return this.#writes.run(() =>
      this.#alone(async () => {
        const id = await this.#planned(plan)
        this.#around.others('changed')
        this.#around.tell('changed', asker)
        return id
      }),
    )
  }

  /** Runs one call of the engine's over the network, until done, aborted or locked. */
  async exchange(outcome: Outcome<EngineCall>, limits: Limits, sink?: Sink, signal?: AbortSignal): Promise<Answered> {
    const call = this.heap.hold(take(outcome))
    const own = new AbortController()
    const stop = () => own.abort(signal?.reason)
    this.#calls.add(own)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    try {
      const timing = await exchange(call, this.net, limits, own.signal, sink)
      return { call, timing, done: () => this.heap.release(call) }
    } catch (error) {
      this.heap.release(call)
      throw error
    } finally {
      this.#calls.delete(own)
      signal?.removeEventListener('abort', stop)
      if (!this.#ended) this.#ledger.touch()
    }
  }

  noteChecked(key: string, code: ErrorCode | 'ok'): void {
    this.engine.noteChecked(key, code, this.now())
    this.#ledger.touch()
  }

  /** Refuse new work, stop calls, wipe, say so, end. Here and, unless it came from there, in every other worker. */
  lock(heardFromOthers = false): void {
    if (this.#ended) return
    const rows = this.#ledger.take()
    this.#ended = true
    for (const call of this.#calls) call.abort(new Failure('ERR_LOCKED'))
    try {
      this.#engine.lock()
    } finally {
      this.heap.wipe()
      if (!heardFromOthers) this.#around.others('lock')
      this.#around.tell('locked')
      void this.#close(rows)
    }
  }

  /** After a trap: whatever can still be wiped is, and the worker ends. Does nothing for any other error. */
  crash(error: unknown): void {
    if (!(error instanceof WebAssembly.RuntimeError) || this.#ended) return
    this.#ended = true
    for (const call of this.#calls) call.abort(new Failure('ERR_INTERNAL'))
    this.heap.wipe()
    this.#around.tell('locked')
    void this.#close()
  }

  get ended(): boolean {
    return this.#ended
  }

  async #planned(plan: () => Outcome<Plan>): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      const { base, puts, deletes, id } = take(plan())
      try {
        await this.#around.storage.write({ base, puts, deletes, id })
      } catch (error) {
        this.engine.abandon()
        const code = error instanceof Failure ? error.problem.code : null
        // A newer build owns the format now; this worker must not go on with what it knows, once the asker has been told.
        if (code === 'ERR_VERSION') setTimeout(() => this.lock(true), 0)
        if (code !== 'ERR_STALE' || attempt === REPLANS) throw error
        await this.#reload()
        continue
      }
      take(this.engine.commit())
      return id
    }
  }

  async #reload(): Promise<void> {
    await this.#ledger.flush()
    const { envelopes, ledger } = await this.#around.storage.readAll()
    take(this.engine.load(envelopes, ledger))
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const { locks } = this.#around
    return locks === undefined ? work() : (locks.request(WRITE_LOCK, work) as Promise<T>)
  }

  async #close(lastRows: Row[] = []): Promise<void> {
    if (lastRows.length > 0) {
      const written = this.#around.storage.writeLedger(lastRows).catch(() => {})
      await Promise.race([written, new Promise((resolve) => setTimeout(resolve, LAST_WRITE_MS))])
    }
    this.#around.storage.close()
    this.#around.close()
  }
}

/** A call that came to its end and can be asked about it, until done(). */
export interface Answered {
  call: EngineCall
  timing: Timing
  done(): void
}

function found<T>(item: T | undefined): T {
  if (item === undefined) throw new Failure('ERR_NOT_FOUND')
  return item
}
