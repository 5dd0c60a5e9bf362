// browser: one origin of a browser, in Node: its storage, its workers, its tabs. Nothing of it is shared between tests.
import 'fake-indexeddb/auto'
import { readFileSync } from 'node:fs'
import { IDBFactory } from 'fake-indexeddb'
import { fakeModule } from './fake-engine.mjs'
import { keyhold as built } from './load.mjs'

const wasmFile = new URL('../../../build/wasm/engine.wasm', import.meta.url)
const keepingFile = new URL('../../../build/wasm/keeping.wasm', import.meta.url)
const pricesFile = new URL('../../../build/wasm/prices.txt', import.meta.url)

/** engine.wasm as built; a fresh copy each time. */
export function engineWasm() {
  const bytes = readFileSync(wasmFile)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
}

/** Of navigator.locks, what the worker uses. */
class Locks {
  #last = Promise.resolve()
  request(_name, work) {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => {})
    return mine
  }
}

export class Browser {
  /**
   * @param {{ real?: boolean, calibrate?: boolean, shared?: boolean, config?: object, engine?: Record<string, Function>, send?: typeof fetch,
   *   online?: () => boolean, slowStartMs?: number, startEngine?: Function, keeping?: () => Response, prices?: () => boolean, keyhold?: object, now?: () => number }} options
   *   `keyhold`: in place of the modules as they are, what load() made of others. `now`: the worker's wall clock.
   *   `prices`: whether the price list is there, this time.
   *   `calibrate`: with the real measuring of the KDF, which makes each create and unlock take half a second.
   *   `keeping`: what is answered in place of keeping.wasm.
   *   `real`: with engine.wasm, not the fake. `engine`: methods of the fake that behave otherwise.
   */
  constructor(options = {}) {
    this.options = { shared: true, config: {}, configUrl: 'https://vault.example/keyhold.config.json', ...options }
    this.keyhold = this.options.keyhold ?? built
    this.channelName = `keyhold-test-${Math.random()}`
    this.locks = new Locks()
    this.scope = new EventTarget()
    this.workers = []
    this.tabs = []
    this.sent = []
    this.keepingLoads = 0
    globalThis.indexedDB = new IDBFactory()
  }

  /** A page that has connected. */
  async open() {
    const tab = await this.keyhold.KeyholdEngine.connectBy(this.launcher())
    this.tabs.push(tab)
    return tab
  }

  /** A port of the worker as a page has it, without the client. */
  rawPort() {
    const { port1, port2 } = new MessageChannel()
    this.worker().admit(port2, { is: 'manage' })
    port1.start()
    return port1
  }

  worker() {
    const running = this.workers.findLast((one) => !one.closed)
    return running && this.options.shared ? running.host : this.#startWorker()
  }

  launcher() {
    return {
      start: {
        start: true,
        wasmUrl: 'test:wasm',
        keepingUrl: 'test:keeping',
        pricesUrl: 'test:prices',
        configUrl: this.options.configUrl,
      },
      shared: this.options.shared,
      wasm: async () => (this.options.real ? engineWasm() : new ArrayBuffer(8)),
      openPort: () => {
        const port = this.rawPort()
        return {
          post: (message, transfer = []) => port.postMessage(message, transfer),
          onMessage: (listener) => port.addEventListener('message', ({ data }) => listener(data)),
          onGone: () => {},
          close: () => port.close(),
        }
      },
      openKdf: () => ({
        start: (message) => {
          const { wasm, passphrase, port } = message
          const sent = structuredClone(message, { transfer: [wasm, passphrase.buffer, port] })
          if (!this.options.calibrate) sent.port = measured(sent.port)
          this.keyhold.answerKdf(
            sent,
            (wasm) => this.#startEngine(wasm),
            () => {},
          )
        },
        onFailed: () => {},
        terminate: () => {},
      }),
    }
  }

  /** Ends everything, so that the test's process can. */
  close() {
    for (const tab of this.tabs) tab.close()
    for (const { channel } of this.workers) {
      // A lock stops the worker's timers, which would keep this process waiting.
      channel.dispatchEvent(new MessageEvent('message', { data: 'lock' }))
      channel.close()
    }
  }

  #startEngine(wasm) {
    if (this.options.startEngine) return this.options.startEngine(wasm)
    return this.options.real ? this.keyhold.startEngine(wasm) : Promise.resolve(fakeModule(this.options.engine))
  }

  #startWorker() {
    const channel = new BroadcastChannel(this.channelName)
    channel.unref()
    const running = { closed: false, channel, module: null, host: null }
    const close = () => {
      running.closed = true
      channel.close()
    }
    running.host = new this.keyhold.VaultWorker({
      net: {
        send: (input, init) => this.#send(input, init),
        policy: new this.keyhold.PolicyWatch(this.scope),
        online: this.options.online ?? (() => true),
        now: this.options.now ?? (() => Date.now()),
        tick: () => performance.now(),
      },
      locks: this.locks,
      channel,
      close,
      startEngine: async (wasm) => {
        if (this.options.slowStartMs) await new Promise((done) => setTimeout(done, this.options.slowStartMs))
        return (running.module = await this.#startEngine(wasm))
      },
    })
    this.workers.push(running)
    return running.host
  }

  #keeping() {
    this.keepingLoads += 1
    return this.options.keeping ? this.options.keeping() : new Response(readFileSync(keepingFile))
  }

  async #send(input, init) {
    if (input === 'test:wasm') return new Response(engineWasm())
    if (input === 'test:keeping') return this.#keeping()
    if (input === 'test:prices') {
      const there = this.options.prices?.() ?? true
      return there ? new Response(readFileSync(pricesFile)) : new Response(null, { status: 404 })
    }
    if (input === this.options.configUrl) return new Response(JSON.stringify(this.options.config))
    if (input === 'data:,canary') return fetch(input)
    this.sent.push({ url: String(input), init })
    return (this.options.send ?? fetch)(input, init)
  }
}

/** A port behind which measuring has been done: on a machine this slow, the default strength is enough. */
function measured(port) {
  const { port1, port2 } = new MessageChannel()
  const ask = (data) => (data.ask === 'measure' ? port.postMessage({ ms: 5_000 }) : port1.postMessage(data))
  port.addEventListener('message', ({ data }) => ask(data))
  port1.addEventListener('message', ({ data }) => port.postMessage(data))
  port1.addEventListener('close', () => port.close())
  port.addEventListener('close', () => port1.close())
  port.start()
  port1.start()
  return port2
}

export const passphrase = (text = 'correct horse battery staple') => built.passphraseBytes(text)
export const key = (text = 'sk-test-abcdefghijklmnop') => built.keyBytes(text)
export const tick = (ms = 0) => new Promise((done) => setTimeout(done, ms))
