// connection: one port to the vault worker, from hello to its end. Matches replies to what was asked.
import type { Answers, Ask, Event, Op, Reply } from '../protocol/messages'
import { IncomingCall } from './incoming'
import { KeyholdError } from './error'
import type { WorkerPort } from './port'

/** A worker being closed never answers (measured), so hello is said again, on a new port, this often. */
const HELLO_AGAIN_MS = 500
/** A port opened in the moment of another's close() is lost: 50 ms are enough, and a timer may be early by one. */
export const RECONNECT_AFTER_MS = 60
/** Room for a first start: fetching and compiling the engine on a slow machine. */
const CONNECT_WITHIN_MS = 10_000
/** A worker whose script fails to load fails so again; the second try covers one lost request. */
const START_FAILURES = 2
/**
 * Calls at once. The worker refuses more than MAX_CALLS; those beyond this wait here, as they would in fetch. It is less,
 * since a call that was aborted counts there for a moment longer than here.
 */
const CALLS_AT_ONCE = 56
/** Longer than anything but these takes in the worker: not every engine tells that a worker died. */
const ANSWER_WITHIN_MS = 200_000
const UNBOUNDED: readonly Op[] = ['chat', 'fetch', 'requestAccess']

/** What a worker says unasked, of no one call. */
export type News = Exclude<Event, { event: 'call' | 'locked' }>['event']

/** Where ports come from; `H` is what the worker answers to hello. */
export interface Opener<H> {
  /** True when every port reaches the same worker, so that asking again on a new port is cheap. */
  readonly shared: boolean
  openPort(): WorkerPort
  greet(port: WorkerPort, ask: Connection<H>['ask']): Promise<H>
}

interface Waiting {
  resolve(value: Answers[Op]): void
  reject(error: KeyholdError): void
  limit: ReturnType<typeof setTimeout> | undefined
}

export class Connection<H = unknown> {
  /** Set once hello is answered. */
  hello!: H
  onEvent: (event: News) => void = () => {}
  /** Called once: the vault was locked, or the worker is gone (ERR_WORKER). */
  onEnd: (why: 'ERR_LOCKED' | 'ERR_WORKER') => void = () => {}

  readonly #port: WorkerPort
  readonly #asked = new Map<number, Waiting>()
  readonly #calls = new Map<number, IncomingCall>()
  readonly #queue: (() => void)[] = []
  #lastId = 0
  #ended: KeyholdError | null = null

  constructor(port: WorkerPort) {
    this.#port = port
    port.onMessage((data) => this.#receive(data as Reply | Event))
    port.onGone(() => this.#end('ERR_WORKER'))
  }

  async greet(opener: Opener<H>): Promise<void> {
    this.hello = await opener.greet(this.#port, (ask) => this.ask(ask))
  }

  /** @throws KeyholdError with what the worker answered; ERR_LOCKED or ERR_WORKER when the port ends first. */
  ask<A extends Ask>(ask: A, transfer: Transferable[] = []): Promise<Answers[A['op']]> {
    if (this.#ended) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const limit = UNBOUNDED.includes(ask.op) ? undefined : setTimeout(() => this.#giveUp(id), ANSWER_WITHIN_MS)
      this.#asked.set(id, { resolve: resolve as Waiting['resolve'], reject, limit })
      this.#port.post({ ...ask, id }, transfer)
    })
  }

  /** As beginCall(), once there is room for another call: first come, first served. Rejects with the signal's reason. */
  beginInTurn(signal: AbortSignal | null): Promise<IncomingCall> {
    if (this.#calls.size < CALLS_AT_ONCE || this.#ended) return Promise.resolve(this.beginCall())
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', leave)
        resolve(this.beginCall())
      }
      const leave = () => {
        this.#queue.splice(this.#queue.indexOf(begin), 1)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.#queue.push(begin)
    })
  }

  /** A number for a call of this port, and the place where its parts arrive. */
  beginCall(): IncomingCall {
    const id = ++this.#lastId
    const call = new IncomingCall(id, {
      credit: (bytes) => this.#tell({ op: 'credit', call: id, bytes }),
      abort: () => this.#tell({ op: 'abort', call: id }),
      over: () => {
        this.#calls.delete(id)
        this.#queue.shift()?.()
      },
    })
    if (this.#ended) call.fail(this.#ended)
    else this.#calls.set(id, call)
    return call
  }

  /** Aborts every call under way; the port stays usable. */
  abortCalls(): void {
    for (const call of [...this.#calls.values()]) call.abort()
  }

  close(): void {
    this.#end('ERR_WORKER')
  }

  #giveUp(id: number): void {
    this.#asked.get(id)?.reject(new KeyholdError('ERR_WORKER'))
    this.#asked.delete(id)
  }

  #tell(ask: Ask): void {
    // Nobody waits for these; a port that has ended needs neither.
    this.ask(ask).catch(() => {})
  }

  #receive(message: Reply | Event): void {
    if (this.#ended) return
    if ('event' in message) {
      if (message.event === 'call') this.#calls.get(message.call)?.push(message.part)
      else if (message.event === 'locked') this.#end('ERR_LOCKED')
      else this.onEvent(message.event)
      return
    }
    const waiting = this.#asked.get(message.id)
    this.#asked.delete(message.id)
    clearTimeout(waiting?.limit)
    if (message.ok) waiting?.resolve(message.value)
    else waiting?.reject(new KeyholdError(message.error))
  }

  #end(why: 'ERR_LOCKED' | 'ERR_WORKER'): void {
    if (this.#ended) return
    this.#ended = new KeyholdError(why)
    this.#port.close()
    for (const { reject, limit } of this.#asked.values()) {
      clearTimeout(limit)
      reject(this.#ended)
    }
    for (const call of this.#calls.values()) call.fail(this.#ended)
    this.#asked.clear()
    this.#calls.clear()
    for (const begin of this.#queue.splice(0)) begin()
    this.onEnd(why)
  }
}

/**
 * Opens a port and says hello, again on a new port until one is answered: a slow worker answers the first, an ending one none.
 * @throws KeyholdError ERR_WORKER after 10 s; at once what the worker refused with (ERR_SELF_TEST, ERR_VERSION...).
 */
export function openConnection<H>(opener: Opener<H>): Promise<Connection<H>> {
  const tried: Connection<H>[] = []
  let failures = 0
  let settled = false
  return new Promise((resolve, reject) => {
    const settle = (winner: Connection<H> | null, error?: unknown) => {
      settled = true
      clearInterval(again)
      clearTimeout(limit)
      for (const one of tried) if (one !== winner) one.close()
      if (winner) resolve(winner)
      else reject(error)
    }
    const attempt = () => {
      if (settled) return
      let connection: Connection<H>
      try {
        connection = new Connection(opener.openPort())
      } catch {
        settle(null, new KeyholdError('ERR_WORKER'))
        return
      }
      tried.push(connection)
      connection.greet(opener).then(
        () => settled || settle(connection),
        (error: KeyholdError) => {
          if (settled) return
          if (error.code === 'ERR_LOCKED' || (error.code === 'ERR_WORKER' && ++failures < START_FAILURES)) {
            setTimeout(attempt, RECONNECT_AFTER_MS)
          } else settle(null, error)
        },
      )
    }
    const again = opener.shared ? setInterval(attempt, HELLO_AGAIN_MS) : undefined
    const limit = setTimeout(() => settle(null, new KeyholdError('ERR_WORKER')), CONNECT_WITHIN_MS)
    attempt()
  })
}
