// kdf-page: the contenders in a browser's page.
import initialize from '@phi-ag/argon2/fetch'
import { argon2id } from 'hash-wasm'
import { startEngine } from '../../web/src/worker/load-engine.ts'
import { contenders } from './kdf-contenders.mjs'
import { interleaved } from './timing.mjs'

const { default: sodium } = await import('libsodium-wrappers-sumo')
await sodium.ready
const wasmBinary = await (await fetch('/engine.wasm')).arrayBuffer()
const all = contenders({
  engine: await startEngine(wasmBinary),
  argon2id,
  sodium,
  phi: await initialize('/argon2.wasm'),
})

globalThis.kdf = {
  async run(rounds) {
    return { names: Object.keys(all), times: await interleaved(Object.values(all), rounds) }
  },
}
