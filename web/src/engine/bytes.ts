// bytes: how typed text becomes secret bytes, once, and how such bytes leave the caller's hands.
import { KeyholdError } from './error'

/** Longer than anybody types; the KDF takes bytes, so this bounds work, not strength. */
export const MAX_PASSPHRASE_BYTES = 1024

/**
 * A passphrase as the KDF takes it: NFKC (the same letters typed on another keyboard are the same bytes), then UTF-8.
 * @throws KeyholdError ERR_BAD_PASSPHRASE when empty, too long, or with half a surrogate pair (which UTF-8 cannot carry).
 */
export function passphraseBytes(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new KeyholdError('ERR_BAD_PASSPHRASE')
  const bytes = exact(new TextEncoder().encode(text.normalize('NFKC')))
  if (bytes.length > 0 && bytes.length <= MAX_PASSPHRASE_BYTES) return bytes
  bytes.fill(0)
  throw new KeyholdError('ERR_BAD_PASSPHRASE')
}

/** An API key as typed or pasted: blanks around it dropped, then UTF-8. What a key may look like is the core's to say. */
export function keyBytes(text: string): Uint8Array {
  return exact(new TextEncoder().encode(text.trim()))
}

/** Takes bytes from the caller: the array is empty from now on, and these are the only copy. */
export function taken(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const own = exact(bytes)
  return structuredClone(own, { transfer: [own.buffer] })
}

/** Bytes that were transferred are gone already, and may not be touched. */
export function wipe(bytes: Uint8Array): void {
  if (bytes.byteLength > 0) bytes.fill(0)
}

/** The same bytes in a buffer that holds nothing else; a buffer they shared is wiped of them. */
function exact(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes as Uint8Array<ArrayBuffer>
  }
  const own = new Uint8Array(bytes)
  bytes.fill(0)
  return own
}
