// wasm-file: where the built engine.wasm is, to TypeScript; the bundler's alias says it to the bundler.
declare module 'keyhold-wasm/engine.wasm?url' {
  const url: string
  export { url as default }
}
