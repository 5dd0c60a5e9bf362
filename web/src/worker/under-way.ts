// under-way: the calls that run, each from what is held for it to what it cost. All of them end when the vault does.
import type { Engine, EngineBuffer, EngineCall, ReceiptErrand } from './engine-module'
import { exchange, type Caller, type Limits, type Timing } from './exchange'
import { Failure, take } from './failure'
import type { Prices } from './prices'
import { fetchReceipt } from './receipts'
import type { Usage } from './usage'
import type { Vault } from './vault'

/** A call that came to its end and can be asked about it, until done(). */
export interface Answered {
  call: EngineCall
  timing: Timing
  done(): void
}

/** Well within what a hold lasts (kHoldLeaseMs in wasm/core/vault/spend.h). */
const RENEW_EVERY_MS = 5 * 60_000

interface UnderWay {
  /** The one whose turn it is: another key's may follow. */
  call: EngineCall
  app: string
  /** The user's for the app's server, once the call goes by that. */
  token?: EngineBuffer
}

export class CallsUnderWay {
  readonly #vault: Vault
  readonly #engine: Engine
  readonly #usage: Usage
  readonly #prices: Prices
  readonly #calls = new Map<AbortController, UnderWay>()
  readonly #noted: () => void
  /** Of the app's server, for receipts. */
  #keys = ''

  /** @param engine  the vault's, to be told of ends without using the vault. @param noted  hears of each receipt. */
  constructor(vault: Vault, engine: Engine, usage: Usage, prices: Prices, noted: () => void) {
    this.#vault = vault
    this.#engine = engine
    this.#usage = usage
    this.#prices = prices
    this.#noted = noted
  }

  /** Who answers are arriving for, as lockDueInMs() has it. */
  get busy(): 0 | 1 | 2 {
    if (this.#calls.size === 0) return 0
    return [...this.#calls.values()].some(({ app }) => app === '') ? 1 : 2
  }

  /** Runs a call over the network, until done, aborted or locked, and settles it. */
  async run(first: EngineCall, limits: Limits, caller?: Caller, signal?: AbortSignal, app = ''): Promise<Answered> {
    const vault = this.#vault
    const own = new AbortController()
    const under: UnderWay = { call: first, app }
    // A check costs nothing. The list comes while the provider thinks.
    const prices = caller === undefined ? null : this.#prices.wanted()
    const stop = () => own.abort(signal?.reason)
    this.#calls.set(own, under)
    signal?.addEventListener('abort', stop)
    if (signal?.aborted) stop()
    try {
      let timing = await this.#attempt(under, prices, limits, own.signal, caller)
      while (timing === null) {
        under.call = await this.#again(under, caller?.server ?? '')
        timing = await this.#attempt(under, prices, limits, own.signal, caller)
      }
      await prices
      if (vault.ended) throw new Failure('ERR_LOCKED')
      const { call } = under
      this.#over(under, caller)
      return { call, timing, done: () => vault.heap.release(call) }
    } catch (error) {
      await prices
      const { call } = under
      // A lock has settled what was under way.
      if (!vault.ended) {
        this.#over(under, caller)
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

  /** One key's turn: what it may cost is held meanwhile. */
  async #attempt(
    under: UnderWay,
    prices: Promise<void> | null,
    limits: Limits,
    signal: AbortSignal,
    caller?: Caller,
  ): Promise<Timing | null> {
    const vault = this.#vault
    const { call } = under
    if (call.wantsToken()) await this.#authorize(under, signal, caller)
    const holders = vault.engine.holders(call)
    if (holders.length === 0) return exchange(call, vault.net, limits, signal, caller)
    await Promise.all([prices, vault.keeping()])
    for (const holder of holders) await this.#usage.reserve(call, holder)
    // One that could not be put off ends by itself, as if the call were gone.
    const renew = (holder: string) => this.#usage.renew(call, holder).catch((error: unknown) => vault.crash(error))
    const renewing = setInterval(() => holders.forEach(renew), RENEW_EVERY_MS)
    try {
      return await exchange(call, vault.net, limits, signal, caller)
    } finally {
      clearInterval(renewing)
    }
  }

  async #authorize(under: UnderWay, signal: AbortSignal, caller?: Caller): Promise<void> {
    const token = await caller?.token?.(signal)
    if (token === undefined) throw new Failure('ERR_NO_TOKEN')
    under.token = this.#vault.heap.buffer(token)
    this.#vault.engine.authorize(under.call, under.token)
  }

  /** The refused call's turn is over: the next key's begins. */
  async #again({ call, app }: UnderWay, server: string): Promise<EngineCall> {
    const vault = this.#vault
    await vault.keeping()
    const { engine, heap } = vault
    this.#settle(call, app)
    const next = heap.hold(take(engine.again(call, vault.now(), server)))
    heap.release(call)
    return next
  }

  /** What calls used until now is what they used: they are about to end. */
  settleAll(): void {
    for (const { call, app } of this.#calls.values()) this.#settle(call, app)
  }

  abortAll(reason: Failure): void {
    for (const controller of this.#calls.keys()) controller.abort(reason)
  }

  /** The last attempt's turn is over, and all that it was for. */
  #over(under: UnderWay, caller?: Caller): void {
    this.#settle(under.call, under.app)
    const { call, token } = under
    if (token === undefined) return
    const errand = this.#engine.receipt('begin', call, caller?.number ?? '', this.#keys, this.#vault.now())
    if (errand === null) this.#vault.heap.release(token)
    else void this.#receipt(under, token, errand)
  }

  /** It is under way as a call is: a lock ends it. */
  async #receipt(under: UnderWay, token: EngineBuffer, errand: ReceiptErrand): Promise<void> {
    const vault = this.#vault
    const own = new AbortController()
    this.#calls.set(own, under)
    try {
      const keys = await fetchReceipt(vault, errand, token, own.signal)
      if (keys === null) return
      this.#keys = keys
      this.#noted()
    } catch (error) {
      vault.crash(error)
    } finally {
      vault.heap.release(token)
      this.#calls.delete(own)
    }
  }

  #settle(call: EngineCall, app: string): void {
    // Without it nobody knows what anything costs.
    if (this.#vault.keepingIsHere) this.#engine.price(call, this.#vault.now())
    this.#engine.settle(call, app, this.#vault.now())
  }
}
