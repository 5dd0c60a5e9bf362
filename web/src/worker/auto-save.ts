// auto-save: a backup file of the person's own choice, written anew after each change. The engine seals what is in it; the
// handle to the file, and what was last saved there, lie beside the vault's rows.
import type { AutoSaveStatus, Status, UnixMs } from '../protocol/messages'
import type { Engine } from './engine-module'
import { Failure, take } from './failure'
import { writeFile } from './file'
import { SpacedWrites } from './spaced-writes'
import type { Storage } from './storage'

/** As stored. `of`: the digest of the keys that were last saved there, '' before. */
export interface SavedFile {
  file: FileSystemFileHandle
  of: string
  at: UnixMs | null
}

type Told = Pick<Status, 'lockAfterMinutes' | 'backup' | 'autoSave'>

/** What keeps the file from being written. */
type Trouble = 'permission' | 'gone' | 'failed' | 'held'

export interface AutoSaveAround {
  /** Null unless the vault is open. */
  engine(): Engine | null
  storage: Pick<Storage, 'rememberFile'>
  /** Loads keeping.wasm. */
  keeping(): Promise<void>
  now(): UnixMs
  /** The status is another one. */
  changed(): void
  /** The engine threw while nobody waited for it. */
  failed(error: unknown): void
}

export class AutoSave {
  readonly #around: AutoSaveAround
  readonly #writes: SpacedWrites
  #saved: SavedFile | null = null
  #trouble: Trouble | null = null
  /** What the bytes under way are of. */
  #making = ''

  constructor(around: AutoSaveAround) {
    this.#around = around
    this.#writes = new SpacedWrites(
      () => this.#make(),
      (bytes) => this.#write(bytes, this.#making),
      (error) => around.failed(error),
    )
  }

  /** What storage holds: at the start, and whenever it was read anew. */
  know(stored: SavedFile | null): void {
    this.#saved = stored
  }

  /** The settings as a page is told of them: a file that is kept up to date is a backup like any other. */
  among({ lockAfterMinutes, backup, autoSaveOf }: ReturnType<Engine['settings']>): Told {
    const autoSave = autoSaveOf === null ? null : this.#status(autoSaveOf)
    if (autoSave === null || autoSave.at === null) return { lockAfterMinutes, backup, autoSave }
    const at = Math.max(backup.at ?? 0, autoSave.at)
    return { lockAfterMinutes, backup: { at, current: backup.current || autoSave.state === 'saved' }, autoSave }
  }

  #status(of: string): AutoSaveStatus {
    const saved = this.#saved
    // The vault was brought back without what lay beside its rows.
    if (saved === null) return { name: '', state: 'gone', at: null }
    const state = saved.of === of ? 'saved' : (this.#trouble ?? 'due')
    return { name: saved.file.name, state, at: saved.at }
  }

  /** The vault changed, or was opened. */
  touch(): void {
    const of = this.#wanted()
    if (of === null || this.#saved === null || this.#saved.of === of) return
    this.#around.keeping().then(
      () => this.#writes.touch(),
      () => this.#met('failed'),
    )
  }

  /** Writes what is due. */
  flush(): Promise<void> {
    return this.#writes.flush()
  }

  /** ERR_FILE when it cannot be written to. Nothing is written yet. */
  async tryOut(file: FileSystemFileHandle): Promise<void> {
    try {
      await (await file.createWritable()).abort()
    } catch {
      throw new Failure('ERR_FILE')
    }
  }

  /**
   * From now on it is this file, under a key that `plan` has the engine remember; if that fails, everything stays.
   * Resolves when the file was written, or could not be: status() says.
   */
  async begin(file: FileSystemFileHandle, plan: () => Promise<unknown>): Promise<void> {
    const before = this.#saved
    const fresh = { file, of: '', at: null }
    await this.stop()
    // Known before the key is: what follows the plan must not go into the file before.
    await this.#remember(fresh)
    try {
      await plan()
    } catch (error) {
      await this.#remember(before)
      throw error
    }
    // What another change wrote meanwhile may be sealed under the key before.
    await this.stop()
    await this.#remember(fresh)
    this.#trouble = null
    await this.again()
  }

  /** Tries once more what could not be written. */
  async again(): Promise<void> {
    if (this.#wanted() === null || this.#saved === null) throw new Failure('ERR_NOT_FOUND')
    await this.#around.keeping()
    this.#writes.touch()
    await this.#writes.flush()
  }

  /** Nothing more is written; resolves when the last write has ended. */
  stop(): Promise<void> {
    return this.#writes.stop()
  }

  async end(): Promise<void> {
    await this.stop()
    await this.#remember(null)
  }

  /** For the page, which alone may ask for permission. ERR_NOT_FOUND. */
  file(): FileSystemFileHandle {
    if (this.#wanted() === null || this.#saved === null) throw new Failure('ERR_NOT_FOUND')
    return this.#saved.file
  }

  #wanted(): string | null {
    return this.#around.engine()?.settings().autoSaveOf ?? null
  }

  #make(): Uint8Array | null {
    const of = this.#wanted()
    const engine = this.#around.engine()
    if (engine === null || of === null || this.#saved === null || this.#saved.of === of) return null
    const made = engine.autoSaveFile(this.#around.now())
    if (made.error !== undefined) {
      // Damaged: what is in the file may be all there is.
      this.#met('held')
      return null
    }
    this.#making = of
    return take(made)
  }

  async #write(bytes: Uint8Array, of: string): Promise<void> {
    const file = this.#saved?.file
    if (file === undefined) return
    try {
      if ((await file.queryPermission({ mode: 'readwrite' })) !== 'granted') return this.#met('permission')
      await writeFile(file, bytes)
      await this.#remember({ file, of, at: this.#around.now() })
      this.#met(null)
    } catch (error) {
      this.#met(troubleOf(error))
    }
  }

  async #remember(saved: SavedFile | null): Promise<void> {
    await this.#around.storage.rememberFile(saved)
    this.#saved = saved
  }

  #met(trouble: Trouble | null): void {
    this.#trouble = trouble
    this.#around.changed()
  }
}

function troubleOf(error: unknown): Trouble {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotFoundError') return 'gone'
  return name === 'NotAllowedError' ? 'permission' : 'failed'
}
