// copy: the sealed copy of the vault beside it, in the origin's private file system, or in a second database where an
// engine cannot write files there. It outlives a broken or deleted database; it does not outlive "clear site data".
import { deleteDB, openDB } from 'idb'

const FILE = 'keyhold.copy'
const DATABASE = 'keyhold-copy'
const STORE = 'copy'
/** Written once in this time, so that many changes are one write; the first of them at once, since it may be the last. */
const SPACING_MS = 1_000
const NONE = new Uint8Array()

export class Copy {
  readonly #make: (before: Uint8Array) => Uint8Array | null
  /** What lies there, as far as this worker knows. */
  #last: Uint8Array = NONE
  #writtenAt = -Infinity
  #due: ReturnType<typeof setTimeout> | null = null
  #writing: Promise<void> = Promise.resolve()

  /** @param make  what to write now, in place of `before`; null or empty when the copy is to stay as it is. */
  constructor(make: (before: Uint8Array) => Uint8Array | null) {
    this.#make = make
  }

  /** The vault changed. Whoever waits for that is answered first. */
  touch(): void {
    const waitMs = Math.max(0, this.#writtenAt + SPACING_MS - performance.now())
    this.#due ??= setTimeout(() => void this.flush(), waitMs)
  }

  /** Writes what is due, once; the bytes are taken before anything waits. A copy that cannot be written costs no key. */
  flush(): Promise<void> {
    if (this.#due === null) return this.#writing
    clearTimeout(this.#due)
    this.#due = null
    this.#writtenAt = performance.now()
    const bytes = this.#make(this.#last)
    if (bytes === null || bytes.length === 0) return this.#writing
    this.#last = bytes
    return (this.#writing = this.#writing.then(() => write(bytes)).catch(() => {}))
  }

  /** @returns null when there is none, or it cannot be read. */
  async read(): Promise<Uint8Array | null> {
    const bytes = (await readFile().catch(() => null)) ?? (await readRow().catch(() => null))
    this.#last = bytes ?? NONE
    return bytes
  }

  async remove(): Promise<void> {
    if (this.#due !== null) clearTimeout(this.#due)
    this.#due = null
    await this.#writing
    const root = await files()
    await Promise.all([root?.removeEntry(FILE).catch(() => {}), deleteDB(DATABASE).catch(() => {})])
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  const file = await (await files())?.getFileHandle(FILE, { create: true }).catch(() => undefined)
  if (typeof file?.createWritable !== 'function') return writeRow(bytes)
  // Written to a swap file, which takes the old one's place when it closes.
  const out = await file.createWritable()
  await out.write(bytes as Uint8Array<ArrayBuffer>)
  await out.close()
}

async function readFile(): Promise<Uint8Array | null> {
  const handle = await (await files())?.getFileHandle(FILE)
  if (handle === undefined) return null
  const file = await handle.getFile()
  return file.size === 0 ? null : new Uint8Array(await file.arrayBuffer())
}

/** Undefined where there is no private file system, or it may not be used (private windows). */
async function files(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await navigator.storage.getDirectory()
  } catch {
    return undefined
  }
}

async function withRow<T>(work: (db: Awaited<ReturnType<typeof openDB>>) => Promise<T>): Promise<T> {
  const db = await openDB(DATABASE, 1, { upgrade: (fresh) => void fresh.createObjectStore(STORE) })
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

async function writeRow(bytes: Uint8Array): Promise<void> {
  await withRow((db) => db.put(STORE, bytes, FILE))
}

function readRow(): Promise<Uint8Array | null> {
  return withRow(async (db) => {
    const value: unknown = await db.get(STORE, FILE)
    return value instanceof Uint8Array ? value : null
  })
}
