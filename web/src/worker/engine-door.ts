// engine-door: the engine as the shell uses it, over the one function that engine.wasm has (wasm/bindings/engine.cpp).
import type { EngineModule } from './engine-module'
import { Failure } from './failure'

/** What Emscripten makes. `number`: the call that is asked, 0 for the engine. Undefined: there is no such thing to ask. */
export interface RawEngine {
  ask(number: number, op: string, args: unknown[]): unknown
  HEAPU8: Uint8Array
  /** What the instance exports, of which keeping.wasm takes memory, table and functions. */
  asm: WebAssembly.Exports
}

export function openDoor(raw: RawEngine): EngineModule {
  const ask = (number: number, op: string, ...args: unknown[]): unknown => {
    const plain = args.map((arg) => (arg instanceof Thing ? arg.number : arg))
    const answer = raw.ask(number, op, plain)
    if (answer === undefined) throw new Failure('ERR_INTERNAL')
    return answer
  }

  /** Something of the engine's, by its number. A method it does not have here is an operation of that name there. */
  class Thing {
    readonly number: number
    constructor(number: number) {
      this.number = number
    }
    delete(): void {
      ask(0, 'release', this)
    }
  }
  const operations = {
    get: (_: object, op: string) =>
      // A promise may resolve with a thing, and asks it first whether it is a promise, too.
      op === 'then'
        ? undefined
        : function (this: Thing, ...args: unknown[]) {
            const answer = ask(this.number, op, ...args) as { value?: { held?: number } } | null
            const held = answer?.value?.held
            return held === undefined ? answer : { value: new Thing(held) }
          },
  }
  Object.setPrototypeOf(Thing.prototype, new Proxy({}, operations))

  class Buffer extends Thing {
    constructor(size: number) {
      super(ask(0, 'buffer', size) as number)
    }
    view(): unknown {
      return ask(0, 'view', this)
    }
  }

  /** One at a time: a new one begins anew. */
  class Engine extends Thing {
    constructor() {
      super(0)
      this.delete()
    }
    override delete(): void {
      ask(0, 'reset')
    }
  }

  const own = {
    Buffer,
    Engine,
    selfTest: () => ask(0, 'selfTest'),
    deriveSlotKey: (...args: unknown[]) => ask(0, 'deriveSlotKey', ...args),
    addKeeping: async (wasm: ArrayBuffer) => {
      try {
        await WebAssembly.instantiate(wasm, { primary: raw.asm as WebAssembly.ModuleImports })
      } catch {
        throw new Failure('ERR_WORKER')
      }
    },
    /** The heap can move. */
    get HEAPU8() {
      return raw.HEAPU8
    },
  }
  return own as unknown as EngineModule
}
