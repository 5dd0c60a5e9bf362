// wasm-file: where the two built modules and the price list are, to TypeScript; the bundler's alias says it to the bundler.
declare module 'keyhold-wasm/engine.wasm?url' {
  const url: string
  export { url as default }
}
declare module 'keyhold-wasm/keeping.wasm?url' {
  const url: string
  export { url as default }
}
declare module 'keyhold-wasm/prices.txt?url' {
  const url: string
  export { url as default }
}
