// incoming: the parts of one call as they arrive, handed on as fast as they are taken and no faster.
import { CALL_WINDOW_BYTES, type CallId, type CallPart } from '../protocol/messages'
import { KeyholdError } from './error'

/** Credit goes back in pieces this large, so that a stream of small parts costs few messages. */
const CREDIT_STEP_BYTES = CALL_WINDOW_BYTES / 4

interface Wire {
  credit(bytes: number): void
  abort(): void
  over(): void
}

export class IncomingCall {
  /** Called when nothing more will arrive. */
  onOver: () => void = () => {}
  /** Called when the call is to go by the app's key. */
  onToken: () => void = () => {}
  readonly #wire: Wire
  readonly #parts: CallPart[] = []
  #failure: unknown = null
  #over = false
  /** Taken by the reader and not yet granted again. */
  #taken = 0
  #wake: () => void = () => {}

  constructor(
    readonly id: CallId,
    wire: Wire,
  ) {
    this.#wire = wire
  }

  push(part: CallPart): void {
    if (part.type === 'failed') this.fail(new KeyholdError(part.error))
    else if (part.type === 'token') this.onToken()
    else {
      this.#parts.push(part)
      if (part.type === 'end') this.#finish()
      this.#wake()
    }
  }

  /** Parts that arrived before the failure are still given out first. */
  fail(error: unknown): void {
    if (this.#over) return
    this.#failure = error
    this.#finish()
    this.#wake()
  }

  /** The reader wants no more: the worker stops too, and next() throws `reason` at once. */
  abort(reason: unknown = new KeyholdError('ERR_CANCELLED')): void {
    this.#parts.length = 0
    if (this.#over) return
    this.#wire.abort()
    this.fail(reason)
  }

  /** @returns the next part; after `end`, null. Throws what the call failed with. One reader at a time. */
  async next(): Promise<CallPart | null> {
    while (this.#parts.length === 0) {
      if (this.#failure !== null) throw this.#failure
      if (this.#over) return null
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
    const part = this.#parts.shift() as CallPart
    this.#grant(part)
    return part
  }

  /** True when nothing but `end` is left: it has arrived, and what came before it is taken. */
  get endsHere(): boolean {
    return this.#parts.length === 1 && this.#parts[0]?.type === 'end'
  }

  #grant(part: CallPart): void {
    if (part.type === 'bytes') this.#taken += part.bytes.length
    else if (part.type === 'text' || part.type === 'reasoning') this.#taken += part.text.length
    if (this.#over || this.#taken < CREDIT_STEP_BYTES) return
    this.#wire.credit(this.#taken)
    this.#taken = 0
  }

  #finish(): void {
    this.#over = true
    this.#wire.over()
    this.onOver()
  }
}
