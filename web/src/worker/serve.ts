// serve: one page's port: hello first, then requests, each checked, bounded and answered exactly once.
import { BUILD } from '../protocol/build'
import type { ErrorCode } from '../protocol/errors'
import {
  HOST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type Access,
  type Answers,
  type AskOf,
  type CallId,
  type CallPart,
  type Event,
  type Hello,
  type HelloHost,
  type Op,
  type Problem,
  type Reply,
  type Request,
} from '../protocol/messages'
import { accessOf } from './access'
import { answer, type Asker } from './answer'
import { CallSlot } from './calls'
import { Failure, problemOf } from './failure'
import type { Questions } from './questions'
import { idOf, parseRequest, parseStart } from './requests'
import type { Running, VaultWorker } from './vault-host'
import type { Vault } from './vault'

/**
 * Who is at the other end; fixed when the port is admitted, never taken from a message on it. `host`: a page of another
 * origin, as the browser says it.
 */
export type Role = { is: 'manage' } | { is: 'host'; origin: string }

const HOST_OPS: readonly Op[] = ['helloHost', 'access', 'requestAccess', 'fetch', 'token', 'credit', 'abort', 'lock']
const ONLY_HOST_OPS: readonly Op[] = ['helloHost', 'access', 'requestAccess']

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
  readonly app: string
  readonly #calls = new Map<CallId, CallSlot>()
  #running: Running | null = null
  #underWay = 0
  /** A page of another origin hears of nothing before it has been granted something. */
  #maySay: boolean

  constructor(port: ServedPort, role: Role, host: VaultWorker) {
    this.#port = port
    this.#role = role
    this.#host = host
    this.app = role.is === 'host' ? role.origin : ''
    this.#maySay = role.is === 'manage'
  }

  /** Never throws: whatever arrives, the answer is a reply with a value or with a code. */
  async receive(data: unknown): Promise<void> {
    const start = parseStart(data)
    // Only the vault's own pages say with which files.
    if (start !== null && this.#role.is === 'manage') return this.#host.start(start)
    const id = idOf(data)
    if (this.#underWay >= MAX_UNDER_WAY) return this.#reply({ id, ok: false, error: { code: 'ERR_TOO_MANY' } })
    this.#underWay += 1
    try {
      const value = await this.#answered(parseRequest(data))
      this.#reply({ id, ok: true, value })
    } catch (error) {
      this.#reply({ id, ok: false, error: this.#problemOf(error) })
      this.#running?.vault.crash(error)
    } finally {
      this.#underWay -= 1
    }
  }

  gone(): void {
    this.stopCalls('ERR_CANCELLED')
    this.#host.forget(this)
  }

  stopCalls(why: ErrorCode): void {
    for (const slot of this.#calls.values()) slot.abort.abort(new Failure(why))
  }

  tell(event: Event): void {
    if (this.#role.is === 'host') return void this.#tellHost(event)
    // A page hears of the vault only once it has said hello; that the worker ends concerns all.
    if (this.#running !== null || event.event === 'locked') this.#post(event)
  }

  get questions(): Questions {
    return this.#host.questions
  }

  admit(port: MessagePort, origin: string | null): void {
    this.#host.admitFor(port, origin)
  }

  stop(origin: string): void {
    this.#host.stop(origin)
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

  send(call: CallId, given: CallPart): void {
    const part = this.#role.is === 'host' ? forHost(given) : given
    this.#post({ event: 'call', call, part }, part.type === 'bytes' ? [part.bytes.buffer] : [])
  }

  #answered(request: Request): Promise<Answers[Op]> {
    const { op } = request
    const mayAsk = this.#role.is === 'host' ? HOST_OPS.includes(op) : !ONLY_HOST_OPS.includes(op)
    // A page of another origin knows no key, and so cannot name one.
    if (!mayAsk || (op === 'fetch' && request.key !== null && this.#role.is === 'host')) {
      throw new Failure('ERR_BAD_INPUT')
    }
    if (op === 'hello') return this.#greet(request)
    return op === 'helloHost' ? this.#greetHost(request) : answer(request, this)
  }

  async #greetHost({ protocol }: AskOf<'helloHost'>): Promise<HelloHost> {
    if (protocol !== HOST_PROTOCOL_VERSION) throw new Failure('ERR_VERSION')
    this.#running = await this.#host.running()
    return { protocol, access: await this.#access() }
  }

  async #access(): Promise<Access> {
    const access = await accessOf(this.vault, this.app)
    if (access.state === 'granted') this.#maySay = true
    return access
  }

  /** Only that it should look again, and only if it has something to lose or has just been given it. */
  async #tellHost({ event }: Event): Promise<void> {
    if (this.#running === null || event === 'asked') return
    if (event === 'locked') {
      if (this.#maySay || this.#calls.size > 0) this.#post({ event, epoch: 0 })
      return
    }
    try {
      await this.#access()
      if (this.#maySay) this.#post({ event: 'access' })
    } catch {
      // Locked meanwhile.
    }
  }

  /** A page of another origin is told no more than what it can act on: neither amounts nor whether there is a vault. */
  #problemOf(error: unknown): Problem {
    const { code, status, retryAfterS } = problemOf(error)
    if (this.#role.is === 'manage') return problemOf(error)
    return {
      code: code === 'ERR_LOCKED' ? 'ERR_NEEDS_USER' : code,
      ...(status === undefined ? {} : { status }),
      ...(retryAfterS === undefined ? {} : { retryAfterS }),
    }
  }

  async #greet({ protocol, build }: Extract<Request, { op: 'hello' }>): Promise<Hello> {
    if (protocol !== PROTOCOL_VERSION || build !== BUILD) throw new Failure('ERR_VERSION')
    const running = await this.#host.running()
    this.#running = running
    const { demo, customEndpoints, server, cspMissing } = running
    return {
      protocol: PROTOCOL_VERSION,
      build: BUILD,
      status: running.vault.status(),
      demo,
      customEndpoints,
      server,
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

/** No key's id leaves the vault, and no fault's details. */
function forHost(part: CallPart): CallPart {
  if (part.type === 'end') return { type: 'end', summary: { ...part.summary, key: '' } }
  return part.type === 'failed' ? { type: 'failed', error: { code: part.error.code } } : part
}
