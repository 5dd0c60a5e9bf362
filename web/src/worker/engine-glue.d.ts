// engine-glue: the module Emscripten writes beside engine.wasm, to TypeScript.
declare module 'keyhold-wasm/engine.mjs' {
  import type { RawEngine } from './engine-door'
  interface EngineHooks {
    /** Makes the instance with what the glue gives it, and hands it over. */
    instantiateWasm(imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void): object
    print(text: string): void
    printErr(text: string): void
  }
  const createEngine: (hooks: EngineHooks) => Promise<RawEngine>
  export { createEngine as default, type EngineHooks }
}
