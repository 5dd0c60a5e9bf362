// engine-glue: the module Emscripten writes beside engine.wasm, to TypeScript.
declare module 'keyhold-wasm/engine.mjs' {
  import type { EngineModule } from './engine-module'
  interface Options {
    wasmBinary: ArrayBuffer
    print(text: string): void
    printErr(text: string): void
  }
  const createEngine: (options: Options) => Promise<EngineModule>
  export { createEngine as default }
}
