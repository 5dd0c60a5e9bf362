// sealing: the format as docs/vault-format.md says it, with libsodium.js and no line of Keyhold's; and ways to spoil bytes.
import sodiumModule from 'libsodium-wrappers-sumo'

export const sodium = sodiumModule.default ?? sodiumModule
await sodium.ready

export const BLOCK = 256
export const SUBKEYS = { record: 1, manifest: 2, audit: 3, ledger: 4, settings: 5, backup: 8 }
export const KDF = { alg: 'argon2id', t: 2, m: 19 * 1024 }

export const utf8 = (text) => new Uint8Array(Buffer.from(text))
export const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
export const concat = (...parts) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))))
export const digestOf = (bytes) => base64url(sodium.crypto_generichash(32, bytes, null))
let counter = 0
/** Random enough for a file that everybody has, and the same each time. */
export const random = (size) => sodium.crypto_generichash(size, utf8(`vault-kit ${counter++}`), null)
export const newId = () => base64url(random(16))

// --- the format, as docs/vault-format.md says it ---

export function sealRaw(header, body, key, magic = 'KH1') {
  const associated = concat(utf8(magic), [header.length & 255, header.length >> 8], header)
  const nonce = random(24)
  return concat(
    associated,
    nonce,
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(body, associated, null, nonce, key),
  )
}

export function bodyOf(info, secret = []) {
  const inner = typeof info === 'string' ? utf8(info) : utf8(JSON.stringify(info))
  return sodium.pad(concat(new Uint8Array(new Uint32Array([inner.length]).buffer), inner, secret), BLOCK)
}

export const seal = (header, info, secret, key) => sealRaw(utf8(JSON.stringify(header)), bodyOf(info, secret), key)

export const headerOf = (bytes) => JSON.parse(Buffer.from(bytes.subarray(5, 5 + bytes[3] + 256 * bytes[4])).toString())

export const flipped = (bytes, fromEnd) => bytes.map((byte, at) => (at === bytes.length - fromEnd ? byte ^ 1 : byte))
export const edited = (bytes, from, to) => {
  const at = Buffer.from(bytes).indexOf(from)
  if (at < 0 || from.length !== to.length) throw new Error(`cannot edit ${from}`)
  return concat(bytes.subarray(0, at), utf8(to), bytes.subarray(at + from.length))
}

export function slotKeyOf(passphrase, salt) {
  return sodium.crypto_pwhash(32, passphrase, salt, KDF.t, KDF.m * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13)
}
