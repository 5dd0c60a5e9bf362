// engine: the vault as an app on its own origin sees it: one method per thing that can be asked of it. Here what is done
// with keys; what is done with the vault itself is in keeping.ts.
import type {
  AppKeyUse,
  CallPart,
  ChatMessage,
  CheckOutcome,
  KeyId,
  KeyInfo,
  LoginStart,
  Pasted,
  ProviderId,
  ProviderInfo,
  Receipts,
  ServerAnswer,
  ServerPath,
  Spending,
  Stored,
  UnixMs,
  UsageReport,
} from '../protocol/messages'
import { chat } from './chat'
import { openConnection } from './connection'
import { Keeping } from './keeping'
import { browserLauncher, type ConnectOptions, type Launcher } from './launch'
import { withTexts } from './provider-texts'
import { offerOf, type Fallback } from '../wire/fallback'
import { vaultFetch, type Caller } from '../wire/vault-fetch'

const DAY_MS = 86_400_000

export interface NewKey {
  provider: ProviderId
  label: string
  /** Transferred: empty for the caller afterwards. See keyBytes(). */
  secret: Uint8Array
  /** Store without asking the provider whether the key works. */
  unchecked?: boolean
}

export interface FinishedLogin {
  /** Of beginLogin(). */
  state: string
  code: string
  /** Of a new key. */
  label?: string
  /** The key whose place it takes, instead. */
  key?: KeyId | null
}

export interface EngineOptions extends ConnectOptions {
  fallback?: Fallback
}

export interface ChatQuestion {
  key?: KeyId
  /** In place of a key: the app's, for a model of this provider. That a person has chosen so is the caller's to know. */
  app?: { provider: ProviderId; fallback: Fallback }
  model: string
  messages: ChatMessage[]
  /** Most tokens of the answer; 4096 if not given. */
  maxTokens?: number
  signal?: AbortSignal
}

/** Every method rejects with KeyholdError, except `fetch`, which rejects as the browser's does. */
export class KeyholdEngine extends Keeping {
  /** Starts or joins the vault worker. ERR_WORKER, ERR_SELF_TEST, ERR_VERSION, ERR_STORAGE. */
  static async connect({ fallback, ...options }: EngineOptions = {}): Promise<KeyholdEngine> {
    const engine = await KeyholdEngine.connectBy(browserLauncher(options))
    if (fallback !== undefined) engine.fallback = fallback
    return engine
  }

  /** As connect(), with other means of starting workers (tests). */
  static async connectBy(launcher: Launcher): Promise<KeyholdEngine> {
    return new KeyholdEngine(launcher, await openConnection(launcher))
  }

  /** For calls that the user has no key for: they go by the app's, as far as the user allows it. */
  fallback: Fallback | null = null

  async providers(): Promise<ProviderInfo[]> {
    return (await this.ask({ op: 'providers' })).map(withTexts)
  }

  keys(): Promise<KeyInfo[]> {
    return this.ask({ op: 'keys' })
  }

  /** What somebody put into the field for a key of `provider`, or of '' none yet. For hints: it decides nothing. */
  lookAt(provider: ProviderId | '', secret: Uint8Array): Promise<Pasted> {
    return this.askWith(secret, (own) => ({ op: 'lookAt', provider, secret: own }))
  }

  /** Checks the key at its provider, then stores it. Rejects with what the provider meant when it is refused. */
  add({ provider, label, secret, unchecked = false }: NewKey): Promise<Stored> {
    return this.askWith(secret, (own) => ({ op: 'add', provider, label, secret: own, unchecked }))
  }

  /** Puts a new secret in a key's place, checking it first; on any failure the old one stays. */
  replace(key: KeyId, secret: Uint8Array, options: { unchecked?: boolean } = {}): Promise<Stored> {
    const { unchecked = false } = options
    return this.askWith(secret, (own) => ({ op: 'replace', key, secret: own, unchecked }))
  }

  /** A login at a provider with `login`: open `url` in a tab of its own; it ends at callback.html beside the configuration. */
  beginLogin(provider: ProviderId): Promise<LoginStart> {
    return this.ask({ op: 'beginLogin', provider })
  }

  /** What callback.html was given becomes a key, stored unchecked. ERR_LOGIN_STATE, ERR_LOGIN_REFUSED. */
  finishLogin({ state, code, label = '', key = null }: FinishedLogin): Promise<Stored> {
    return this.ask({ op: 'finishLogin', state, code, key, label })
  }

  /** Asks the provider whether a stored key still works. ERR_CHECKED_TOO_OFTEN over 5 a minute, with the time to wait. */
  check(key: KeyId): Promise<CheckOutcome> {
    return this.ask({ op: 'check', key })
  }

  setLabel(key: KeyId, label: string): Promise<KeyInfo> {
    return this.ask({ op: 'label', key, label })
  }

  async delete(key: KeyId): Promise<void> {
    await this.ask({ op: 'delete', key })
  }

  /** This key is used for its provider where none is named. */
  setDefault(key: KeyId): Promise<KeyInfo> {
    return this.ask({ op: 'setDefault', key })
  }

  /**
   * May this provider's keys stand in for one another? Then a `fetch` that names no key and is answered with 402, 429 or 5xx is
   * made again with the next key in the user's order; `keyhold-tried` in its answer says what the ones before were answered.
   */
  async setFailover(provider: ProviderId, on: boolean): Promise<void> {
    await this.ask({ op: 'setFailover', provider, on })
  }

  /** The order of keys in lists, and in which a provider's keys are tried. */
  async setOrder(keys: KeyId[]): Promise<void> {
    await this.ask({ op: 'order', keys })
  }

  /** When the provider ends this key, to be reminded of; null: unknown. */
  setExpiry(key: KeyId, at: UnixMs | null): Promise<KeyInfo> {
    return this.ask({ op: 'expires', key, at })
  }

  /**
   * What this key may cost in a day and in a month (UTC), in millionths of a US dollar; null: as much as it does. A call that
   * could go over a cap is not made (ERR_CAP_REACHED), nor one of which nobody can tell (ERR_CAP_UNBOUNDED).
   */
  setCaps(key: KeyId, caps: KeyInfo['caps']): Promise<KeyInfo> {
    return this.ask({ op: 'setCaps', key, day: caps.dayMicroUsd, month: caps.monthMicroUsd })
  }

  /** What keys with a cap have cost today and this month. */
  spending(): Promise<Spending[]> {
    return this.ask({ op: 'spending' })
  }

  /** What calls used, from the UTC day of one moment to that of another. */
  usage(from: UnixMs, to: UnixMs): Promise<UsageReport> {
    return this.ask({ op: 'usage', from: Math.floor(from / DAY_MS), to: Math.floor(to / DAY_MS) })
  }

  /** An endpoint of the user's own: as the provider `like` is, or OpenAI-compatible. */
  async addEndpoint(name: string, base: string, like: ProviderId | null = null): Promise<ProviderInfo> {
    return withTexts(await this.ask({ op: 'addEndpoint', name, base, like }))
  }

  async removeEndpoint(provider: ProviderId): Promise<void> {
    await this.ask({ op: 'removeEndpoint', provider })
  }

  /** Names of the models the provider offers to this key. */
  models(key: KeyId): Promise<string[]> {
    return this.ask({ op: 'models', key })
  }

  /** Asks a model. Yields text as it arrives and `end` with the summary last; leaving the loop stops the call. */
  chat(question: ChatQuestion): AsyncIterable<CallPart> {
    return chat(() => this.current(), question)
  }

  /**
   * A `fetch` through the vault with the provider's default key; hand it to any SDK. Rejects only when the network failed
   * or the caller aborted; what the vault refuses is a 402, 403 or 423 with a problem+json body. `keyhold-source` in an answer
   * says whose key it was, `user` or `app`.
   */
  readonly fetch: typeof globalThis.fetch = (input, init) => vaultFetch(this.#caller(false), input, init)

  /** The same by the app's key: a person has chosen so for this call. ERR_NO_KEY where they said never. */
  readonly fetchByApp: typeof globalThis.fetch = (input, init) => vaultFetch(this.#caller(true), input, init)

  /** The same with one key, whichever is the default. */
  fetchWith(key: KeyId): typeof globalThis.fetch {
    return (input, init) => vaultFetch({ current: () => this.current(), key }, input, init)
  }

  /** When the app's key is used for a provider: never; only after asking; or whenever the user's own are used up, too. */
  async setAppKeyUse(provider: ProviderId, use: AppKeyUse): Promise<void> {
    await this.ask({ op: 'setAppKeyUse', provider, use })
  }

  /** What was decided. For the other providers the app's key is used as long as there is no key of the user's. */
  appKeyUses(): Promise<Record<ProviderId, AppKeyUse>> {
    return this.ask({ op: 'appKeyUses' })
  }

  /** What the app's server signed that calls by its key cost, as far as this vault has it. */
  receipts(): Promise<Receipts> {
    return this.ask({ op: 'receipts' })
  }

  /** A question to the site's keyhold-server, in its own words (docs/server.md), for the user that fallback's token is of. */
  async askServer(path: ServerPath, body: object | null = null): Promise<ServerAnswer> {
    const token = path === 'v1/plans' ? null : ((await this.fallback?.getToken()) ?? null)
    return this.ask({ op: 'server', path, token, body: body && JSON.stringify(body) })
  }

  #caller(chosen: boolean): Caller {
    const { fallback } = this
    const app = fallback === null ? undefined : { fallback, offer: offerOf(fallback, { chosen }) }
    return { current: () => this.current(), app }
  }
}
