// engine: a vault made of nothing, to look at the page without one. Same class as web/src/engine; never in dist.
// What it does is said in the address: ?state=locked&keys=many&hello=csp&slow=1 and so on.
import { KeyholdError } from '../../web/src/engine/error'
import { ERROR_TEXT, type ErrorCode } from '../../web/src/protocol/errors'
import type {
  CallPart,
  CheckOutcome,
  Finding,
  Hello,
  KeyInfo,
  ProviderInfo,
  Status,
  Stored,
} from '../../web/src/protocol/messages'
import { CATALOGUE, DEMO, MANY_KEYS } from './data'

export { KeyholdError } from '../../web/src/engine/error'
export type * from '../../web/src/protocol/messages'
export type { EngineEvents } from '../../web/src/engine/line'

const wishes = new URLSearchParams(location.search)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, wishes.has('slow') ? ms * 20 : ms))
const text = new TextDecoder()

export class KeyholdEngine {
  hello: Hello
  #providers: ProviderInfo[] = structuredClone(CATALOGUE)
  #keys: KeyInfo[] = wishes.get('keys') === 'many' ? structuredClone(MANY_KEYS) : []
  #listeners = new Map<string, Set<() => void>>()

  static async connect(): Promise<KeyholdEngine> {
    await wait(20)
    const fails = wishes.get('fails')
    if (fails !== null && fails in ERROR_TEXT) throw new KeyholdError(fails as ErrorCode)
    if (fails === 'never') await new Promise(() => {})
    return new KeyholdEngine()
  }

  constructor() {
    const state = (sessionStorage.getItem('fake-state') ?? wishes.get('state') ?? 'absent') as Status['state']
    const findings: Finding[] = wishes.has('findings')
      ? [
          { code: 'ERR_TAMPERED', kind: 'altered', purpose: 'record', id: 'k3' },
          { code: 'ERR_STALE_RECORD', kind: 'missing', purpose: 'record', id: 'b81fe2a09c' },
        ]
      : []
    this.hello = {
      protocol: 1,
      build: 'fa5e0123456789ab',
      status: { state, findings },
      demo: wishes.has('nodemo') ? null : { provider: DEMO.id, key: 'demo-key-which-is-no-secret' },
      customEndpoints: !wishes.has('closed'),
      cspMissing: wishes.has('csp'),
    }
    if (!wishes.has('nodemo')) this.#providers.unshift(DEMO)
    if (wishes.get('keys') === 'many') this.#providers.push(custom('custom-1', 'Ollama', 'http://localhost:11434/v1/'))
  }

  async status(): Promise<Status> {
    return this.hello.status
  }
  async create(passphrase: Uint8Array): Promise<Status> {
    await wait(200)
    sessionStorage.setItem('fake-passphrase', text.decode(passphrase))
    return { state: 'unlocked', findings: [] }
  }
  async unlock(passphrase: Uint8Array): Promise<Status> {
    await wait(200)
    if (text.decode(passphrase) !== (sessionStorage.getItem('fake-passphrase') ?? 'open sesame'))
      throw new KeyholdError('ERR_CANNOT_UNLOCK')
    return { state: 'unlocked', findings: this.hello.status.findings }
  }
  async lock(): Promise<void> {
    sessionStorage.setItem('fake-state', 'locked')
    for (const listener of this.#listeners.get('locked') ?? []) listener()
  }
  async providers(): Promise<ProviderInfo[]> {
    return structuredClone(this.#providers)
  }
  async keys(): Promise<KeyInfo[]> {
    return structuredClone(this.#keys)
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
    const base = this.#providers.find((one) => one.id === provider)?.base ?? ''
    const made: KeyInfo = {
      id: crypto.randomUUID(),
      provider,
      label,
      hint: key.length >= 12 ? key.slice(-4) : '',
      base,
      isDefault: !this.#keys.some((one) => one.provider === provider),
      createdAt: Date.now(),
      changedAt: Date.now(),
      lastUsedAt: null,
      lastChecked: unchecked ? null : { at: Date.now(), code: 'ok' },
    }
    this.#keys.push(made)
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
  async check(id: string): Promise<CheckOutcome> {
    await wait(500)
    const found = this.#find(id)
    const ok = !found.label.includes('old')
    found.lastChecked = { at: Date.now(), code: ok ? 'ok' : 'ERR_BAD_KEY' }
    return ok ? { ok } : { ok, error: { code: 'ERR_BAD_KEY', status: 401 } }
  }
  async setLabel(id: string, label: string): Promise<KeyInfo> {
    return structuredClone(Object.assign(this.#find(id), { label }))
  }
  async delete(id: string): Promise<void> {
    await wait(100)
    this.#keys = this.#keys.filter((key) => key.id !== id)
  }
  async setDefault(id: string): Promise<KeyInfo> {
    const found = this.#find(id)
    for (const key of this.#keys) if (key.provider === found.provider) key.isDefault = key.id === id
    return structuredClone(found)
  }
  async addEndpoint(name: string, base: string): Promise<ProviderInfo> {
    await wait(50)
    if (base.startsWith('http://') && !base.includes('localhost')) throw new KeyholdError('ERR_BAD_INPUT')
    const made = custom(`custom-${this.#providers.length}`, name, base)
    this.#providers.push(made)
    return made
  }
  async removeEndpoint(provider: string): Promise<void> {
    this.#providers = this.#providers.filter((one) => one.id !== provider)
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
    model,
    messages,
    signal,
  }: {
    key: string
    model: string
    messages: { text: string }[]
    signal?: AbortSignal
  }): AsyncGenerator<CallPart> {
    const found = this.#find(key)
    const asked = messages.at(-1)?.text ?? ''
    await wait(400)
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
        firstByteMs: 412,
        totalMs: 2630,
      },
    }
  }
  on(event: string, listener: () => void): () => void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener))
    return () => void this.#listeners.get(event)?.delete(listener)
  }

  #find(id: string): KeyInfo {
    const found = this.#keys.find((key) => key.id === id)
    if (found === undefined) throw new KeyholdError('ERR_NOT_FOUND')
    return found
  }
}

function refuse(key: string): void {
  if (key.includes('wrong')) throw new KeyholdError({ code: 'ERR_BAD_KEY', status: 401 })
  if (key.includes('offline')) throw new KeyholdError('ERR_OFFLINE')
}

function custom(id: string, name: string, base: string): ProviderInfo {
  return { id, name, base, kind: 'custom', wire: 'openai-chat', steps: [], keyPrefixes: [], keyOptional: true }
}

function answerTo(asked: string): string {
  if (asked.includes('html')) return '<b>bold</b> <img src=x onerror=alert(1)> stays text.'
  return (
    'A lock holds a bolt in place until the pins inside line up exactly.\n\n' +
    'The right key lifts each pin to its own height, which frees the cylinder to turn. ' +
    'A wrong key lifts at least one pin too far or not far enough, and nothing moves.'
  )
}
