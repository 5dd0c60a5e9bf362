// vault-host: how a vault worker comes to run: engine, site configuration, stored rows; and who hears its news.
import type { Event, Hello, WorkerStart } from '../protocol/messages'
import type { EngineModule } from './engine-module'
import { policyMissing } from './evidence'
import type { Network } from './exchange'
import { Failure, take } from './failure'
import { fetchEngine, fetchKeeping, fetchPrices, startEngine } from './load-engine'
import { Questions } from './questions'
import { serve, type Role, type Served, type ServedPort } from './serve'
import { Storage } from './storage'
import { Vault } from './vault'

/** A site's configuration is a page of text. */
const MAX_CONFIG_BYTES = 256 * 1024

/** What differs between a SharedWorker, a dedicated one and a test. */
export interface Platform {
  net: Network
  locks: LockManager | undefined
  /** To and from the vault workers of other tabs and builds. */
  channel: BroadcastChannel
  startEngine?: (wasm: ArrayBuffer) => Promise<EngineModule>
  close(): void
}

export interface Running extends Pick<Hello, 'demo' | 'customEndpoints' | 'server' | 'cspMissing'> {
  vault: Vault
}

/** A worker's whole life: ports come, one start, one end. */
/** Ports of one origin at once: pages, and frames in them. */
export const MAX_HOST_PORTS = 16

export class VaultWorker {
  readonly questions = new Questions(() => this.#tellOwn({ event: 'asked' }))
  readonly #platform: Platform
  readonly #served = new Set<Served>()
  #running: Promise<Running> | null = null
  #vault: Vault | null = null
  #started: (running: Promise<Running>) => void = () => {}
  /** Hello may overtake the start message of another port: it waits. */
  readonly #first = new Promise<Running>((resolve) => (this.#started = resolve))
  /** Time of the lock that ended this worker; 0 before. */
  #epoch = 0

  constructor(platform: Platform) {
    this.#platform = platform
    platform.channel.addEventListener('message', ({ data }: MessageEvent) => this.#heard(data))
  }

  admit(port: ServedPort, role: Role): void {
    const served = serve(port, role, this)
    // Too late: told at once, the page need not wait for an answer that never comes.
    if (this.#epoch > 0) served.tell({ event: 'locked', epoch: this.#epoch })
    else this.#served.add(served)
  }

  /** For a page of this origin, as the browser says it; null: another of the vault's own. */
  admitFor(port: MessagePort, origin: string | null): void {
    if (origin === null) return this.admit(port, { is: 'manage' })
    if (!isOrigin(origin)) throw new Failure('ERR_BAD_INPUT')
    if (this.#of(origin).length >= MAX_HOST_PORTS) throw new Failure('ERR_TOO_MANY')
    this.admit(port, { is: 'host', origin })
  }

  /** Ends their calls. */
  stop(origin: string): void {
    for (const served of this.#of(origin)) {
      served.stopCalls('ERR_NEEDS_USER')
      served.tell({ event: 'access' })
    }
  }

  #of(origin: string): Served[] {
    return [...this.#served].filter(({ app }) => app === origin)
  }

  #tellOwn(event: Event): void {
    for (const served of this.#of('')) served.tell(event)
  }

  forget(served: Served): void {
    this.#served.delete(served)
  }

  start(message: WorkerStart): void {
    if (this.#running !== null || this.#epoch > 0) return
    this.#running = this.#run(message)
    this.#started(this.#running)
    // Whoever says hello hears of a failure; nobody may have said it yet.
    this.#first.catch(() => {})
    this.#running.catch(() => {
      // A worker that could not start says why and makes room for another try; a task later, so that all have been told.
      this.#epoch = this.#platform.net.now()
      setTimeout(() => this.#platform.close(), 0)
    })
  }

  running(): Promise<Running> {
    return this.#first
  }

  async #run({ wasmUrl, keepingUrl, pricesUrl, configUrl }: WorkerStart): Promise<Running> {
    const { net, locks, close } = this.#platform
    const storage = new Storage()
    const [wasm, config, cspMissing] = await Promise.all([
      fetchEngine(net.send, wasmUrl),
      fetchConfig(net.send, configUrl),
      policyMissing(net.send),
    ])
    const module = await (this.#platform.startEngine ?? startEngine)(wasm)
    const vault = new Vault(module, {
      net,
      storage,
      callbackUrl: new URL('callback.html', configUrl).href,
      locks,
      others: (news) => this.#platform.channel.postMessage(news),
      keeping: async () => module.addKeeping(await fetchKeeping(net.send, keepingUrl)),
      prices: () => fetchPrices(net.send, pricesUrl),
      tell: (news, except) => this.#tell(news, except),
      close,
    })
    const site = take(vault.engine.configure(config))
    vault.server = JSON.parse(site.server || 'null')
    await vault.reload()
    void storage.beginNewLog()
    this.#vault = vault
    return { vault, ...site, server: vault.server, cspMissing }
  }

  #tell(news: 'changed' | 'unlocked' | 'locked', except?: object): void {
    if (news === 'locked') this.#epoch = this.#platform.net.now()
    for (const served of this.#served) {
      if (served !== except) served.tell(news === 'locked' ? { event: news, epoch: this.#epoch } : { event: news })
    }
  }

  #heard(news: unknown): void {
    const vault = this.#vault
    if (vault === null || vault.ended) return
    if (news === 'lock') vault.lock(true)
    else if (news === 'changed') {
      vault.reload().catch((error: unknown) => {
        vault.crash(error)
        // What cannot be read now is read before the next write; what can be read and not understood is not worked with.
        if (!(error instanceof Failure && error.problem.code.startsWith('ERR_STORAGE'))) vault.lock(true)
      })
    }
  }
}

/** The site's keyhold.config.json; a site without one has no wishes. */
async function fetchConfig(send: typeof fetch, url: string): Promise<Uint8Array> {
  const none = new TextEncoder().encode('{}')
  try {
    const response = await send(url, { cache: 'no-cache' })
    if (!response.ok) return none
    const bytes = new Uint8Array(await response.arrayBuffer())
    if (bytes.length > MAX_CONFIG_BYTES) throw new Failure('ERR_TOO_LARGE')
    return bytes
  } catch (error) {
    if (error instanceof Failure) throw error
    return none
  }
}

/** As browsers write one, which is not `null`. */
function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text
  } catch {
    return false
  }
}
