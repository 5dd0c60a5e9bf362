// line: the host page's line to the vault worker: opened when first needed, and again after a lock.
import { HOST_PROTOCOL_VERSION, type Access, type HelloHost } from '../protocol/messages'
import { openConnection, RECONNECT_AFTER_MS, type Connection } from '../wire/connection'
import { KeyholdError } from '../wire/error'
import type { WorkerPort } from '../wire/port'

/** As far as a host page is told: before the user's grant, and while the vault is locked, that is nothing. */
export interface VaultEvents {
  /** What this page may do has changed: ask status() again. */
  change: () => void
  /** This page's access has ended until the user unlocks the vault. */
  lock: () => void
  /** The user has unlocked the vault, or allowed something, and this page may use it. */
  unlock: () => void
  /** The browser opened no window at the user's click, as under this page's `Cross-Origin-Opener-Policy: same-origin`. */
  blocked: () => void
}

export class HostLine {
  /** Called with what the vault lets this page know, whenever that may have changed. */
  onAccess: (access: Access) => void = () => {}
  readonly #openPort: () => WorkerPort
  readonly #listeners: { [E in keyof VaultEvents]: Set<VaultEvents[E]> } = {
    change: new Set(),
    lock: new Set(),
    unlock: new Set(),
    blocked: new Set(),
  }
  #connection: Promise<Connection<HelloHost>> | null = null
  #granted = false
  #closed = false

  constructor(openPort: () => WorkerPort) {
    this.#openPort = openPort
  }

  on<E extends keyof VaultEvents>(event: E, listener: VaultEvents[E]): () => void {
    this.#listeners[event].add(listener)
    return () => void this.#listeners[event].delete(listener)
  }

  /** @throws KeyholdError ERR_WORKER when the vault cannot be reached, or close() was called. */
  current(): Promise<Connection<HelloHost>> {
    if (this.#closed) return Promise.reject(new KeyholdError('ERR_WORKER'))
    if (this.#connection === null) {
      const opening = this.#open()
      this.#connection = opening
      // Whoever needs it next tries again.
      opening.catch(() => (this.#connection = this.#connection === opening ? null : this.#connection))
    }
    return this.#connection
  }

  close(): void {
    this.#closed = true
    this.#connection?.then((one) => one.close()).catch(() => {})
  }

  abortCalls(): void {
    this.#connection?.then((one) => one.abortCalls()).catch(() => {})
  }

  async #open(): Promise<Connection<HelloHost>> {
    const connection = await openConnection<HelloHost>({
      shared: true,
      openPort: this.#openPort,
      greet: (_port, ask) => ask({ op: 'helloHost', protocol: HOST_PROTOCOL_VERSION }) as Promise<HelloHost>,
    })
    connection.onEvent = () => void this.#look(connection)
    connection.onEnd = () => this.#ended()
    this.#take(connection.hello.access)
    return connection
  }

  async #look(connection: Connection<HelloHost>): Promise<void> {
    try {
      this.#take(await connection.ask({ op: 'access' }))
      this.#emit('change')
    } catch {
      // The port has ended meanwhile, and tells of it by itself.
    }
  }

  #take(access: Access): void {
    const granted = access.state === 'granted'
    const opened = granted && !this.#granted
    this.#granted = granted
    this.onAccess(access)
    if (opened) this.#emit('unlock')
  }

  #ended(): void {
    if (this.#closed) return
    const opening = new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_MS)).then(() => this.#open())
    this.#connection = opening
    opening.catch(() => (this.#connection = this.#connection === opening ? null : this.#connection))
    if (!this.#granted) return
    this.#granted = false
    this.#emit('lock')
    this.#emit('change')
  }

  blocked(): void {
    this.#emit('blocked')
  }

  #emit(event: keyof VaultEvents): void {
    for (const listener of this.#listeners[event]) listener()
  }
}
