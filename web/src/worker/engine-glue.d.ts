// engine-glue: the module Emscripten writes beside engine.wasm, to TypeScript.
declare module 'keyhold-wasm/engine.mjs' {
  import type { RawEngine } from './engine-door'
  interface Options {
    wasmBinary: ArrayBuffer
    print(text: string): void
    printErr(text: string): void
  }
  const createEngine: (options: Options) => Promise<RawEngine>
  export { createEngine as default }
}
