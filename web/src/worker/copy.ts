// copy: the sealed copy of the vault beside it, in the origin's private file system, or in a second database where an
// engine cannot write files there. It outlives a broken or deleted database; it does not outlive "clear site data".
import { deleteDB, openDB } from 'idb'
import { writeFile } from './file'
import { SpacedWrites } from './spaced-writes'

const FILE = 'keyhold.copy'
const DATABASE = 'keyhold-copy'
const STORE = 'copy'
const NONE = new Uint8Array()

export class Copy {
  readonly #writes: SpacedWrites
  /** What lies there, as far as this worker knows. */
  #last: Uint8Array = NONE

  /**
   * @param make  what to write now, in place of `before`; null or empty when the copy is to stay as it is.
   * @param failed  hears what `make` threw while nobody waited for it.
   */
  constructor(make: (before: Uint8Array) => Uint8Array | null, failed: (error: unknown) => void) {
    this.#writes = new SpacedWrites(
      () => {
        const bytes = make(this.#last)
        if (bytes === null || bytes.length === 0) return null
        return (this.#last = bytes)
      },
      // A copy that cannot be written costs no key.
      (bytes) => write(bytes).catch(() => {}),
      failed,
    )
  }

  /** The vault changed. */
  touch(): void {
    this.#writes.touch()
  }

  /** Writes what is due. */
  flush(): Promise<void> {
    return this.#writes.flush()
  }

  /** @returns null when there is none, or it cannot be read. */
  async read(): Promise<Uint8Array | null> {
    const bytes = (await readFile().catch(() => null)) ?? (await readRow().catch(() => null))
    this.#last = bytes ?? NONE
    return bytes
  }

  async remove(): Promise<void> {
    await this.#writes.stop()
    const root = await files()
    await Promise.all([root?.removeEntry(FILE).catch(() => {}), deleteDB(DATABASE).catch(() => {})])
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  const file = await (await files())?.getFileHandle(FILE, { create: true }).catch(() => undefined)
  if (typeof file?.createWritable !== 'function') return writeRow(bytes)
  await writeFile(file, bytes)
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
