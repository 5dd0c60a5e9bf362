// credit: how much more of a call's body its reader has room for.
import { CALL_WINDOW_BYTES } from '../protocol/messages'

export class Credit {
  #left = CALL_WINDOW_BYTES
  #wake: () => void = () => {}

  grant(bytes: number): void {
    // A reader cannot open the window wider than it was.
    this.#left = Math.min(this.#left + bytes, CALL_WINDOW_BYTES)
    if (this.#left > 0) this.#wake()
  }

  spend(bytes: number): void {
    this.#left -= bytes
  }

  get exhausted(): boolean {
    return this.#left <= 0
  }

  /** Resolves when there is room again; throws the signal's reason when the call ends first. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#left <= 0) {
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          resolve()
        }
        this.#wake = wake
        signal.addEventListener('abort', wake)
      })
    }
  }
}
