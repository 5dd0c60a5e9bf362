// engine: the vault as an app on its own origin sees it: one method per thing that can be asked of it.
import type {
  Answers,
  Ask,
  AuditTrail,
  BackupFile,
  CallPart,
  ChatMessage,
  CheckOutcome,
  Hello,
  ImportChoice,
  ImportPreview,
  ImportResult,
  KeyId,
  KeyInfo,
  NewPasskey,
  ProviderId,
  ProviderInfo,
  SlotId,
  Status,
  Stored,
  UnixMs,
} from '../protocol/messages'
import { taken, wipe } from './bytes'
import { chat } from './chat'
import { type Connection, openConnection, RECONNECT_AFTER_MS } from './connection'
import { KeyholdError } from './error'
import { browserLauncher, type ConnectOptions, type Launcher } from './launch'
import { vaultFetch } from './vault-fetch'
import { askSecretly, type Carried, type Secrets, type WayIn } from './with-kdf'
import { withTexts } from './provider-texts'

export interface NewKey {
  provider: ProviderId
  label: string
  /** Transferred: empty for the caller afterwards. See keyBytes(). */
  secret: Uint8Array
  /** Store without asking the provider whether the key works. */
  unchecked?: boolean
}

export interface Cancellable {
  signal?: AbortSignal
}

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

export interface ChatQuestion {
  key: KeyId
  model: string
  messages: ChatMessage[]
  /** Most tokens of the answer; 4096 if not given. */
  maxTokens?: number
  signal?: AbortSignal
}

export interface EngineEvents {
  /** Keys, endpoints, last use: ask again. */
  changed: () => void
  unlocked: () => void
  /** Here or in another tab. The client connects again by itself; what was under way failed with ERR_LOCKED. */
  locked: () => void
}

/** Every method rejects with KeyholdError, except `fetch`, which rejects as the browser's does. */
export class KeyholdEngine {
  readonly #launcher: Launcher
  readonly #listeners: { [E in keyof EngineEvents]: Set<EngineEvents[E]> } = {
    changed: new Set(),
    unlocked: new Set(),
    locked: new Set(),
  }
  #connection: Promise<Connection>
  #hello: Hello
  #closed = false

  /** Starts or joins the vault worker. ERR_WORKER, ERR_SELF_TEST, ERR_VERSION, ERR_STORAGE. */
  static connect(options: ConnectOptions = {}): Promise<KeyholdEngine> {
    return KeyholdEngine.connectBy(browserLauncher(options))
  }

  /** As connect(), with other means of starting workers (tests). */
  static async connectBy(launcher: Launcher): Promise<KeyholdEngine> {
    return new KeyholdEngine(launcher, await openConnection(launcher))
  }

  private constructor(launcher: Launcher, connection: Connection) {
    this.#launcher = launcher
    this.#hello = connection.hello
    this.#connection = Promise.resolve(this.#attach(connection))
    // Fetched while the passphrase is still being typed.
    if (connection.hello.status.state !== 'unlocked') launcher.wasm().catch(() => {})
    // A page that goes away must not leave a stream running that nobody reads.
    if (typeof addEventListener === 'function') {
      addEventListener('pagehide', () => void this.#connection.then((one) => one.abortCalls()).catch(() => {}))
    }
  }

  /** What the worker said of itself when this page last connected; its `status` is of that moment. */
  get hello(): Hello {
    return this.#hello
  }

  /** Answered even when a lock comes between: by the worker that follows. */
  async status(): Promise<Status> {
    try {
      return await this.#ask({ op: 'status' })
    } catch (error) {
      if (!(error instanceof KeyholdError && error.code === 'ERR_LOCKED')) throw error
      return this.#ask({ op: 'status' })
    }
  }

  /** Makes a vault and opens it. The passphrase (see passphraseBytes) is transferred: empty for the caller afterwards. */
  create(passphrase: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.#secretly({ passphrase }, ({ call, kdf }) => ({ op: 'create', call, kdf }), options)
  }

  /** ERR_CANNOT_UNLOCK for what does not open the vault; ERR_UNLOCK_WAIT while it must wait after many failures. */
  unlock(by: Uint8Array | WayIn, options: Cancellable = {}): Promise<Status> {
    const proof = by instanceof Uint8Array ? { passphrase: by } : by
    return this.#secretly({ proof }, ({ call, proof }) => ({ op: 'unlock', call, by: proof }), options)
  }

  /** Locks every tab and ends the worker; resolves when it is done. */
  async lock(): Promise<void> {
    try {
      await this.#ask({ op: 'lock' })
    } catch (error) {
      // The port's end is how a lock is told; another tab may have been first.
      if (!(error instanceof KeyholdError && error.code === 'ERR_LOCKED')) throw error
    }
  }

  async providers(): Promise<ProviderInfo[]> {
    return (await this.#ask({ op: 'providers' })).map(withTexts)
  }

  keys(): Promise<KeyInfo[]> {
    return this.#ask({ op: 'keys' })
  }

  /** Checks the key at its provider, then stores it. Rejects with what the provider meant when it is refused. */
  add({ provider, label, secret, unchecked = false }: NewKey): Promise<Stored> {
    return this.#askWith(secret, (own) => ({ op: 'add', provider, label, secret: own, unchecked }))
  }

  /** Puts a new secret in a key's place, checking it first; on any failure the old one stays. */
  replace(key: KeyId, secret: Uint8Array, options: { unchecked?: boolean } = {}): Promise<Stored> {
    const { unchecked = false } = options
    return this.#askWith(secret, (own) => ({ op: 'replace', key, secret: own, unchecked }))
  }

  /** Asks the provider whether a stored key still works. ERR_CHECKED_TOO_OFTEN over 5 a minute. */
  check(key: KeyId): Promise<CheckOutcome> {
    return this.#ask({ op: 'check', key })
  }

  setLabel(key: KeyId, label: string): Promise<KeyInfo> {
    return this.#ask({ op: 'label', key, label })
  }

  async delete(key: KeyId): Promise<void> {
    await this.#ask({ op: 'delete', key })
  }

  /** This key is used for its provider where none is named. */
  setDefault(key: KeyId): Promise<KeyInfo> {
    return this.#ask({ op: 'setDefault', key })
  }

  /** The order of keys in lists, and in which a provider's keys are tried. */
  async setOrder(keys: KeyId[]): Promise<void> {
    await this.#ask({ op: 'order', keys })
  }

  /** When the provider ends this key, to be reminded of; null: unknown. */
  setExpiry(key: KeyId, at: UnixMs | null): Promise<KeyInfo> {
    return this.#ask({ op: 'expires', key, at })
  }

  /** An OpenAI-compatible endpoint of the user's own. */
  addEndpoint(name: string, base: string): Promise<ProviderInfo> {
    return this.#ask({ op: 'addEndpoint', name, base })
  }

  async removeEndpoint(provider: ProviderId): Promise<void> {
    await this.#ask({ op: 'removeEndpoint', provider })
  }

  /** Somebody did something in the vault's page: the idle lock begins to count anew. */
  async touch(): Promise<void> {
    await this.#ask({ op: 'touch' })
  }

  /** Minutes without use until the vault locks itself: 1 to 720. */
  setLockAfter(minutes: number): Promise<Status> {
    return this.#ask({ op: 'setLockAfter', minutes })
  }

  /** What navigator.credentials.create() needs for a passkey that is to open this vault. */
  newPasskey(): Promise<NewPasskey> {
    return this.#ask({ op: 'newPasskey' })
  }

  /** ERR_PASSKEY_PRF for a passkey that gave no secret. */
  addPasskey(proof: WayIn, made: MadePasskey, options: Cancellable = {}): Promise<Status> {
    const { slot, credential, rp, name } = made
    return this.#secretly(
      { proof, bytes: [made.prf] },
      ({ call, proof, bytes: [prf] }) => ({ op: 'addPasskey', call, proof, slot, credential, rp, name, prf: prf! }),
      options,
    )
  }

  /** A recovery code to show: ASCII, to be wiped. It opens nothing before addRecovery. */
  newRecovery(): Promise<Uint8Array> {
    return this.#ask({ op: 'newRecovery' })
  }

  /** `typed`: the last eight characters of the code shown. ERR_RECOVERY_TYPED if they are not. */
  addRecovery(proof: WayIn, typed: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.#secretly(
      { proof, bytes: [typed] },
      ({ call, proof, bytes: [end] }) => ({ op: 'addRecovery', call, proof, typed: end! }),
      options,
    )
  }

  /** The new passphrase takes the old one's place; old backups still open with the old one. */
  changePassphrase(proof: WayIn, passphrase: Uint8Array, options: Cancellable = {}): Promise<Status> {
    return this.#secretly(
      { proof, passphrase },
      ({ call, proof, kdf }) => ({ op: 'changePassphrase', call, proof, kdf }),
      options,
    )
  }

  /** ERR_LAST_SLOT for the last way in that is not a passkey. */
  removeSlot(proof: WayIn, slot: SlotId, options: Cancellable = {}): Promise<Status> {
    return this.#secretly({ proof }, ({ call, proof }) => ({ op: 'removeSlot', call, proof, slot }), options)
  }

  nameSlot(slot: SlotId, name: string): Promise<Status> {
    return this.#ask({ op: 'nameSlot', slot, name })
  }

  /** A new root key. Passkeys not given here are removed. */
  rotateRoot(
    passphrase: Uint8Array,
    typed: Uint8Array,
    passkeys: { slot: SlotId; prf: Uint8Array }[],
    options: Cancellable = {},
  ): Promise<Status> {
    return this.#secretly(
      { proof: { passphrase }, bytes: [typed, ...passkeys.map(({ prf }) => prf)] },
      ({ call, proof, bytes: [end, ...prfs] }) => ({
        op: 'rotateRoot',
        call,
        proof,
        typed: end!,
        passkeys: passkeys.map(({ slot }, i) => ({ slot, prf: prfs[i]! })),
      }),
      options,
    )
  }

  /** Everything in one file, sealed under a passphrase of its own. */
  backup(proof: WayIn, passphrase: Uint8Array, options: Cancellable = {}): Promise<BackupFile> {
    return this.#secretly(
      { proof, passphrase },
      ({ call, proof, kdf }) => ({ op: 'backup', call, proof, kdf }),
      options,
    )
  }

  /** Opens a backup to look at. ERR_KDF_LARGE when its passphrase needs more than 256 MiB, unless `large`. */
  openBackup(
    file: Uint8Array,
    passphrase: Uint8Array,
    options: Cancellable & { large?: boolean } = {},
  ): Promise<ImportPreview> {
    const { large = false } = options
    return this.#secretly(
      { passphrase, bytes: [file] },
      ({ call, kdf, bytes: [own] }) => ({ op: 'openBackup', call, file: own!, kdf, large }),
      options,
    )
  }

  /** Opens the KEY=value lines of a .env file to look at. */
  openEnv(file: Uint8Array): Promise<ImportPreview> {
    return this.#askWith(file, (own) => ({ op: 'openEnv', file: own }))
  }

  /** Takes over what was opened: one choice for each item, in order. */
  restore(choices: ImportChoice[]): Promise<ImportResult> {
    return this.#ask({ op: 'restore', choices })
  }

  /** Forgets what was opened. */
  async closeImport(): Promise<void> {
    await this.#ask({ op: 'closeImport' })
  }

  /** Puts back, from the copy beside the vault, what is missing or damaged and is there as it should be. */
  repair(): Promise<Status> {
    return this.#ask({ op: 'repair' })
  }

  /** The vault is gone or cannot be read: makes the copy beside it the vault again. */
  recoverCopy(): Promise<Status> {
    return this.#ask({ op: 'recoverCopy' })
  }

  /** Everything as it lies, sealed: for a damaged vault. */
  exportRaw(): Promise<Uint8Array> {
    return this.#ask({ op: 'exportRaw' })
  }

  audit(): Promise<AuditTrail> {
    return this.#ask({ op: 'audit' })
  }

  /** Removes the vault from this browser for good. `word`: "delete", typed by the person. */
  async wipe(word: string): Promise<void> {
    await this.#ask({ op: 'wipe', word })
  }

  /** Names of the models the provider offers to this key. */
  models(key: KeyId): Promise<string[]> {
    return this.#ask({ op: 'models', key })
  }

  /** Asks a model. Yields text as it arrives and `end` with the summary last; leaving the loop stops the call. */
  chat(question: ChatQuestion): AsyncIterable<CallPart> {
    return chat(() => this.#current(), question)
  }

  /**
   * A `fetch` through the vault with the provider's default key; hand it to any SDK. Rejects only when the network failed
   * or the caller aborted; what the vault refuses is a 402, 403 or 423 with a problem+json body.
   */
  readonly fetch: typeof globalThis.fetch = (input, init) => vaultFetch(() => this.#current(), null, input, init)

  /** The same with one key, whichever is the default. */
  fetchWith(key: KeyId): typeof globalThis.fetch {
    return (input, init) => vaultFetch(() => this.#current(), key, input, init)
  }

  /** @returns what takes the listener off again. */
  on<E extends keyof EngineEvents>(event: E, listener: EngineEvents[E]): () => void {
    this.#listeners[event].add(listener)
    return () => void this.#listeners[event].delete(listener)
  }

  /** Ends this page's connection; the vault stays as it is for other tabs. */
  close(): void {
    this.#closed = true
    this.#connection.then((one) => one.close()).catch(() => {})
  }

  async #ask<A extends Ask>(ask: A, transfer: Transferable[] = []): Promise<Answers[A['op']]> {
    return (await this.#current()).ask(ask, transfer)
  }

  /** The secret leaves the caller at once and this page with the message; if there is none, it is wiped. */
  async #askWith<A extends Ask>(secret: Uint8Array, ask: (own: Uint8Array) => A): Promise<Answers[A['op']]> {
    const own = taken(secret)
    try {
      return await this.#ask(ask(own), [own.buffer])
    } finally {
      wipe(own)
    }
  }

  #secretly<A extends Ask>(
    secrets: Secrets,
    ask: (carried: Carried) => A,
    { signal }: Cancellable,
  ): Promise<Answers[A['op']]> {
    return askSecretly(secrets, ask, { launcher: this.#launcher, current: () => this.#current() }, signal)
  }

  #current(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new KeyholdError('ERR_WORKER'))
    // A failed reconnection is tried again by whoever needs it next.
    return this.#connection.catch(() => (this.#connection = this.#open()))
  }

  async #open(): Promise<Connection> {
    const connection = await openConnection(this.#launcher)
    this.#hello = connection.hello
    if (connection.hello.status.state === 'unlocked') this.#emit('unlocked')
    return this.#attach(connection)
  }

  #attach(connection: Connection): Connection {
    connection.onEvent = (event) => this.#emit(event)
    connection.onEnd = (why) => {
      if (this.#closed) return
      this.#connection = new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_MS)).then(() => this.#open())
      this.#connection.catch(() => {})
      // A worker that vanished took the keys with it: to the page that is a lock.
      if (why === 'ERR_LOCKED' || why === 'ERR_WORKER') this.#emit('locked')
    }
    return connection
  }

  #emit(event: keyof EngineEvents): void {
    for (const listener of this.#listeners[event]) listener()
  }
}
