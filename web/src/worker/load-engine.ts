// load-engine: how engine.wasm becomes a running module, and the refusal to run one that computes wrongly.
import createEngine, { type EngineHooks } from 'keyhold-wasm/engine.mjs'
import { KEEPING_INTEGRITY, PRICES_INTEGRITY, WASM_INTEGRITY } from '../protocol/build'
import { openDoor, type RawEngine } from './engine-door'
import type { EngineModule } from './engine-module'
import { Failure, take } from './failure'

export const fetchEngine = (send: typeof fetch, url: string) => fetchOwn(send, url, WASM_INTEGRITY)
export const fetchKeeping = (send: typeof fetch, url: string) => fetchOwn(send, url, KEEPING_INTEGRITY)
export const fetchPrices = (send: typeof fetch, url: string) => fetchOwn(send, url, PRICES_INTEGRITY)

/** Fetched where the page said it is; only the file this worker was built with passes the integrity check. */
async function fetchOwn(send: typeof fetch, url: string, integrity: string | null): Promise<ArrayBuffer> {
  try {
    const response = await send(url, integrity === null ? {} : { integrity })
    if (response.ok) return await response.arrayBuffer()
  } catch {
    // The same as an answer that is not the file.
  }
  throw new Failure('ERR_WORKER')
}

/** A fresh instance, tested. ERR_WORKER when it does not start, ERR_SELF_TEST when a known answer is not given. */
export async function startEngine(wasm: ArrayBuffer): Promise<EngineModule> {
  let engine: EngineModule
  try {
    engine = openDoor(await instantiate(wasm))
  } catch {
    throw new Failure('ERR_WORKER')
  }
  try {
    take(engine.selfTest())
  } catch {
    throw new Failure('ERR_SELF_TEST')
  }
  return engine
}

export function instantiate(wasm: ArrayBuffer): Promise<RawEngine> {
  return new Promise((made, failed) => {
    const instantiateWasm: EngineHooks['instantiateWasm'] = (imports, receive) => {
      WebAssembly.instantiate(wasm, { ...imports, placeholder: NOT_LOADED }).then(
        ({ instance }) => receive(instance),
        failed,
      )
      return {}
    }
    // Nothing the engine might print may reach a console.
    createEngine({ instantiateWasm, print: () => {}, printErr: () => {} }).then(made, failed)
  })
}

/** In the places of what keeping.wasm brings (wasm/split). Who comes here has not waited for it: the engine's end. */
const NOT_LOADED = new Proxy(
  {},
  {
    get: () => () => {
      throw new WebAssembly.RuntimeError('keeping.wasm is not loaded')
    },
  },
)
