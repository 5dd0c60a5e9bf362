// switchboard: the frame's line to the vault worker of its partition, by which it has other ports served. What is said on
// those never passes through here.
import { openConnection, RECONNECT_AFTER_MS, type Connection } from '../engine/connection'
import type { Launcher } from '../engine/launch'
import type { News } from '../wire/connection'

type WorkerLauncher = Pick<Launcher, 'start' | 'shared' | 'openPort'>
/** Who a port is for: the origin the browser gave, or null, the vault's own window. */
type For = string | null

export class Switchboard {
  /** Something about the vault may have changed. */
  onNews: (news: News | 'ended' | 'connected') => void = () => {}
  readonly #launcher: () => Promise<WorkerLauncher>
  /** Not handed over yet: of each the last one, since whoever sends another has given up the one before. */
  readonly #waiting = new Map<For, MessagePort>()
  #connection: Promise<Connection> | null = null
  /** Set as long as there is one. */
  now: Connection | null = null

  constructor(launcher: () => Promise<WorkerLauncher>) {
    this.#launcher = launcher
  }

  async admit(origin: For, port: MessagePort): Promise<void> {
    this.#waiting.get(origin)?.close()
    this.#waiting.set(origin, port)
    try {
      const connection = await this.#current()
      const latest = this.#waiting.get(origin)
      // Taken by another call, or no longer the last one.
      if (latest !== port) return
      this.#waiting.delete(origin)
      await connection.ask({ op: 'admit', origin, port }, [port])
    } catch {
      // Whoever holds the other end says hello again, on another port.
      if (this.#waiting.get(origin) === port) this.#waiting.delete(origin)
      port.close()
    }
  }

  #current(): Promise<Connection> {
    return (this.#connection ??= this.#open().catch((error) => {
      this.#connection = null
      throw error
    }))
  }

  async #open(): Promise<Connection> {
    const connection = await openConnection(await this.#launcher())
    connection.onEvent = (news) => this.onNews(news)
    connection.onEnd = () => {
      this.now = null
      this.#connection = new Promise((resolve) => setTimeout(resolve, RECONNECT_AFTER_MS)).then(() => {
        this.#connection = null
        return this.#current()
      })
      this.#connection.catch(() => {})
      this.onNews('ended')
    }
    this.now = connection
    this.onNews('connected')
    return connection
  }
}
