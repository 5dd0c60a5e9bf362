// keeping: what can be asked of the vault itself: opening and locking it, its ways in, its backups, its log, its end.
import type {
  AccessQuestion,
  AccessTerms,
  AuditTrail,
  BackupFile,
  GrantInfo,
  ImportChoice,
  ImportPreview,
  ImportResult,
  NewPasskey,
  SlotId,
  Status,
} from '../protocol/messages'
import { KeyholdError } from './error'
import { Line, type Cancellable } from './line'
import type { WayIn } from './with-kdf'

/** A passkey that navigator.credentials.create() made for `slot` of newPasskey(). */
export interface MadePasskey {
  slot: SlotId
  credential: Uint8Array
  /** The relying party: this page's host name. */
  rp: string
  /** What the person calls it. */
  name: string
  /** Both PRF results, one after the other: 64 bytes, transferred. */
  prf: Uint8Array
}

export class Keeping extends Line {
  /** Answered even when a lock comes between: by the worker that follows. */
  async status(): Promise<Status> {
    try {
      return await this.ask({ op: 'status' })
    } catch (error) {
      if (!(error instanceof KeyholdError && error.code === 'ERR_LOCKED')) throw error
      return this.ask({ op: 'status' })
    }
  }

  /** Makes a vault and opens it. The passphrase (see passphraseBytes) is transferred: empty for the caller afterwards. */
  create(passphrase: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.secretly({ passphrase }, ({ call, kdf }) => ({ op: 'create', call, kdf }), options)
  }

  /** ERR_CANNOT_UNLOCK for what does not open the vault; ERR_UNLOCK_WAIT while it must wait after many failures. */
  unlock(by: Uint8Array | WayIn, options: Cancellable = {}): Promise<Status> {
    const proof = by instanceof Uint8Array ? { passphrase: by } : by
    return this.secretly({ proof }, ({ call, proof }) => ({ op: 'unlock', call, by: proof }), options)
  }

  /** Locks every tab and ends the worker; resolves when it is done. */
  async lock(): Promise<void> {
    try {
      await this.ask({ op: 'lock' })
    } catch (error) {
      // The port's end is how a lock is told; another tab may have been first.
      if (!(error instanceof KeyholdError && error.code === 'ERR_LOCKED')) throw error
    }
  }

  /** Somebody did something in the vault's page: the idle lock begins to count anew. */
  async touch(): Promise<void> {
    await this.ask({ op: 'touch' })
  }

  /** Minutes without use until the vault locks itself: 1 to 720. */
  setLockAfter(minutes: number): Promise<Status> {
    return this.ask({ op: 'setLockAfter', minutes })
  }

  /** What navigator.credentials.create() needs for a passkey that is to open this vault. */
  newPasskey(): Promise<NewPasskey> {
    return this.ask({ op: 'newPasskey' })
  }

  /** ERR_PASSKEY_PRF for a passkey that gave no secret. */
  addPasskey(proof: WayIn, made: MadePasskey, options: Cancellable = {}): Promise<Status> {
    const { slot, credential, rp, name } = made
    return this.secretly(
      { proof, bytes: [made.prf] },
      ({ call, proof, bytes }) => ({ op: 'addPasskey', call, proof, slot, credential, rp, name, prf: nth(bytes, 0) }),
      options,
    )
  }

  /** A recovery code to show: ASCII, to be wiped. It opens nothing before addRecovery. */
  newRecovery(): Promise<Uint8Array> {
    return this.ask({ op: 'newRecovery' })
  }

  /** `typed`: the last eight characters of the code shown. ERR_RECOVERY_TYPED if they are not. */
  addRecovery(proof: WayIn, typed: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.secretly(
      { proof, bytes: [typed] },
      ({ call, proof, bytes }) => ({ op: 'addRecovery', call, proof, typed: nth(bytes, 0) }),
      options,
    )
  }

  /** The new passphrase takes the old one's place; old backups still open with the old one. */
  changePassphrase(proof: WayIn, passphrase: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.secretly(
      { proof, passphrase },
      ({ call, proof, kdf }) => ({ op: 'changePassphrase', call, proof, kdf }),
      options,
    )
  }

  /** ERR_LAST_SLOT for the last way in that is not a passkey. */
  removeSlot(proof: WayIn, slot: SlotId, options: Cancellable = {}): Promise<Status> {
    return this.secretly({ proof }, ({ call, proof }) => ({ op: 'removeSlot', call, proof, slot }), options)
  }

  nameSlot(slot: SlotId, name: string): Promise<Status> {
    return this.ask({ op: 'nameSlot', slot, name })
  }

  /** A new root key. Passkeys not given here are removed. */
  rotateRoot(
    passphrase: Uint8Array,
    typed: Uint8Array,
    passkeys: { slot: SlotId; prf: Uint8Array }[],
    options: Cancellable = {},
  ): Promise<Status> {
    return this.secretly(
      { proof: { passphrase }, bytes: [typed, ...passkeys.map(({ prf }) => prf)] },
      ({ call, proof, bytes }) => ({
        op: 'rotateRoot',
        call,
        proof,
        typed: nth(bytes, 0),
        passkeys: passkeys.map(({ slot }, i) => ({ slot, prf: nth(bytes, i + 1) })),
      }),
      options,
    )
  }

  /**
   * Everything in one file, sealed under a passphrase of its own.
   * @param options `copiedTo`: it goes into the vault that a page of that origin embeds, and no backup was made
   */
  backup(
    proof: WayIn,
    passphrase: Uint8Array,
    { copiedTo = '', ...options }: Cancellable & { copiedTo?: string } = {},
  ): Promise<BackupFile> {
    return this.secretly(
      { proof, passphrase },
      ({ call, proof, kdf }) => ({ op: 'backup', call, proof, kdf, copiedTo }),
      options,
    )
  }

  /** From now on this file is written anew after each change, sealed under a passphrase of its own. ERR_FILE. */
  autoSave(
    proof: WayIn,
    passphrase: Uint8Array,
    file: FileSystemFileHandle,
    options: Cancellable = {},
  ): Promise<Status> {
    return this.secretly(
      { proof, passphrase },
      ({ call, proof, kdf }) => ({ op: 'autoSave', call, proof, kdf, file }),
      options,
    )
  }

  /** Tries again what could not be written. Only in a click, since the browser may ask for permission. */
  async autoSaveAgain(): Promise<Status> {
    const file = await this.ask({ op: 'autoSaveFile' })
    await file.requestPermission({ mode: 'readwrite' })
    return this.ask({ op: 'autoSaveAgain' })
  }

  /** The file stays as it is. */
  endAutoSave(): Promise<Status> {
    return this.ask({ op: 'endAutoSave' })
  }

  /** Opens a backup to look at. ERR_KDF_LARGE when its passphrase needs more than 256 MiB, unless `large`. */
  openBackup(
    file: Uint8Array,
    passphrase: Uint8Array,
    options: Cancellable & { large?: boolean } = {},
  ): Promise<ImportPreview> {
    const { large = false } = options
    return this.secretly(
      { passphrase, bytes: [file] },
      ({ call, kdf, bytes }) => ({ op: 'openBackup', call, file: nth(bytes, 0), kdf, large }),
      options,
    )
  }

  /** Opens the KEY=value lines of a .env file to look at. */
  openEnv(file: Uint8Array): Promise<ImportPreview> {
    return this.askWith(file, (own) => ({ op: 'openEnv', file: own }))
  }

  /** Takes over what was opened: one choice for each item, in order. */
  restore(choices: ImportChoice[]): Promise<ImportResult> {
    return this.ask({ op: 'restore', choices })
  }

  /** Forgets what was opened. */
  async closeImport(): Promise<void> {
    await this.ask({ op: 'closeImport' })
  }

  /** Puts back, from the copy beside the vault, what is missing or damaged and is there as it should be. */
  repair(): Promise<Status> {
    return this.ask({ op: 'repair' })
  }

  /** An older state of the vault was put back, on purpose: it stays, and the copy follows it. */
  keepState(): Promise<Status> {
    return this.ask({ op: 'keepState' })
  }

  /** The vault is gone or cannot be read: makes the copy beside it the vault again. */
  recoverCopy(): Promise<Status> {
    return this.ask({ op: 'recoverCopy' })
  }

  /** Everything as it lies, sealed: for a damaged vault. */
  exportRaw(): Promise<Uint8Array> {
    return this.ask({ op: 'exportRaw' })
  }

  audit(): Promise<AuditTrail> {
    return this.ask({ op: 'audit' })
  }

  /** What pages of other origins wait for the user to decide. */
  questions(): Promise<AccessQuestion[]> {
    return this.ask({ op: 'questions' })
  }

  /** The user's answer; null: no. */
  async decide(question: number, terms: AccessTerms | null): Promise<void> {
    await this.ask({ op: 'decide', question, terms })
  }

  /** Pages of other origins that may use keys. */
  grants(): Promise<GrantInfo[]> {
    return this.ask({ op: 'grants' })
  }

  /** At once, calls under way included. */
  async revoke(grant: string): Promise<void> {
    await this.ask({ op: 'revoke', grant })
  }

  /** Removes the vault from this browser for good. `word`: "delete", typed by the person. */
  async wipe(word: string): Promise<void> {
    await this.ask({ op: 'wipe', word })
  }
}

/** They arrive in the order they were given in. */
function nth(bytes: Uint8Array[], index: number): Uint8Array {
  const found = bytes[index]
  if (found === undefined) throw new KeyholdError('ERR_INTERNAL')
  return found
}
