// heap: which of our things live in the engine's memory, so that ending wipes them all and nothing touches it afterwards.
import type { EngineBuffer, EngineModule } from './engine-module'
import { Failure } from './failure'

interface Held {
  delete(): void
}

export class Heap {
  readonly #module: EngineModule
  readonly #held = new Set<Held>()
  #wiped = false

  constructor(module: EngineModule) {
    this.#module = module
  }

  /** Moves secret bytes into the engine's memory; the array they came in is wiped. */
  buffer(bytes: Uint8Array): EngineBuffer {
    try {
      if (this.#wiped) throw new Failure('ERR_LOCKED')
      const buffer = this.hold(new this.#module.Buffer(bytes.length))
      buffer.view().set(bytes)
      return buffer
    } finally {
      bytes.fill(0)
    }
  }

  hold<T extends Held>(thing: T): T {
    this.#held.add(thing)
    return thing
  }

  /** Wipes and frees one thing; does nothing once all is wiped. */
  release(thing: Held): void {
    if (this.#held.delete(thing)) thing.delete()
  }

  /** Everything held, then every byte: the instance cannot be used again. */
  wipe(): void {
    if (this.#wiped) return
    this.#wiped = true
    try {
      for (const thing of this.#held) thing.delete()
    } catch {
      // After a trap a destructor may trap too; the zeros below reach what it would have wiped.
    }
    this.#held.clear()
    this.#module.HEAPU8.fill(0)
  }
}
