// build: which build of Keyhold this is. A page and a worker of different builds do not talk.

declare const __KEYHOLD_BUILD__: string | undefined
declare const __KEYHOLD_WASM_INTEGRITY__: string | undefined
declare const __KEYHOLD_KEEPING_INTEGRITY__: string | undefined
declare const __KEYHOLD_PRICES_INTEGRITY__: string | undefined

/** Digest of the sources and of engine.wasm, put in by the bundler; 'dev' where none was. */
export const BUILD: string = typeof __KEYHOLD_BUILD__ === 'string' ? __KEYHOLD_BUILD__ : 'dev'

/**
 * `sha384-…` of engine.wasm, for `fetch(…, { integrity })`; null where the bundler gave none. Page and workers each have
 * their own: wherever the file is said to be, only the one they were built with is run.
 */
export const WASM_INTEGRITY: string | null =
  typeof __KEYHOLD_WASM_INTEGRITY__ === 'string' ? __KEYHOLD_WASM_INTEGRITY__ : null

/** The same of keeping.wasm. */
export const KEEPING_INTEGRITY: string | null =
  typeof __KEYHOLD_KEEPING_INTEGRITY__ === 'string' ? __KEYHOLD_KEEPING_INTEGRITY__ : null

/** The same of the price list. */
export const PRICES_INTEGRITY: string | null =
  typeof __KEYHOLD_PRICES_INTEGRITY__ === 'string' ? __KEYHOLD_PRICES_INTEGRITY__ : null
