// kdf: holds one passphrase until the vault worker has derived from it all it needs. Answers the vault worker on the port it was given.
import type { KdfAnswer, KdfQuestion, KdfStart } from '../protocol/messages'
import type { EngineModule, KdfSpec } from './engine-module'
import { Failure, problemOf, take } from './failure'

/** The default strength, which the engine then adjusts upwards from what it took. */
const MEASURED: KdfSpec = { salt: new Uint8Array(16), passes: 3, memKib: 64 * 1024 }

export function answerKdf(
  { wasm, passphrase, port }: KdfStart,
  startEngine: (wasm: ArrayBuffer) => Promise<EngineModule>,
  close: () => void,
): void {
  const engine = startEngine(wasm)
  engine.catch(() => {})

  const derive = async (kdf: KdfSpec): Promise<Uint8Array> => {
    const module = await engine
    const buffer = new module.Buffer(passphrase.length)
    try {
      buffer.view().set(passphrase)
      return take(module.deriveSlotKey(buffer, kdf))
    } finally {
      buffer.delete()
    }
  }

  const end = () => {
    passphrase.fill(0)
    port.close()
    // Wiped even though the instance goes: Argon2's blocks hold what the passphrase became.
    engine.then((module) => module.HEAPU8.fill(0)).catch(() => {})
    setTimeout(close, 0)
  }

  const reply = (answer: KdfAnswer) =>
    'key' in answer ? port.postMessage(answer, [answer.key.buffer]) : port.postMessage(answer)

  const answer = async ({ data }: MessageEvent<KdfQuestion>) => {
    try {
      if (data.ask === 'end') end()
      else if (data.ask === 'measure') {
        await engine
        const started = performance.now()
        const key = await derive(MEASURED)
        key.fill(0)
        reply({ ms: performance.now() - started })
      } else {
        const key = await derive({ salt: data.salt, passes: data.passes, memKib: data.memKib })
        reply({ key })
      }
    } catch (error) {
      reply({ failed: error instanceof Failure ? problemOf(error).code : 'ERR_KDF_MEMORY' })
      end()
    }
  }
  port.addEventListener('message', answer)
  port.start()
}
