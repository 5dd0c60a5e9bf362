// index: `keyhold`, for a page that uses keys it cannot read. One import-free module, fit to be imported on a server.
import './texts'
import type { Access } from '../protocol/messages'
import { KeyholdError } from '../wire/error'
import { offerOf, type Fallback } from '../wire/fallback'
import { vaultFetch, type Caller } from '../wire/vault-fetch'
import { Acquainted } from './acquainted'
import { VaultFrame } from './frame'
import { HostLine, type VaultEvents } from './line'
import { termsOf, type AccessWish } from './wish'

export { KeyholdError }
export type { ErrorCode } from '../protocol/errors'
export type { Access, AccessScope, AccessTerms, CapHit, Problem, ProviderId } from '../protocol/messages'
export type { Fallback } from '../wire/fallback'
export type { AccessWish } from './wish'
export type { VaultEvents } from './line'

/** How the vault's frame is put into the page. */
export interface ConnectOptions {
  /** The vault's button goes into this element and stays there. Without one, it is in a corner while a person is needed. */
  button?: Element | null
  /**
   * The app's own keyhold-server, for users who have no key: until they have allowed this page something, and where they have no
   * key of a provider, calls go by the app's key. `keyhold-source` in an answer says whose it was.
   */
  fallback?: Fallback
}

/**
 * Puts the vault's frame into this page. Its worker is started when something is first asked of it.
 * @param vault address of the folder where the vault is served, such as `https://vault.example.com/`
 * @throws KeyholdError ERR_TIMEOUT, ERR_NOT_PERMITTED_BY_SITE
 */
export async function connect(vault: string | URL, { button = null, fallback }: ConnectOptions = {}): Promise<Vault> {
  const url = new URL('frame.html', new URL(vault, document.baseURI))
  return new Vault(await VaultFrame.open(url, button), url.origin, fallback)
}

/** Made by connect(). Nothing it has returns a key. */
export class Vault {
  readonly #frame: VaultFrame
  readonly #line: HostLine
  readonly #fallback: Fallback | undefined
  readonly #acquainted: Acquainted
  /** Questions to the user that are open. */
  #asking = 0
  /** A call was refused that a person can make possible. */
  #wanting = false

  /** @internal */
  constructor(frame: VaultFrame, origin: string, fallback: Fallback | undefined) {
    this.#fallback = fallback
    this.#acquainted = new Acquainted(origin)
    this.#frame = frame
    this.#line = new HostLine(() => frame.openPort())
    this.#line.onAccess = ({ state }) => {
      if (state === 'granted') {
        this.#wanting = false
        this.#acquainted.remember()
      }
      this.#place()
    }
    frame.onNews = ({ news }) => {
      if (news === 'closed') this.#wanting = false
      if (news === 'blocked') this.#line.blocked()
      this.#place()
    }
    addEventListener('pagehide', this.#leave)
  }

  /**
   * The browser's `fetch`, with the user's key for the provider it goes to: hand it to an SDK. Streams, aborts and rejects as
   * `fetch` does. What the vault refuses is a Response with a problem+json body: 402 no key or a spending limit, 403 not
   * allowed, 423 locked.
   */
  readonly fetch: typeof globalThis.fetch = (input, init) =>
    vaultFetch(
      {
        current: () => this.#line.current(),
        app: this.#app(),
        onRefused: ({ code }) => {
          if (code !== 'ERR_LOCKED' && code !== 'ERR_NEEDS_USER' && code !== 'ERR_NOT_GRANTED') return
          this.#wanting = true
          this.#place()
        },
      },
      input,
      init,
    )

  /** What this page may do. Before the user allowed something, and while the vault is locked: `needs-user`, no more. */
  async status(): Promise<Access> {
    return (await this.#line.current()).ask({ op: 'access' })
  }

  /** @returns what takes the listener off again. Nothing is heard before something was asked of the vault. */
  on<E extends keyof VaultEvents>(event: E, listener: VaultEvents[E]): () => void {
    return this.#line.on(event, listener)
  }

  /**
   * Asks the user, who answers in a window of the vault's own: the vault's button, which is shown now, opens it.
   * @throws KeyholdError ERR_ACCESS_DENIED when they do not want to; ERR_LOCKED when the vault locks meanwhile; TypeError; the
   *   signal's reason.
   */
  async requestAccess(wish: AccessWish, { signal }: { signal?: AbortSignal } = {}): Promise<Access> {
    const terms = termsOf(wish)
    signal?.throwIfAborted()
    this.#asking += 1
    this.#place()
    try {
      const connection = await this.#line.current()
      const call = connection.beginCall()
      return await new Promise<Access>((resolve, reject) => {
        const stop = () => {
          call.abort()
          reject(signal?.reason)
        }
        if (signal?.aborted) return stop()
        signal?.addEventListener('abort', stop, { once: true })
        connection
          .ask({ op: 'requestAccess', call: call.id, wish: terms })
          .then(
            (access) => {
              if (access.state === 'granted') this.#acquainted.remember()
              resolve(access)
            },
            (error: KeyholdError) => {
              if (error.code === 'ERR_ACCESS_DENIED') this.#acquainted.forget()
              reject(error)
            },
          )
          .finally(() => {
            signal?.removeEventListener('abort', stop)
            call.fail(null)
          })
      })
    } finally {
      this.#asking -= 1
      this.#place()
    }
  }

  /** Shows the vault's button: with a click on it, the user opens the vault. */
  open(): void {
    this.#wanting = true
    this.#place()
  }

  /** Locks the vault, for every page. */
  async lock(): Promise<void> {
    const connection = await this.#line.current()
    await connection.ask({ op: 'lock' }).catch((error: KeyholdError) => {
      // That the port has ended may be heard before the answer.
      if (error.code !== 'ERR_LOCKED') throw error
    })
  }

  /** Takes the frame out of this page. What is under way ends. */
  close(): void {
    removeEventListener('pagehide', this.#leave)
    this.#line.close()
    this.#frame.close()
  }

  #app(): Caller['app'] {
    const fallback = this.#fallback
    return fallback && { fallback, offer: offerOf(fallback, { newcomer: !this.#acquainted.is }) }
  }

  #place(): void {
    this.#frame.show(this.#asking > 0 || this.#wanting)
  }

  /** A page that goes away must not leave a stream running that nobody reads. */
  readonly #leave = () => this.#line.abortCalls()
}
