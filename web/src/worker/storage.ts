// storage: where sealed rows lie (IndexedDB `keyhold`), and the one transaction that changes them.
import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPObjectStore, type IDBPTransaction } from 'idb'
import type { SavedFile } from './auto-save'
import type { Plan, Row } from './engine-module'
import { Failure, isTrap } from './failure'
import { isFileHandle } from './file'

/** Of what is stored, in meta.format; a worker that finds a higher one writes nothing. */
const FORMAT = 1
const MANIFEST = 'manifest'
const DATABASE = 'keyhold'
/** Never holds anything. */
const PASSING = 'keyhold-passing'
/** Wrong attempts to unlock, in `meta`. */
const ATTEMPTS = 'attempts'
/** How often usage was sealed for a new root key, in `meta`. */
const RESEALED = 'resealed'
/** The file that is kept up to date, in `meta`. */
const SAVED_FILE = 'saved-file'

interface Schema extends DBSchema {
  envelopes: { key: string; value: Uint8Array }
  ledger: { key: string; value: Uint8Array }
  audit: { key: string; value: Uint8Array }
  usage: { key: string; value: Uint8Array }
  meta: { key: string; value: unknown }
}

type Store = 'envelopes' | 'ledger' | 'audit' | 'usage' | 'meta'
const STORES: Store[] = ['envelopes', 'ledger', 'audit', 'usage', 'meta']
/** Where rows lie, by what their key begins with; all others are envelopes. */
const APART: Record<string, Store> = {
  ledger: 'ledger',
  audit: 'audit',
  usage: 'usage',
  spend: 'usage',
  late: 'usage',
}
type WriteTransaction = IDBPTransaction<Schema, Store[], 'readwrite'>
type UsageStore = IDBPObjectStore<Schema, Store[], 'usage', 'readwrite'>

export interface StoredRows {
  envelopes: Row[]
  ledger: Row[]
  attempts: Attempts
  /** How often rows of usage were sealed anew, for a new root key. */
  resealed: number
  savedFile: SavedFile | null
}

/** Wrong attempts in a row, and when the last was. */
export interface Attempts {
  count: number
  lastAt: number
}

export const NO_ATTEMPTS: Attempts = { count: 0, lastAt: 0 }

/** Every method fails with ERR_STORAGE, ERR_STORAGE_FULL or ERR_VERSION, and then has changed nothing. */
export class Storage {
  /**
   * How often rows of usage had been sealed for a new root key, when the engine read the key it has. What it sealed is not
   * written once they have been again: it could not be read any more, and would take the place of what can (ERR_STALE).
   */
  resealed = 0
  #db: Promise<IDBPDatabase<Schema>> | null = null
  #wiped = false

  readAll(): Promise<StoredRows> {
    return this.#with(async (db) => {
      const tx = db.transaction(['envelopes', 'ledger', 'meta'])
      const [format, attempts, resealed, savedFile, envelopeKeys, envelopes, ledgerKeys, ledger] = await Promise.all([
        tx.objectStore('meta').get('format'),
        tx.objectStore('meta').get(ATTEMPTS),
        tx.objectStore('meta').get(RESEALED),
        tx.objectStore('meta').get(SAVED_FILE),
        tx.objectStore('envelopes').getAllKeys(),
        tx.objectStore('envelopes').getAll(),
        tx.objectStore('ledger').getAllKeys(),
        tx.objectStore('ledger').getAll(),
      ])
      refuseNewer(format)
      return {
        envelopes: rows(envelopeKeys, envelopes),
        ledger: rows(ledgerKeys, ledger),
        attempts: attemptsFrom(attempts),
        resealed: countFrom(resealed),
        savedFile: savedFileFrom(savedFile),
      }
    })
  }

  readAudit(): Promise<Row[]> {
    return this.#with(async (db) => {
      const store = db.transaction('audit').store
      const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()])
      return rows(keys, values)
    })
  }

  /** A vault that was made has at least that in its activity: then it is lost. */
  lacksAudit(): Promise<boolean> {
    return this.#with(async (db) => (await db.count('audit')) === 0)
  }

  /** All of the plan or nothing, on disk when it resolves. ERR_STALE when the rows are not those it was made from. */
  async write(plan: Plan): Promise<void> {
    await this.#write(STORES, 'strict', async (tx) => {
      const storeOf = (key: string) => tx.objectStore(APART[key.slice(0, key.indexOf('/'))] ?? 'envelopes')
      const meta = tx.objectStore('meta')
      if (!same(await tx.objectStore('envelopes').get(MANIFEST), plan.base)) throw new Failure('ERR_STALE')
      if (plan.usage !== undefined) {
        await this.#refuseResealed(tx)
        await refuseOtherRows(tx.objectStore('usage'), plan.usage)
      }
      return [
        ...putting(plan.puts, storeOf),
        ...plan.deletes.map((key) => () => storeOf(key).delete(key)),
        () => meta.put(FORMAT, 'format'),
        ...(plan.usage === undefined ? [] : [() => meta.put(this.resealed + 1, RESEALED)]),
      ]
    })
    if (plan.usage !== undefined) this.resealed += 1
  }

  /** Hot rows: relaxed, because losing the last second of them loses no key. */
  writeLedger(rows: Row[]): Promise<void> {
    return this.#write(['ledger', 'meta'], 'relaxed', async (tx) => {
      const ledger = tx.objectStore('ledger')
      return putting(rows, () => ledger)
    })
  }

  /** All rows of usage whose key begins so; of days, those from one to another. */
  readUsage(kind: 'usage' | 'spend' | 'late', from = '', to = '\uffff'): Promise<Row[]> {
    return this.#with((db) => rowsBetween(db.transaction('usage').store, `${kind}/${from}`, `${kind}/${to}`))
  }

  readAllUsage(): Promise<Row[]> {
    return this.#with((db) => rowsBetween(db.transaction('usage').store, '', '\uffff'))
  }

  /**
   * Reads what the engine wants to see, and writes what it makes of it: one transaction, so that of several workers none
   * writes over what another added. `wanted` and `change` are called within, and must answer at once.
   */
  changeUsage(
    wanted: (late: Row[]) => string[],
    change: (late: Row[], stored: Row[]) => { puts: Row[]; deletes: string[] },
  ): Promise<void> {
    return this.#writeUsage(async (usage) => {
      const late = await rowsBetween(usage, 'late/', 'late/\uffff')
      const keys = wanted(late)
      const values = await Promise.all(keys.map((key) => usage.get(key)))
      const stored = rows(keys, values).filter((_, at) => values[at] !== undefined)
      const { puts, deletes } = change(late, stored)
      return [...putting(puts, () => usage), ...deletes.map((key) => () => usage.delete(key))]
    })
  }

  /** The same for the one row that says what a key has cost. */
  changeSpend(key: string, change: (stored: Uint8Array | null) => Uint8Array): Promise<void> {
    return this.#writeUsage(async (usage) => {
      const bytes = change((await usage.get(key)) ?? null)
      return [() => usage.put(bytes, key)]
    })
  }

  /** Rows that nothing stored has to be read for. */
  addUsage(rows: Row[]): Promise<void> {
    return this.#writeUsage(async (usage) => putting(rows, () => usage))
  }

  /** Strict: a wait that can be skipped by pulling the plug is none. @returns with those other workers counted */
  async countAttempt(now: number): Promise<Attempts> {
    let attempts = NO_ATTEMPTS
    await this.#write(['meta'], 'strict', async (tx) => {
      const meta = tx.objectStore('meta')
      attempts = { count: attemptsFrom(await meta.get(ATTEMPTS)).count + 1, lastAt: now }
      return [() => meta.put(attempts, ATTEMPTS)]
    })
    return attempts
  }

  forgetAttempts(): Promise<void> {
    return this.#write(['meta'], 'strict', async (tx) => [() => tx.objectStore('meta').delete(ATTEMPTS)])
  }

  /** Null: none. */
  rememberFile(saved: SavedFile | null): Promise<void> {
    return this.#write(['meta'], 'relaxed', async (tx) => {
      const meta = tx.objectStore('meta')
      return [() => (saved === null ? meta.delete(SAVED_FILE) : meta.put(saved, SAVED_FILE))]
    })
  }

  /**
   * A browser that is killed while it writes leaves half an entry at the end of its database's log. Chromium's LevelDB
   * writes on behind it, takes the log for unsound when it next starts, and then deletes every database of the site
   * (google/leveldb issue 1287). When a database is deleted it begins a new log, so one that holds nothing comes and goes
   * each time a worker starts: half an entry lasts for moments, not for as long as the vault is used.
   */
  async beginNewLog(): Promise<void> {
    try {
      const db = await openDB(PASSING, 1)
      db.close()
      await deleteDB(PASSING)
    } catch {
      // What can be stored at all is told by what stores something.
    }
  }

  /** Everything, for good: from here on nothing opens it again, whatever was still to be written. */
  async wipe(): Promise<void> {
    this.#wiped = true
    this.close()
    try {
      await Promise.all([deleteDB(DATABASE), deleteDB(PASSING)])
    } catch (error) {
      this.#wiped = false
      throw storageFailure(error)
    }
  }

  close(): void {
    this.#db?.then((db) => db.close()).catch(() => {})
    this.#db = null
  }

  #writeUsage(prepare: (usage: UsageStore) => Promise<(() => Promise<unknown>)[]>): Promise<void> {
    return this.#write(['usage', 'meta'], 'relaxed', async (tx) => {
      await this.#refuseResealed(tx)
      return prepare(tx.objectStore('usage'))
    })
  }

  async #refuseResealed(tx: WriteTransaction): Promise<void> {
    if (countFrom(await tx.objectStore('meta').get(RESEALED)) !== this.resealed) throw new Failure('ERR_STALE')
  }

  #write(
    stores: Store[],
    durability: IDBTransactionDurability,
    prepare: (tx: WriteTransaction) => Promise<(() => Promise<unknown>)[]>,
  ): Promise<void> {
    return this.#with(async (db) => {
      const tx = db.transaction(stores, 'readwrite', { durability })
      // Its outcome is awaited below; a failure before that must not count as one nobody looked at.
      tx.done.catch(() => {})
      try {
        refuseNewer(await tx.objectStore('meta').get('format'))
        for (const request of await prepare(tx)) request().catch(() => {})
        await tx.done
      } catch (error) {
        abort(tx)
        throw error
      }
    })
  }

  async #with<T>(work: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
    try {
      if (this.#wiped) throw new Failure('ERR_STORAGE')
      return await work(await (this.#db ??= this.#open()))
    } catch (error) {
      throw storageFailure(error)
    }
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    const forget = () => this.close()
    const open = async () =>
      openDB<Schema>(DATABASE, 3, {
        upgrade(db) {
          for (const store of STORES) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store)
        },
        // A newer build wants to change the database, or the browser closed it: the next use opens it again, or learns why not.
        blocking: forget,
        terminated: () => (this.#db = null),
      })
    // Chromium says so once when it has just deleted what it found unsound; then there is an empty one, and the copy.
    const opening = open().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'UnknownError') return open()
      throw error
    })
    opening.catch(() => (this.#db = null))
    return opening
  }
}

interface Writable {
  put(bytes: Uint8Array, key: string): Promise<unknown>
}

/** What puts each row where it belongs, once it is called. */
function putting(rows: Row[], storeOf: (key: string) => unknown): (() => Promise<unknown>)[] {
  return rows.map(
    ({ key, bytes }) =>
      () =>
        (storeOf(key) as Writable).put(bytes, key),
  )
}

function rows(keys: string[], values: unknown[]): Row[] {
  // What is not bytes was not put there by us: the engine names it a finding instead of losing sight of it.
  return keys.map((key, i) => ({ key, bytes: values[i] instanceof Uint8Array ? values[i] : new Uint8Array() }))
}

interface Readable {
  getAllKeys(range: IDBKeyRange): Promise<string[]>
  getAll(range: IDBKeyRange): Promise<unknown[]>
}

async function rowsBetween(store: Readable, from: string, to: string): Promise<Row[]> {
  const range = IDBKeyRange.bound(from, to)
  const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)])
  return rows(keys, values)
}

async function refuseOtherRows(store: Readable, expected: Row[]): Promise<void> {
  const found = await rowsBetween(store, '', '\uffff')
  const unchanged =
    found.length === expected.length &&
    found.every(({ key, bytes }, at) => key === expected[at]?.key && same(bytes, expected[at].bytes))
  if (!unchanged) throw new Failure('ERR_STALE')
}

function countFrom(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0
}

/** What is no count of ours counts as none: it guards nothing but a person's patience. */
function attemptsFrom(value: unknown): Attempts {
  const { count, lastAt } = (value ?? NO_ATTEMPTS) as Attempts
  return Number.isSafeInteger(count) && Number.isSafeInteger(lastAt) && count >= 0 && lastAt >= 0
    ? { count, lastAt }
    : NO_ATTEMPTS
}

/** What has another form was not put there by us: then there is none. */
function savedFileFrom(value: unknown): SavedFile | null {
  const { file, of, at } = (value ?? {}) as Partial<SavedFile>
  if (!isFileHandle(file) || typeof of !== 'string' || !(at === null || Number.isSafeInteger(at))) return null
  return { file, of, at: at as number | null }
}

function same(a: Uint8Array | undefined, b: Uint8Array | null): boolean {
  if (a === undefined || b === null) return a === undefined && b === null
  // As the database compares its keys: natively, not byte by byte.
  return a.length === b.length && indexedDB.cmp(a, b) === 0
}

function refuseNewer(format: unknown): void {
  if (format !== undefined && !(typeof format === 'number' && format <= FORMAT)) throw new Failure('ERR_VERSION')
}

function abort(tx: WriteTransaction): void {
  try {
    tx.abort()
  } catch {
    // It had ended by itself.
  }
}

function storageFailure(error: unknown): unknown {
  // The engine is asked within transactions: its own end is not the database's.
  if (error instanceof Failure || isTrap(error)) return error
  const name = error instanceof DOMException || error instanceof Error ? error.name : ''
  if (name === 'QuotaExceededError') return new Failure('ERR_STORAGE_FULL')
  return new Failure(name === 'VersionError' ? 'ERR_VERSION' : 'ERR_STORAGE')
}
