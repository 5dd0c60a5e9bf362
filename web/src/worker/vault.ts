// vault: the one vault of a worker: its engine, its rows on disk, and how it ends. Knows no message.
import type { ErrorCode } from '../protocol/errors'
import type {
  AskOf,
  KeyInfo,
  Proof,
  ProviderInfo,
  SiteServer,
  Spending,
  Status,
  UsageReport,
} from '../protocol/messages'
import { WrongAttempts } from './attempts'
import { AutoLock } from './auto-lock'
import { AutoSave } from './auto-save'
import { Copy } from './copy'
import type { Engine, EngineCall, EngineModule, Outcome, Plan } from './engine-module'
import type { Caller, Limits, Network } from './exchange'
import { Failure, take } from './failure'
import { Heap } from './heap'
import { sealLast, writeLast, type Parts } from './last-writes'
import { Ledger } from './ledger'
import { Notes } from './notes'
import { once } from './once'
import { Prices } from './prices'
import type { Proving } from './proof'
import { Queue } from './queue'
import type { Storage } from './storage'
import type { Surroundings } from './surroundings'
import { CallsUnderWay, type Answered } from './under-way'
import { Usage } from './usage'
import { writePlan } from './write-plan'

const WRITE_LOCK = 'keyhold-write'

export class Vault {
  readonly heap: Heap
  readonly net: Network
  readonly storage: Storage
  readonly callbackUrl: string
  readonly copy: Copy
  readonly autoSave: AutoSave
  /**
   * To be awaited before any operation of wasm/split/keeping-ops.txt; the engine comes to its end at one that is not there.
   * ERR_WORKER when keeping.wasm cannot be had now.
   */
  readonly keeping: () => Promise<void>
  keepingIsHere = false
  /** The site's keyhold-server, once its configuration is read. */
  server: SiteServer | null = null
  readonly #around: Surroundings
  readonly #engine: Engine
  readonly #ledger: Ledger
  readonly #writes = new Queue()
  readonly #sessions = new Queue()
  readonly #autoLock: AutoLock
  readonly #prices: Prices
  readonly #usage: Usage
  readonly #calls: CallsUnderWay
  readonly #attempts: WrongAttempts
  readonly #notes: Notes
  readonly #lasting: Parts
  #copyHelps = false
  #ended = false

  constructor(module: EngineModule, around: Surroundings) {
    this.heap = new Heap(module)
    this.net = around.net
    this.storage = around.storage
    this.callbackUrl = around.callbackUrl
    this.keeping = once(async () => {
      await around.keeping()
      this.keepingIsHere = true
    })
    this.#around = around
    this.#engine = new module.Engine()
    this.#autoLock = new AutoLock(
      this.#engine,
      around.net,
      () => this.#calls.busy,
      () => this.lock(),
    )
    const crash = (error: unknown) => this.crash(error)
    this.copy = new Copy((before) => {
      if (this.#ended) return null
      // Only a vault with something amiss needs the copy until now.
      return this.#engine.copy(this.#engine.findings().length > 0 ? before : new Uint8Array())
    }, crash)
    this.autoSave = new AutoSave({
      engine: () => (this.#ended || this.#engine.state() !== 'unlocked' ? null : this.#engine),
      storage: around.storage,
      keeping: this.keeping,
      now: () => this.now(),
      changed: () => (this.#ended ? undefined : around.tell('changed')),
      failed: crash,
    })
    const listed = () => Promise.all([around.prices(), this.keeping()]).then(([file]) => file)
    this.#prices = new Prices(listed, (file) => {
      if (!this.#ended) take(this.#engine.usePrices(file))
    })
    this.#attempts = new WrongAttempts(this)
    this.#notes = new Notes(this.#engine, () => this.#writeNotes(this), crash)
    this.#usage = new Usage(this, this.#engine)
    this.#calls = new CallsUnderWay(this, this.#engine, this.#usage, this.#prices, () => {
      if (this.#ended) return
      this.#notes.touch()
      around.tell('changed')
    })
    this.#ledger = new Ledger(
      () => (this.#ended || this.#engine.state() !== 'unlocked' ? [] : this.#engine.takeLedger()),
      (rows) => around.storage.writeLedger(rows),
      () => this.#usage.write(),
      () => around.tell('changed'),
      crash,
    )
    const { copy, autoSave, storage } = this
    const [ledger, calls, usage, notes] = [this.#ledger, this.#calls, this.#usage, this.#notes]
    this.#lasting = { ledger, calls, usage, notes, copy, autoSave, storage }
  }

  /**
   * The engine, as long as there is one. ERR_LOCKED once the vault has ended, or must: every use, and every wait, may be
   * where that happened.
   */
  get engine(): Engine {
    if (!this.#ended) this.#autoLock.check()
    if (this.#ended) throw new Failure('ERR_LOCKED')
    return this.#engine
  }

  now(): number {
    return this.net.now()
  }

  status(): Status {
    const { engine } = this
    const state = engine.state()
    return {
      state,
      findings: state === 'unlocked' ? engine.findings() : [],
      slots: engine.slots(),
      waitS: Math.ceil(this.#attempts.waitMs() / 1_000),
      failedAttempts: this.#attempts.count,
      copy: this.#copyHelps,
      ...this.autoSave.among(engine.settings()),
    }
  }

  key(id: string): KeyInfo {
    return found(this.engine.key(id))
  }

  provider(id: string): ProviderInfo {
    return found(this.engine.providers().find((provider) => provider.id === id))
  }

  /** Reads what is on disk into the engine: at the start, and after another worker wrote. */
  reload(): Promise<void> {
    return this.#writes.run(() => this.#reload())
  }

  create(request: AskOf<'create'>, proving: Proving, asker: object): Promise<Status> {
    return this.#sessions.run(async () => {
      if (this.engine.state() !== 'absent') throw new Failure('ERR_WRONG_STATE')
      const port = proving.port(request.kdf)
      const [measuredMs] = await Promise.all([port.measure(), this.keeping()])
      const spec = this.engine.newKdf(measuredMs)
      const slotKey = await proving.derive(port, spec)
      await this.mutate(() => this.engine.planCreate(spec, slotKey, this.now()), asker)
      this.#autoLock.start()
      this.#around.tell('unlocked', asker)
      return this.status()
    })
  }

  unlock({ by }: AskOf<'unlock'>, proving: Proving, asker: object): Promise<Status> {
    return this.#sessions.run(async () => {
      // The same port serves again should the passphrase's slot be due for a stronger cost.
      const port = by.way === 'passphrase' ? proving.port(by.kdf) : null
      this.#attempts.refuseTooSoon()
      const slotKey =
        port === null ? await proving.key(by) : await proving.derive(port, take(this.engine.passphraseKdf()))
      try {
        take(this.engine.unlock(slotKey, this.now(), this.#attempts.count))
      } catch (error) {
        throw await this.#attempts.counted(error, by.way)
      }
      this.#autoLock.start()
      this.#ledger.touch()
      // What could not be saved before.
      this.autoSave.touch()
      await this.#opened(async () => {
        const stronger = port === null ? null : this.engine.strongerKdf()
        const lost = await this.storage.lacksAudit()
        if (lost || stronger !== null) await this.keeping()
        if (lost) await this.mutate(() => this.engine.planRestartTrail(this.now()), asker)
        if (port === null || stronger === null) return this.#writeNotes(asker)
        const key = await proving.derive(port, stronger)
        return this.mutate(() => this.engine.planChangePassphrase(slotKey, stronger, key, this.now()), asker)
      })
      this.#around.tell('unlocked', asker)
      return this.status()
    })
  }

  /** A proof while the vault is open is a guess like any other: after wrong ones it waits, and wrong it counts. */
  async prove<T>(way: Proof['way'], work: () => Promise<T>): Promise<T> {
    this.#attempts.refuseTooSoon()
    try {
      const done = await work()
      await this.#attempts.forget()
      return done
    } catch (error) {
      throw await this.#attempts.counted(error, way)
    }
  }

  /** Somebody did something in the vault's page. */
  touch(byHost = false): void {
    this.#autoLock.touch(byHost)
  }

  /** The copy beside the vault becomes the vault, locked. */
  async recoverCopy(asker: object): Promise<Status> {
    await this.keeping()
    return this.#writes.run(() =>
      this.#alone(async () => {
        const copy = await this.copy.read()
        if (copy === null) throw new Failure('ERR_NOT_FOUND')
        await this.storage.write(take(this.engine.planRecover(copy)))
        await this.#reload()
        this.#around.others('changed')
        this.#around.tell('changed', asker)
        return this.status()
      }),
    )
  }

  /** Removes everything from this browser and ends. */
  wipe(): Promise<void> {
    return new Promise((gone, failed) => {
      this.#writes
        .run(async () => {
          // Other workers lock first: their connections would hold up the deletion.
          this.#around.others('lock')
          this.#ledger.take()
          // What would write down that it was saved would open the database again.
          await this.autoSave.stop()
          await this.storage.wipe()
          await this.copy.remove()
          gone()
          // The asker hears of it before its port ends. Writes that wait find a vault that has ended.
          await new Promise((told) => setTimeout(told, 0))
          this.lock(true)
        })
        .catch(failed)
    })
  }

  /**
   * Plan, one transaction, commit. When another worker wrote in between, reads what it wrote and plans anew.
   * @returns the id of what was made or changed. A failure anywhere leaves everything as it was.
   */
  mutate(plan: () => Outcome<Plan> | Promise<Outcome<Plan>>, asker: object): Promise<string> {
    return this.#writes.run(() =>
      this.#alone(async () => {
        const id = await writePlan(plan, {
          engine: () => this.engine,
          storage: this.storage,
          reload: () => this.#reload(),
          // This worker must not go on with what it knows, once the asker has been told.
          outdated: () => setTimeout(() => this.lock(true), 0),
        })
        this.touch()
        this.copy.touch()
        this.autoSave.touch()
        this.#around.others('changed')
        this.#around.tell('changed', asker)
        return id
      }),
    )
  }

  /** Runs one call of the engine's over the network, until done, aborted or locked. `app`: the origin of the page that asks. */
  async exchange(
    outcome: Outcome<EngineCall>,
    limits: Limits,
    caller?: Caller,
    signal?: AbortSignal,
    app?: string,
  ): Promise<Answered> {
    const call = this.heap.hold(take(outcome))
    const byHost = app !== undefined && app !== ''
    this.touch(byHost)
    try {
      return await this.#calls.run(call, limits, caller, signal, app)
    } finally {
      if (!this.#ended) {
        this.touch(byHost)
        this.#ledger.touch()
        this.#notes.touch()
      }
    }
  }

  /** What calls used on these days, and when the prices were made that say what they cost. */
  async usage(from: number, to: number): Promise<UsageReport> {
    await Promise.all([this.#ledger.flush(), this.#prices.wanted()])
    return this.#usage.report(from, to)
  }

  spending(): Promise<Spending[]> {
    return this.#usage.spending()
  }

  noteChecked(key: string, code: ErrorCode | 'ok'): void {
    this.engine.noteChecked(key, code, this.now())
    this.#ledger.touch()
    this.#notes.touch()
  }

  /** Refuse new work, stop calls, wipe, say so, end. Here and, unless it came from there, in every other worker. */
  lock(heardFromOthers = false): void {
    if (this.#ended) return
    const last = sealLast(this.#lasting)
    this.#autoLock.stop()
    this.#ended = true
    this.#calls.abortAll(new Failure('ERR_LOCKED'))
    try {
      this.#engine.lock()
    } finally {
      this.heap.wipe()
      if (!heardFromOthers) this.#around.others('lock')
      this.#around.tell('locked')
      void this.#close(writeLast(this.#lasting, last))
    }
  }

  /** After a trap: whatever can still be wiped is, and the worker ends. Does nothing for any other error. */
  crash(error: unknown): void {
    if (!(error instanceof WebAssembly.RuntimeError) || this.#ended) return
    this.#ended = true
    this.#autoLock.stop()
    this.#calls.abortAll(new Failure('ERR_INTERNAL'))
    this.heap.wipe()
    this.#around.tell('locked')
    void this.#close(writeLast(this.#lasting, null))
  }

  get ended(): boolean {
    return this.#ended
  }

  async #reload(): Promise<void> {
    await this.#ledger.flush()
    const { envelopes, ledger, attempts, resealed, savedFile } = await this.storage.readAll()
    this.#attempts.know(attempts)
    this.autoSave.know(savedFile)
    // With no wait between the two: from here on, rows of usage are sealed by the key that the engine now has.
    this.storage.resealed = resealed
    const state = take(this.engine.load(envelopes, ledger))
    if (state === 'unlocked') return this.autoSave.touch()
    const copy = await this.copy.read()
    // One that is no copy of ours is none.
    if (copy !== null) this.engine.knowCopy(copy)
    this.#copyHelps = copy !== null && (await this.#helps(copy))
  }

  /** Could the copy become the vault? One that nobody can tell of is worth trying. */
  async #helps(copy: Uint8Array): Promise<boolean> {
    if (this.engine.canBeOpened()) return false
    try {
      await this.keeping()
    } catch {
      return true
    }
    return this.engine.planRecover(copy).error === undefined
  }

  /** What happened without changing anything. It may wait for a second; at a lock it does not. */
  async #writeNotes(asker: object): Promise<void> {
    if (this.engine.waitingNotes() > 0) await this.mutate(() => this.engine.planNotes(), asker)
  }

  /** The vault is open: what is to be written of that may fail without closing it again. */
  async #opened(write: () => Promise<unknown>): Promise<void> {
    try {
      await this.#attempts.forget()
      await write()
    } catch (error) {
      if (this.#ended) throw error
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const { locks } = this.#around
    return locks === undefined ? work() : (locks.request(WRITE_LOCK, work) as Promise<T>)
  }

  async #close(write: Promise<void>): Promise<void> {
    await write
    this.storage.close()
    this.#around.close()
  }
}

function found<T>(item: T | null | undefined): T {
  if (item === null || item === undefined) throw new Failure('ERR_NOT_FOUND')
  return item
}
