// prices: when the price list is loaded: with the first call that costs something, and again later if that failed.

/** A call's end does not wait longer for it: its cost is unknown then. */
const WAIT_MS = 3_000

export class Prices {
  readonly #fetch: () => Promise<ArrayBuffer>
  readonly #use: (file: Uint8Array) => void
  #loading: Promise<void> | null = null

  constructor(fetch: () => Promise<ArrayBuffer>, use: (file: Uint8Array) => void) {
    this.#fetch = fetch
    this.#use = use
  }

  /** Resolves when there is a list, or none to be had in time. Never fails. */
  wanted(): Promise<void> {
    this.#loading ??= this.#load()
    const { promise: late, timer } = after(WAIT_MS)
    return Promise.race([this.#loading, late]).finally(() => clearTimeout(timer))
  }

  async #load(): Promise<void> {
    try {
      this.#use(new Uint8Array(await this.#fetch()))
    } catch {
      this.#loading = null
    }
  }
}

function after(ms: number): { promise: Promise<void>; timer: ReturnType<typeof setTimeout> } {
  let timer!: ReturnType<typeof setTimeout>
  const promise = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  return { promise, timer }
}
