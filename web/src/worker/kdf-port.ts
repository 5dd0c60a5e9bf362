// kdf-port: what the vault worker asks of the KDF worker, and how long it waits for an answer.
import type { ErrorCode } from '../protocol/errors'
import type { KdfAnswer, KdfQuestion } from '../protocol/messages'
import { Failure } from './failure'

/** The strongest settings allowed, on a slow phone, take less. */
const ANSWER_WITHIN_MS = 60_000
const SLOT_KEY_BYTES = 32

/** What a KDF worker may refuse with; anything else it says means that it is not ours. */
const REFUSALS: readonly ErrorCode[] = [
  'ERR_KDF_BOUNDS',
  'ERR_KDF_MEMORY',
  'ERR_SELF_TEST',
  'ERR_WORKER',
  'ERR_INTERNAL',
]

export class KdfPort {
  readonly #port: MessagePort
  readonly #signal: AbortSignal

  constructor(port: MessagePort, signal: AbortSignal) {
    this.#port = port
    this.#signal = signal
  }

  /** @returns 32 bytes, to be wiped by the caller. Fails with the KDF worker's refusal, or ERR_WORKER. */
  async derive(salt: Uint8Array, passes: number, memKib: number): Promise<Uint8Array> {
    const answer = await this.#ask({ ask: 'derive', salt, passes, memKib })
    if ('key' in answer && answer.key instanceof Uint8Array && answer.key.length === SLOT_KEY_BYTES) return answer.key
    throw new Failure('ERR_WORKER')
  }

  /** @returns milliseconds that one derivation at the default strength took. */
  async measure(): Promise<number> {
    const answer = await this.#ask({ ask: 'measure' })
    if ('ms' in answer && Number.isFinite(answer.ms) && answer.ms >= 0) return answer.ms
    throw new Failure('ERR_WORKER')
  }

  close(): void {
    const end: KdfQuestion = { ask: 'end' }
    this.#port.postMessage(end)
    this.#port.close()
  }

  async #ask(question: KdfQuestion): Promise<KdfAnswer> {
    this.#signal.throwIfAborted()
    const ended = new AbortController()
    const { signal } = ended
    try {
      return await new Promise<KdfAnswer>((resolve, reject) => {
        const gone = () => reject(new Failure('ERR_WORKER'))
        const limit = setTimeout(gone, ANSWER_WITHIN_MS)
        signal.addEventListener('abort', () => clearTimeout(limit))
        this.#signal.addEventListener('abort', () => reject(this.#signal.reason), { signal })
        this.#port.addEventListener('close', gone, { signal })
        this.#port.addEventListener('message', ({ data }) => answered(data, resolve, reject), { signal })
        this.#port.start()
        this.#port.postMessage(question)
      })
    } finally {
      ended.abort()
    }
  }
}

/** The port came from a page: an answer is checked like a request. */
function answered(data: unknown, resolve: (answer: KdfAnswer) => void, reject: (failure: Failure) => void): void {
  if (typeof data !== 'object' || data === null) reject(new Failure('ERR_WORKER'))
  else if ('failed' in data) reject(new Failure(isCode(data.failed) ? data.failed : 'ERR_WORKER'))
  else resolve(data as KdfAnswer)
}

function isCode(value: unknown): value is ErrorCode {
  return REFUSALS.includes(value as ErrorCode)
}
