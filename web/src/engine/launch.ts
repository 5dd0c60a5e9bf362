// launch: how the vault worker and the KDF worker are started in a browser, and where their files are.
import wasmFile from 'keyhold-wasm/engine.wasm?url'
import keepingFile from 'keyhold-wasm/keeping.wasm?url'
import pricesFile from 'keyhold-wasm/prices.txt?url'
import { BUILD, WASM_INTEGRITY } from '../protocol/build'
import type { KdfStart, WorkerStart } from '../protocol/messages'
import { kdfWorkerUrl, vaultWorkerUrl, type ScriptUrl } from '../trusted'

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
}

/** One end of a conversation with the vault worker, whatever kind of worker it is. */
export interface WorkerPort {
  post(message: unknown, transfer?: Transferable[]): void
  onMessage(listener: (data: unknown) => void): void
  /** Called when the other side is known to have failed or gone. Not every engine can tell. */
  onGone(listener: () => void): void
  close(): void
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
  const shared = typeof SharedWorker === 'function'
  // Vite's dev server serves modules; what is built is one classic script.
  const type = import.meta.env?.DEV ? 'module' : 'classic'
  let bytes: Promise<ArrayBuffer> | null = null

  return {
    start: { start: true, wasmUrl, keepingUrl, pricesUrl, configUrl },
    shared,
    openPort: () =>
      shared
        ? sharedPort(new SharedWorker(workerUrl, { name: `keyhold-${BUILD}`, type }))
        : dedicatedPort(new Worker(workerUrl, { name: `keyhold-${BUILD}`, type })),
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
  const port = worker.port
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage(listener) {
      port.addEventListener('message', ({ data }) => listener(data))
      port.start()
    },
    onGone(listener) {
      worker.addEventListener('error', listener)
      // Chromium tells when the worker died; others say nothing.
      port.addEventListener('close', listener)
    },
    close: () => port.close(),
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
