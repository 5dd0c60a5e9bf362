// engine: the built engine.wasm with keeping.wasm in Node, started and asked as the workers do it.
import { readFileSync } from 'node:fs'
import { keyhold } from '../web/support/load.mjs'

/** As built. */
export const wasmBinary = readFileSync(new URL('../../build/wasm/engine.wasm', import.meta.url))

export const keepingBinary = readFileSync(new URL('../../build/wasm/keeping.wasm', import.meta.url))

/** A fresh instance, as each worker has one; it has passed its self-test. Without keeping.wasm, as a visit begins. */
export const startEngineAlone = () => keyhold.startEngine(wasmBinary)

/** Its one function, before the door that the workers use. */
export const rawEngine = () => keyhold.instantiate(wasmBinary)

/** A fresh instance, and all it can do. */
export async function startEngine() {
  const module = await startEngineAlone()
  await module.addKeeping(keepingBinary)
  return module
}

/** The value of an engine's answer, or its refusal thrown. */
export const taken = keyhold.take

/** Bytes in the instance's heap while `use` runs. */
export function withBuffer(module, bytes, use) {
  const buffer = new module.Buffer(bytes.length)
  try {
    buffer.view().set(bytes)
    return use(buffer)
  } finally {
    buffer.delete()
  }
}
