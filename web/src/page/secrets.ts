// secrets: how does what was typed leave a field? Read once, made bytes, and the field emptied.
import { keyBytes, passphraseBytes } from '../engine/bytes'

/** The passphrase as bytes; the field is empty afterwards. Throws KeyholdError ERR_BAD_PASSPHRASE, and empties it all the same. */
export function takePassphrase(field: HTMLInputElement): Uint8Array {
  try {
    return passphraseBytes(field.value)
  } finally {
    clear(field)
  }
}

/** The key as bytes. The field keeps it: a key that is refused is corrected, not pasted again. */
export function readKey(field: HTMLInputElement): Uint8Array {
  return keyBytes(field.value)
}

export function clear(field: HTMLInputElement | null): void {
  if (field !== null) field.value = ''
}
