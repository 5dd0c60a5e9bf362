// engine: the vault as an app on its own origin sees it: one method per thing that can be asked of it.
import type {
  Answers,
  Ask,
  CallPart,
  ChatMessage,
  CheckOutcome,
  Hello,
  KeyId,
  KeyInfo,
  ProviderId,
  ProviderInfo,
  Status,
  Stored,
} from '../protocol/messages'
import { taken, wipe } from './bytes'
import { chat } from './chat'
import { type Connection, openConnection, RECONNECT_AFTER_MS } from './connection'
import { KeyholdError } from './error'
import { browserLauncher, type ConnectOptions, type Launcher } from './launch'
import { vaultFetch } from './vault-fetch'
import { askWithKdf } from './with-kdf'
import { withTexts } from './provider-texts'

export interface NewKey {
  provider: ProviderId
  label: string
  /** Transferred: empty for the caller afterwards. See keyBytes(). */
  secret: Uint8Array
  /** Store without asking the provider whether the key works. */
  unchecked?: boolean
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
  create(passphrase: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<Status> {
    return askWithKdf('create', passphrase, this.#launcher, () => this.#current(), options.signal)
  }

  /** ERR_CANNOT_UNLOCK for a wrong passphrase, which is transferred as in create(). */
  unlock(passphrase: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<Status> {
    return askWithKdf('unlock', passphrase, this.#launcher, () => this.#current(), options.signal)
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

  /** An OpenAI-compatible endpoint of the user's own. */
  addEndpoint(name: string, base: string): Promise<ProviderInfo> {
    return this.#ask({ op: 'addEndpoint', name, base })
  }

  async removeEndpoint(provider: ProviderId): Promise<void> {
    await this.#ask({ op: 'removeEndpoint', provider })
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
