// launch: how the vault worker and the KDF worker are started in a browser, and where their files are.
import wasmFile from 'keyhold-wasm/engine.wasm?url'
import keepingFile from 'keyhold-wasm/keeping.wasm?url'
import pricesFile from 'keyhold-wasm/prices.txt?url'
import { BUILD, WASM_INTEGRITY } from '../protocol/build'
import type { KdfStart, WorkerStart } from '../protocol/messages'
import { kdfWorkerUrl, vaultWorkerUrl, type ScriptUrl } from '../trusted'
import { messagePort, type WorkerPort } from '../wire/port'
import { openerPort } from './opener'

export type { WorkerPort } from '../wire/port'

/** Everything has a default; an app that bundles the files elsewhere says where. */
export interface ConnectOptions {
  /** Under Trusted Types, a TrustedScriptURL: our own policy vouches only for our own files. */
  workerUrl?: ScriptUrl | URL
  kdfWorkerUrl?: ScriptUrl | URL
  /** Must be the very file this build was made with. */
  wasmUrl?: string | URL
  /** The same of keeping.wasm, which is loaded when first needed. */
  keepingUrl?: string | URL
  /** The same of the price list, prices.txt. */
  pricesUrl?: string | URL
  configUrl?: string | URL
  /** false: a worker of this page's own, though there are shared ones. */
  shared?: boolean
  /** The frame that opened this window, whose worker it is to speak to; null: it is gone, and there is none to speak to. */
  opener?: Window | null
}

export interface KdfWorker {
  start(message: KdfStart): void
  onFailed(listener: () => void): void
  terminate(): void
}

/** What KeyholdEngine needs of its surroundings; tests bring their own. */
export interface Launcher {
  readonly start: WorkerStart
  /** True when every port reaches the same worker, so that asking again on a new port is cheap. */
  readonly shared: boolean
  openPort(): WorkerPort
  openKdf(): KdfWorker
  /** A fresh copy of engine.wasm, to be transferred. */
  wasm(): Promise<ArrayBuffer>
}

export function browserLauncher(options: ConnectOptions): Launcher {
  const wasmUrl = absolute(options.wasmUrl ?? wasmFile)
  const keepingUrl = absolute(options.keepingUrl ?? keepingFile)
  const pricesUrl = absolute(options.pricesUrl ?? pricesFile)
  const configUrl = absolute(options.configUrl ?? 'keyhold.config.json')
  const workerUrl = (options.workerUrl ?? vaultWorkerUrl) as string | URL
  const kdfUrl = (options.kdfWorkerUrl ?? kdfWorkerUrl) as string | URL
  const { opener } = options
  const shared = opener !== undefined || (options.shared !== false && typeof SharedWorker === 'function')
  // Vite's dev server serves modules; what is built is one classic script.
  const type = import.meta.env?.DEV ? 'module' : 'classic'
  let bytes: Promise<ArrayBuffer> | null = null

  return {
    start: { start: true, wasmUrl, keepingUrl, pricesUrl, configUrl },
    shared,
    openPort() {
      if (opener === null) throw new TypeError('the frame is gone')
      if (opener !== undefined) return openerPort(opener)
      return shared
        ? sharedPort(new SharedWorker(workerUrl, { name: `keyhold-${BUILD}`, type }))
        : dedicatedPort(new Worker(workerUrl, { name: `keyhold-${BUILD}`, type }))
    },
    openKdf: () => kdfWorker(new Worker(kdfUrl, { name: 'keyhold-kdf', type })),
    async wasm() {
      bytes ??= fetchWasm(wasmUrl)
      try {
        return (await bytes).slice(0)
      } catch (error) {
        bytes = null
        throw error
      }
    },
  }
}

function absolute(url: string | URL): string {
  return new URL(url, document.baseURI).href
}

async function fetchWasm(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url, WASM_INTEGRITY === null ? {} : { integrity: WASM_INTEGRITY })
  if (!response.ok) throw new TypeError('engine.wasm is not there')
  return response.arrayBuffer()
}

function sharedPort(worker: SharedWorker): WorkerPort {
  const port = messagePort(worker.port)
  return {
    ...port,
    onGone(listener) {
      worker.addEventListener('error', listener)
      port.onGone(listener)
    },
  }
}

function dedicatedPort(worker: Worker): WorkerPort {
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    onGone: (listener) => worker.addEventListener('error', listener),
    close: () => worker.terminate(),
  }
}

function kdfWorker(worker: Worker): KdfWorker {
  return {
    start: (message) => worker.postMessage(message, [message.wasm, message.passphrase.buffer, message.port]),
    onFailed: (listener) => worker.addEventListener('error', listener),
    terminate: () => worker.terminate(),
  }
}
