// serve: one page's port: hello first, then requests, each checked, bounded and answered exactly once.
import { BUILD } from '../protocol/build'
import {
  PROTOCOL_VERSION,
  type Answers,
  type CallId,
  type CallPart,
  type Event,
  type Hello,
  type Op,
  type Reply,
  type Request,
} from '../protocol/messages'
import { answer, type Asker } from './answer'
import { CallSlot } from './calls'
import { Failure, problemOf } from './failure'
import { idOf, parseRequest, parseStart } from './requests'
import type { Running, VaultWorker } from './vault-host'
import type { Vault } from './vault'

/** Who is at the other end; fixed by the worker, never taken from a message. Other roles get smaller sets. */
export type Role = 'manage'

const MAY: Record<Role, (op: Op) => boolean> = { manage: () => true }

export const MAX_CALLS = 64
/** Requests without an answer yet, calls included: a page that asks faster than this is not waiting for answers. */
export const MAX_UNDER_WAY = 512

/** A MessagePort, or the global scope of a dedicated worker. */
export interface ServedPort {
  postMessage(message: unknown, transfer: Transferable[]): void
  addEventListener(type: 'message' | 'close', listener: (event: MessageEvent) => void): void
  start?(): void
}

export function serve(port: ServedPort, role: Role, host: VaultWorker): Served {
  const served = new Served(port, role, host)
  port.addEventListener('message', ({ data }) => void served.receive(data))
  // Where an engine tells that the page is gone; elsewhere its calls end when their credit is spent and time is up.
  port.addEventListener('close', () => served.gone())
  port.start?.()
  return served
}

export class Served implements Asker {
  readonly #port: ServedPort
  readonly #role: Role
  readonly #host: VaultWorker
  readonly app = ''
  readonly #calls = new Map<CallId, CallSlot>()
  #running: Running | null = null
  #underWay = 0

  constructor(port: ServedPort, role: Role, host: VaultWorker) {
    this.#port = port
    this.#role = role
    this.#host = host
  }

  /** Never throws: whatever arrives, the answer is a reply with a value or with a code. */
  async receive(data: unknown): Promise<void> {
    const start = parseStart(data)
    if (start !== null) return this.#host.start(start)
    const id = idOf(data)
    if (this.#underWay >= MAX_UNDER_WAY) return this.#reply({ id, ok: false, error: { code: 'ERR_TOO_MANY' } })
    this.#underWay += 1
    try {
      const value = await this.#answered(parseRequest(data))
      this.#reply({ id, ok: true, value })
    } catch (error) {
      this.#reply({ id, ok: false, error: problemOf(error) })
      this.#running?.vault.crash(error)
    } finally {
      this.#underWay -= 1
    }
  }

  gone(): void {
    for (const slot of this.#calls.values()) slot.abort.abort(new Failure('ERR_CANCELLED'))
    this.#host.forget(this)
  }

  tell(event: Event): void {
    // A page hears of the vault only once it has said hello; that the worker ends concerns all.
    if (this.#running !== null || event.event === 'locked') this.#post(event)
  }

  get vault(): Vault {
    if (this.#running === null) throw new Failure('ERR_WRONG_STATE')
    return this.#running.vault
  }

  begin(call: CallId): CallSlot {
    if (this.#calls.has(call)) throw new Failure('ERR_BAD_INPUT')
    if (this.#calls.size >= MAX_CALLS) throw new Failure('ERR_TOO_MANY')
    const slot = new CallSlot()
    this.#calls.set(call, slot)
    return slot
  }

  end(call: CallId): void {
    this.#calls.delete(call)
  }

  slot(call: CallId): CallSlot | undefined {
    return this.#calls.get(call)
  }

  send(call: CallId, part: CallPart): void {
    this.#post({ event: 'call', call, part }, part.type === 'bytes' ? [part.bytes.buffer] : [])
  }

  #answered(request: Request): Promise<Answers[Op]> {
    if (!MAY[this.#role](request.op)) throw new Failure('ERR_BAD_INPUT')
    return request.op === 'hello' ? this.#greet(request) : answer(request, this)
  }

  async #greet({ protocol, build }: Extract<Request, { op: 'hello' }>): Promise<Hello> {
    if (protocol !== PROTOCOL_VERSION || build !== BUILD) throw new Failure('ERR_VERSION')
    const running = await this.#host.running()
    this.#running = running
    const { demo, customEndpoints, cspMissing } = running
    return {
      protocol: PROTOCOL_VERSION,
      build: BUILD,
      status: running.vault.status(),
      demo,
      customEndpoints,
      cspMissing,
    }
  }

  #reply(reply: Reply): void {
    this.#post(reply)
  }

  #post(message: Reply | Event, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}
