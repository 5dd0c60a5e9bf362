// line: a page's line to the vault: connected, connected again after a lock, and what every ask goes through.
import type { Answers, Ask, Hello } from '../protocol/messages'
import { taken, wipe } from './bytes'
import { type Connection, openConnection, RECONNECT_AFTER_MS } from './connection'
import { KeyholdError } from './error'
import type { Launcher } from './launch'
import { askSecretly, type Carried, type Secrets } from './with-kdf'

export interface Cancellable {
  signal?: AbortSignal
}

export interface EngineEvents {
  /** Keys, endpoints, last use: ask again. */
  changed: () => void
  unlocked: () => void
  /** What pages of other origins wait for has changed: see questions(). */
  asked: () => void
  /** Here or in another tab. The client connects again by itself; what was under way failed with ERR_LOCKED. */
  locked: () => void
}

export class Line {
  readonly #launcher: Launcher
  readonly #listeners: { [E in keyof EngineEvents]: Set<EngineEvents[E]> } = {
    changed: new Set(),
    unlocked: new Set(),
    asked: new Set(),
    locked: new Set(),
  }
  #connection: Promise<Connection>
  #hello: Hello
  #closed = false

  protected constructor(launcher: Launcher, connection: Connection) {
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

  protected async ask<A extends Ask>(ask: A, transfer: Transferable[] = []): Promise<Answers[A['op']]> {
    return (await this.current()).ask(ask, transfer)
  }

  /** The secret leaves the caller at once and this page with the message; if there is none, it is wiped. */
  protected async askWith<A extends Ask>(secret: Uint8Array, ask: (own: Uint8Array) => A): Promise<Answers[A['op']]> {
    const own = taken(secret)
    try {
      return await this.ask(ask(own), [own.buffer])
    } finally {
      wipe(own)
    }
  }

  protected secretly<A extends Ask>(
    secrets: Secrets,
    ask: (carried: Carried) => A,
    { signal }: Cancellable,
  ): Promise<Answers[A['op']]> {
    return askSecretly(secrets, ask, { launcher: this.#launcher, current: () => this.current() }, signal)
  }

  protected current(): Promise<Connection> {
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
    connection.onEvent = (event) => event !== 'access' && this.#emit(event)
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
