// files-at: the vault's own files, in a folder of this origin that they were copied to; for an app with an interface of its own.
import wasmFile from 'keyhold-wasm/engine.wasm?url'
import keepingFile from 'keyhold-wasm/keeping.wasm?url'
import pricesFile from 'keyhold-wasm/prices.txt?url'
import { kdfWorkerUrl, localWorkerUrl, vaultWorkerUrl } from '../trusted'
import type { ConnectOptions } from './launch'

/**
 * For KeyholdEngine.connect(), and `localWorkerUrl` for askForLocalNetwork(). Where the page requires Trusted Types, the app's own policy has to make `workerUrl` and `kdfWorkerUrl`
 * of the addresses that are here.
 * @param site the folder, such as `/keyhold/`, that `keyhold copy` wrote to, served with the vault's headers. It must be of the same
 *   version.
 */
export function filesAt(site: string | URL): ConnectOptions & { localWorkerUrl: URL } {
  const base = new URL(site, document.baseURI)
  const at = (file: unknown) => new URL(String(file), base)
  return {
    workerUrl: at(vaultWorkerUrl),
    kdfWorkerUrl: at(kdfWorkerUrl),
    localWorkerUrl: at(localWorkerUrl),
    wasmUrl: at(wasmFile),
    keepingUrl: at(keepingFile),
    pricesUrl: at(pricesFile),
    configUrl: at('keyhold.config.json'),
  }
}
