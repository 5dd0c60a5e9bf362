// engine: a vault made of nothing, to look at the page without one. Same class as web/src/engine; never in dist.
// What it does is said in the address: ?state=locked&keys=many&hello=csp&slow=1 and so on; for the vault itself see
// vault-extras.ts.
import { KeyholdError } from '../../web/src/engine/error'
import { ERROR_TEXT, type ErrorCode } from '../../web/src/protocol/errors'
import type {
  AppKeyUse,
  CallPart,
  CapHit,
  CheckOutcome,
  Hello,
  KeyInfo,
  LoginStart,
  Pasted,
  ProviderInfo,
  Receipts,
  ServerAnswer,
  Spending,
  Stored,
  UsageReport,
} from '../../web/src/protocol/messages'
import type { FinishedLogin } from '../../web/src/engine/engine'
import { CATALOGUE, DEMO, MANY_KEYS } from './data'
import { answerOf, receiptsWished, USES } from './data-account'
import { KEY_EXTRAS } from './data-extras'
import { CAPS, NO_CAPS, SPENDING, usageWished } from './data-usage'
import { Keeping } from './engine-keeping'
import { wait, wishes } from './vault-extras'

export const askForLocalNetwork = () => wait(200).then(() => true)
export { KeyholdError } from '../../web/src/engine/error'
export type * from '../../web/src/protocol/messages'
export type { EngineEvents, Cancellable } from '../../web/src/engine/line'
export type { WayIn } from '../../web/src/engine/with-kdf'

const text = new TextDecoder()
const CAP_HIT: CapHit = {
  period: 'day',
  capMicroUsd: 1_000_000,
  spentMicroUsd: 930_000,
  heldMicroUsd: 40_000,
  neededMicroUsd: 81_500,
  resetsAt: Math.ceil(Date.now() / 86_400_000) * 86_400_000,
}
/** Of every login. */
const LOGIN_STATE = 'S'.repeat(43)

export class KeyholdEngine extends Keeping {
  hello: Hello

  static async connect(_options?: object): Promise<KeyholdEngine> {
    await wait(20)
    const fails = wishes.get('fails')
    if (fails !== null && fails in ERROR_TEXT) throw new KeyholdError(fails as ErrorCode)
    if (fails === 'never') await new Promise(() => {})
    return new KeyholdEngine()
  }

  constructor() {
    super()
    this.known = structuredClone(CATALOGUE)
    this.held = keysWished()
    this.hello = {
      protocol: 1,
      build: 'fa5e0123456789ab',
      status: this.statusNow(),
      demo: wishes.has('nodemo') ? null : { provider: DEMO.id, key: 'demo-key-which-is-no-secret' },
      customEndpoints: !wishes.has('closed'),
      server: wishes.has('app') ? { url: 'https://quota.example/' } : null,
      cspMissing: wishes.has('csp'),
    }
    if (!wishes.has('nodemo')) this.known.unshift(DEMO)
    if (wishes.get('keys') === 'many') this.known.push(custom('custom-1', 'Ollama', 'http://localhost:11434/v1/'))
  }

  async providers(): Promise<ProviderInfo[]> {
    return structuredClone(this.known)
  }
  async keys(): Promise<KeyInfo[]> {
    return structuredClone(this.held)
  }
  async lookAt(provider: string, secret: Uint8Array): Promise<Pasted> {
    const key = text.decode(secret).trim()
    const owner = this.known.find(({ keyPrefixes }) => keyPrefixes.some((one) => one.length > 3 && key.startsWith(one)))
    const kind = key === '' ? 'nothing' : key.includes('://') ? 'address' : / /.test(key) ? 'words' : 'key'
    const better = kind === 'key' && owner !== undefined && owner.id !== provider ? owner.id : null
    return { kind, better, admin: key.includes('admin') }
  }
  async add({
    provider,
    label,
    secret,
    unchecked = false,
  }: {
    provider: string
    label: string
    secret: Uint8Array
    unchecked?: boolean
  }): Promise<Stored> {
    const key = text.decode(secret)
    await wait(wishes.has('slowcheck') ? 1500 : 150)
    if (/\s/.test(key)) throw new KeyholdError('ERR_BAD_KEY_TEXT')
    if (!unchecked) refuse(key)
    const base = this.known.find((one) => one.id === provider)?.base ?? ''
    const made: KeyInfo = {
      id: crypto.randomUUID(),
      provider,
      label,
      hint: key.length >= 12 ? key.slice(-4) : '',
      base,
      isDefault: !this.held.some((one) => one.provider === provider),
      failover: this.held.some((one) => one.provider === provider && one.failover),
      createdAt: Date.now(),
      changedAt: Date.now(),
      expiresAt: null,
      lastUsedAt: null,
      caps: NO_CAPS,
      lastChecked: unchecked ? null : { at: Date.now(), code: 'ok' },
    }
    this.held.push(made)
    this.changed()
    return { key: structuredClone(made), check: unchecked ? null : { ok: true } }
  }
  async replace(id: string, secret: Uint8Array, { unchecked = false } = {}): Promise<Stored> {
    const key = text.decode(secret)
    await wait(500)
    if (!unchecked) refuse(key)
    const found = this.#find(id)
    Object.assign(found, {
      hint: key.slice(-4),
      changedAt: Date.now(),
      lastChecked: unchecked ? null : { at: Date.now(), code: 'ok' },
    })
    return { key: structuredClone(found), check: unchecked ? null : { ok: true } }
  }
  /** The page it leads to is not there: whoever plays the provider speaks for callback.html (screens-login.mjs). */
  async beginLogin(provider: string): Promise<LoginStart> {
    await wait(20)
    return { url: `${location.origin}/theme.js?log-in-at=${provider}`, state: LOGIN_STATE }
  }
  /** The code says what comes of it. */
  async finishLogin({ code, label = '', key = null }: FinishedLogin): Promise<Stored> {
    await wait(wishes.has('slowcheck') ? 1500 : 150)
    if (code in ERROR_TEXT) throw new KeyholdError(code as ErrorCode)
    const secret = new TextEncoder().encode(`sk-or-v1-from-a-login-${code}`)
    const unchecked = true
    return key === null
      ? this.add({ provider: 'openrouter', label, secret, unchecked })
      : this.replace(key, secret, { unchecked })
  }
  async check(id: string): Promise<CheckOutcome> {
    await wait(wishes.has('slowcheck') ? 60_000 : 500)
    const found = this.#find(id)
    if (wishes.has('often') && found.provider === 'google')
      throw new KeyholdError({ code: 'ERR_CHECKED_TOO_OFTEN', retryAfterS: 43 })
    const code = wishes.get('check') ?? (found.label.includes('old') ? 'ERR_BAD_KEY' : 'ok')
    found.lastChecked = { at: Date.now(), code: code as ErrorCode | 'ok' }
    return code === 'ok' ? { ok: true } : { ok: false, error: { code: code as ErrorCode, status: 401 } }
  }
  async setLabel(id: string, label: string): Promise<KeyInfo> {
    return structuredClone(Object.assign(this.#find(id), { label }))
  }
  async setCaps(id: string, caps: KeyInfo['caps']): Promise<KeyInfo> {
    await wait(100)
    return structuredClone(Object.assign(this.#find(id), { caps }))
  }
  async spending(): Promise<Spending[]> {
    return structuredClone(SPENDING)
  }
  async usage(from: number, to: number): Promise<UsageReport> {
    await wait(50)
    const fails = wishes.get('usage')
    if (fails !== null && fails in ERROR_TEXT) throw new KeyholdError(fails as ErrorCode)
    return usageWished(fails, Math.floor(from / 86_400_000), Math.floor(to / 86_400_000))
  }
  async askServer(path: string): Promise<ServerAnswer> {
    await wait(50)
    return answerOf(wishes.get('app'), path)
  }
  async appKeyUses(): Promise<Record<string, AppKeyUse>> {
    return { ...USES }
  }
  async setAppKeyUse(provider: string, use: AppKeyUse): Promise<void> {
    await wait(50)
    USES[provider] = use
  }
  async receipts(): Promise<Receipts> {
    await wait(50)
    const wish = wishes.get('receipts')
    if (wish !== null && wish in ERROR_TEXT) throw new KeyholdError(wish as ErrorCode)
    return receiptsWished(wish)
  }
  async delete(id: string): Promise<void> {
    await wait(100)
    this.held = this.held.filter((key) => key.id !== id)
    this.forget(id)
  }
  async setDefault(id: string): Promise<KeyInfo> {
    const found = this.#find(id)
    for (const key of this.held) if (key.provider === found.provider) key.isDefault = key.id === id
    return structuredClone(found)
  }
  async setFailover(provider: string, on: boolean): Promise<void> {
    const fails = wishes.get('failover')
    if (fails !== null && fails in ERROR_TEXT) throw new KeyholdError(fails as ErrorCode)
    for (const key of this.held) if (key.provider === provider) key.failover = on
  }
  async addEndpoint(name: string, base: string, like: string | null = null): Promise<ProviderInfo> {
    await wait(50)
    if (base.startsWith('http://') && !base.includes('localhost')) throw new KeyholdError('ERR_BAD_INPUT')
    const { steps = [], browser = 'yes', browserNote } = this.known.find(({ id }) => id === like) ?? {}
    const texts = { steps, browser, ...(browserNote === undefined ? {} : { browserNote }) }
    const made = { ...custom(`custom-${this.known.length}`, name, base), ...texts }
    this.known.push(made)
    return made
  }
  async removeEndpoint(provider: string): Promise<void> {
    this.known = this.known.filter((one) => one.id !== provider)
  }
  async models(id: string): Promise<string[]> {
    await wait(200)
    if (this.#find(id).provider.startsWith('custom')) throw new KeyholdError('ERR_LOCAL_NOT_RUNNING')
    if (this.#find(id).provider === 'openrouter')
      return Array.from({ length: 350 }, (_, i) => `vendor-${i % 9}/model-${i}`)
    return [
      'gpt-5.2',
      'gpt-5.2-mini',
      'gpt-5.2-nano',
      'gpt-4.1',
      'o5-mini',
      'a-model-with-a-remarkably-long-name-2026-11-20-preview',
    ]
  }
  async *chat({
    key,
    app,
    model,
    messages,
    signal,
  }: {
    key: string
    app?: { provider: string }
    model: string
    messages: { text: string }[]
    signal?: AbortSignal
  }): AsyncGenerator<CallPart> {
    if (app !== undefined) throw new KeyholdError({ code: 'ERR_QUOTA', status: 402 })
    const found = this.#find(key)
    const asked = messages.at(-1)?.text ?? ''
    await wait(400)
    if (asked.includes('cap')) throw new KeyholdError({ code: 'ERR_CAP_REACHED', cap: CAP_HIT })
    if (asked.includes('fail')) throw new KeyholdError({ code: 'ERR_RATE_LIMITED', retryAfterS: 42, status: 429 })
    for (const word of answerTo(asked).split(/(?<= )/)) {
      signal?.throwIfAborted()
      await wait(25)
      yield { type: 'text', text: word }
    }
    found.lastUsedAt = Date.now()
    const usage = asked.includes('usage') ? null : { input: 27, output: 1204, reasoning: 640 }
    yield {
      type: 'end',
      summary: {
        key,
        provider: found.provider,
        model,
        source: 'user',
        stop: 'stop',
        usage,
        figures: usage === null ? 'estimated' : 'reported',
        costMicroUsd: asked.includes('unpriced') ? null : 2_412,
        pricesMade: '2026-09-23',
        firstByteMs: 412,
        totalMs: 2630,
      },
    }
  }

  #find(id: string): KeyInfo {
    const found = this.held.find((key) => key.id === id)
    if (found === undefined) throw new KeyholdError('ERR_NOT_FOUND')
    return found
  }
}

function keysWished(): KeyInfo[] {
  if (wishes.get('keys') !== 'many') return []
  return structuredClone(MANY_KEYS).map((key) => ({
    ...key,
    ...(wishes.has('extras') ? KEY_EXTRAS[key.id] : {}),
    caps: (wishes.has('caps') ? CAPS[key.id] : null) ?? NO_CAPS,
  }))
}

function refuse(key: string): void {
  if (key.includes('wrong')) throw new KeyholdError({ code: 'ERR_BAD_KEY', status: 401 })
  if (key.includes('offline')) throw new KeyholdError('ERR_OFFLINE')
}

function custom(id: string, name: string, base: string): ProviderInfo {
  const wire = 'openai-chat'
  const facts = { id, name, base, kind: 'custom', wire, browser: 'yes', example: false } as const
  return { ...facts, steps: [], keyPrefixes: [], keyOptional: true, login: false }
}

function answerTo(asked: string): string {
  if (asked.includes('html')) return '<b>bold</b> <img src=x onerror=alert(1)> stays text.'
  return (
    'A lock holds a bolt in place until the pins inside line up exactly.\n\n' +
    'The right key lifts each pin to its own height, which frees the cylinder to turn. ' +
    'A wrong key lifts at least one pin too far or not far enough, and nothing moves.'
  )
}
