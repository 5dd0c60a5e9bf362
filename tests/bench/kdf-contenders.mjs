// kdf-contenders: the same derivation by each of them, in Node and in a browser alike, after showing that they agree.

export const OURS = 'engine.wasm'
const PASSPHRASE = new TextEncoder().encode('correct horse battery staple')
const SALT = new Uint8Array(16)
const SPEC = { salt: SALT, passes: 3, memKib: 64 * 1024 }

function deriveBy(engine) {
  const buffer = new engine.Buffer(PASSPHRASE.length)
  buffer.view().set(PASSPHRASE)
  const { value, error } = engine.deriveSlotKey(buffer, SPEC)
  buffer.delete()
  if (error) throw new Error(error)
  return value
}

/** @returns {Record<string, () => unknown>} each derives 32 bytes */
export function contenders({ engine, argon2id, sodium, phi }) {
  const memory = SPEC.memKib * 1024
  const all = {
    [OURS]: () => deriveBy(engine),
    'hash-wasm': () =>
      argon2id({
        password: PASSPHRASE,
        salt: SALT,
        iterations: SPEC.passes,
        memorySize: SPEC.memKib,
        parallelism: 1,
        hashLength: 32,
        outputType: 'binary',
      }),
    'libsodium.js': () => {
      const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13
      return sodium.crypto_pwhash(32, PASSPHRASE, SALT, SPEC.passes, memory, algorithm)
    },
    '@phi-ag/argon2': () => {
      const options = { hashLength: 32, timeCost: SPEC.passes, memoryCost: SPEC.memKib, parallelism: 1, salt: SALT }
      return phi.hash(new TextDecoder().decode(PASSPHRASE), options).hash
    },
  }
  return Object.fromEntries(Object.entries(all).map(([name, derive]) => [name, checked(name, derive, all[OURS])]))
}

/** As the KDF worker does it: an instance for this one derivation. */
export const freshContender = (startEngine) => async () => {
  deriveBy(await startEngine())
}

/** Derives without giving the result to the clock; the first time it must be ours. */
function checked(name, derive, ours) {
  let known = false
  return async () => {
    const key = await derive()
    if (known) return
    known = true
    if (String([...key]) !== String([...ours()])) throw new Error(`${name} derives something else`)
  }
}
