// packed: which files of the site have a brotli copy beside them, for hosts that serve it?
import { brotliCompressSync, constants } from 'node:zlib'

const PACKED = /\.(html|js|mjs|css|svg|json|wasm|txt|webmanifest)$/

/** @param {string} name */
export const isPackable = (name) => PACKED.test(name)

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 * @returns {Uint8Array | null} null where it gains nothing
 */
export function packedCopy(name, bytes) {
  if (!isPackable(name)) return null
  const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  return packed.length < bytes.length ? packed : null
}
