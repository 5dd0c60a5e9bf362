// surroundings: what a vault has around it: the network, the disk, its ports, other workers.
import type { Network } from './exchange'
import type { Storage } from './storage'

export interface Surroundings {
  net: Network
  storage: Storage
  /** The page of this site that a login comes back to. */
  callbackUrl: string
  /** Absent where the engine lacks Web Locks; the write check then stands alone. */
  locks: LockManager | undefined
  /** To the vault workers of other tabs and builds. */
  others(news: 'lock' | 'changed'): void
  /** To this worker's ports. */
  tell(news: 'changed' | 'unlocked' | 'locked', except?: object): void
  /** Loads keeping.wasm into the engine. */
  keeping(): Promise<void>
  /** The price list's bytes. */
  prices(): Promise<ArrayBuffer>
  /** Ends the worker. */
  close(): void
}
