// under-way: the calls that run, each from its start to what it cost. All of them end when the vault does.
import type { Engine, EngineCall } from './engine-module'
import { exchange, type Caller, type Limits, type Timing } from './exchange'
import { Failure } from './failure'
import type { Prices } from './prices'
import type { Vault } from './vault'

/** A call that came to its end and can be asked about it, until done(). */
export interface Answered {
  call: EngineCall
  timing: Timing
  done(): void
}

export class CallsUnderWay {
  readonly #vault: Vault
  readonly #engine: Engine
  readonly #prices: Prices
  readonly #calls = new Set<AbortController>()

  /** @param engine  the vault's, to be told of ends without using the vault. */
  constructor(vault: Vault, engine: Engine, prices: Prices) {
    this.#vault = vault
    this.#engine = engine
    this.#prices = prices
  }

  get any(): boolean {
    return this.#calls.size > 0
  }

  /** Runs a call over the network, until done, aborted or locked, and settles it. */
  async run(call: EngineCall, limits: Limits, caller?: Caller, signal?: AbortSignal): Promise<Answered> {
    const vault = this.#vault
    const own = new AbortController()
    // A check costs nothing. The list comes while the provider thinks.
    const prices = caller === undefined ? null : this.#prices.wanted()
    const stop = () => own.abort(signal?.reason)
    this.#calls.add(own)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    try {
      const timing = await exchange(call, vault.net, limits, own.signal, caller)
      await prices
      this.#settle(call, vault.engine)
      return { call, timing, done: () => vault.heap.release(call) }
    } catch (error) {
      await prices
      if (!vault.ended) {
        this.#settle(call, this.#engine)
        const reflected = error instanceof Failure && error.problem.code === 'ERR_KEY_REFLECTED'
        if (reflected) this.#engine.noteReflected(call.summary().key ?? '', vault.now())
      }
      vault.heap.release(call)
      throw error
    } finally {
      this.#calls.delete(own)
      signal?.removeEventListener('abort', stop)
    }
  }

  abortAll(reason: Failure): void {
    for (const call of this.#calls) call.abort(reason)
  }

  #settle(call: EngineCall, engine: Engine): void {
    // Without it nobody knows what anything costs.
    if (this.#vault.keepingIsHere) engine.price(call, this.#vault.now())
    engine.settle(call)
  }
}
