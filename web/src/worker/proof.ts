// proof: how what a page gives to open the vault becomes a slot key, which stays in the engine's memory.
import type { Proof } from '../protocol/messages'
import type { EngineBuffer, KdfSpec } from './engine-module'
import { take } from './failure'
import { KdfPort } from './kdf-port'
import type { Vault } from './vault'

/** A proof whose ports can be answered, and that ends with the call it came with. */
export class Proving {
  readonly #vault: Vault
  readonly #signal: AbortSignal
  readonly #ports = new Map<MessagePort, KdfPort>()
  readonly #held: EngineBuffer[] = []

  /** @param request  every KDF worker that waits behind one of its ports is told of the end, asked or not. */
  constructor(vault: Vault, signal: AbortSignal, request: { kdf?: MessagePort; proof?: Proof; by?: Proof }) {
    this.#vault = vault
    this.#signal = signal
    if (request.kdf !== undefined) this.port(request.kdf)
    for (const proof of [request.proof, request.by]) if (proof?.way === 'passphrase') this.port(proof.kdf)
  }

  port(port: MessagePort): KdfPort {
    const kdf = this.#ports.get(port) ?? new KdfPort(port, this.#signal)
    this.#ports.set(port, kdf)
    return kdf
  }

  /** The slot key that a proof gives, right or wrong: whether it opens a slot is the engine's to say. */
  async key(proof: Proof): Promise<EngineBuffer> {
    const vault = this.#vault
    switch (proof.way) {
      case 'passphrase':
        return this.derive(this.port(proof.kdf), take(vault.engine.passphraseKdf()))
      case 'passkey': {
        const prf = this.secret(proof.prf)
        await vault.keeping()
        return this.#own(take(vault.engine.passkeyKey(proof.slot, prf)))
      }
      case 'recovery': {
        const code = this.secret(proof.code)
        await vault.keeping()
        return this.#own(take(vault.engine.recoveryKey(code)))
      }
    }
  }

  async derive(kdf: KdfPort, { salt, passes, memKib }: KdfSpec): Promise<EngineBuffer> {
    return this.secret(await kdf.derive(salt, passes, memKib))
  }

  /** Moves bytes into the engine's memory, for as long as this lasts. */
  secret(bytes: Uint8Array): EngineBuffer {
    return this.#own(this.#vault.heap.buffer(bytes))
  }

  end(): void {
    for (const port of this.#ports.values()) port.close()
    for (const buffer of this.#held) this.#vault.heap.release(buffer)
  }

  #own(buffer: EngineBuffer): EngineBuffer {
    this.#held.push(this.#vault.heap.hold(buffer))
    return buffer
  }
}
