// prices: when the price list is loaded: with the first call that costs something, and again later if that failed.
import { once } from './once'

/** A call's end does not wait longer for it: its cost is unknown then. */
const WAIT_MS = 3_000

export class Prices {
  readonly #load: () => Promise<void>

  constructor(fetch: () => Promise<ArrayBuffer>, use: (file: Uint8Array) => void) {
    this.#load = once(async () => use(new Uint8Array(await fetch())))
  }

  /** Resolves when there is a list, or none to be had in time. Never fails. */
  wanted(): Promise<void> {
    const { promise: late, timer } = after(WAIT_MS)
    const loaded = this.#load().catch(() => {})
    return Promise.race([loaded, late]).finally(() => clearTimeout(timer))
  }
}

function after(ms: number): { promise: Promise<void>; timer: ReturnType<typeof setTimeout> } {
  let timer!: ReturnType<typeof setTimeout>
  const promise = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return { promise, timer }
}
