// vault-extras: the keeping of the vault made of nothing: ways in and locking; the rest is in engine-keeping.ts. What it holds lives in
// the tab's session storage, so that it outlasts the reload a lock ends in. Wishes in the address:
//   slots=all | passkeys | norecovery   wait=95   copy   backup=old|new   findings   rolled   lockafter=60
//   autosave=saved|due|permission|gone|failed|held
import { KeyholdError } from '../../web/src/engine/error'
import type { Finding, KeyInfo, NewPasskey, ProviderInfo, SlotInfo, Status } from '../../web/src/protocol/messages'
import { FINDINGS, ROLLED_BACK, SLOTS } from './vault-data'

export const wishes = new URLSearchParams(location.search)
export const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, wishes.has('slow') ? ms * 20 : ms))
const text = new TextDecoder()

export type WayIn = { passphrase: Uint8Array } | { passkey: string; prf: Uint8Array } | { recovery: Uint8Array }
interface Made {
  slot: string
  credential: Uint8Array
  rp: string
  name: string
  prf: Uint8Array
}

const FREE_ATTEMPTS = 5
/** One pair for every slot: a test has one authenticator. */
const SALTS: [Uint8Array, Uint8Array] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
export const RECOVERY_CODE = 'K7QM-3XHD-9WTP-2RBV-6FNC-8YJE-4GSA-5ZKL'

export class FakeKeeping {
  protected held: KeyInfo[] = []
  protected known: ProviderInfo[] = []
  state: Status['state']
  protected listeners = new Map<string, Set<() => void>>()
  #slots: SlotInfo[] = kept('slots', SLOTS[wishes.get('slots') ?? 'one'] ?? [])
  #prfs: Record<string, string> = kept('prfs', {})
  #failed: number = kept('failed', wishes.has('wait') ? FREE_ATTEMPTS : 0)
  #waitUntil: number = kept('wait-until', Date.now() + Number(wishes.get('wait') ?? 0) * 1000)
  #lockAfter: number = kept('lock-after', Number(wishes.get('lockafter') ?? 15))
  protected lastBackup: Status['backup'] = kept('backup', backupWished())
  protected findings: Finding[] = [
    ...(wishes.has('findings') ? FINDINGS : []),
    ...(wishes.has('rolled') ? ROLLED_BACK : []),
  ]
  protected autoSaved: Status['autoSave'] = kept('auto-save', autoSaveWished())
  #code = ''
  protected copy = wishes.has('copy')

  constructor() {
    Object.assign(globalThis, { fakeVault: this })
    this.state = (sessionStorage.getItem('fake-state') ?? wishes.get('state') ?? 'absent') as Status['state']
  }

  on(event: string, listener: () => void): () => void {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(listener))
    return () => void this.listeners.get(event)?.delete(listener)
  }

  async status(): Promise<Status> {
    return this.statusNow()
  }
  statusNow(): Status {
    const open = this.state === 'unlocked'
    const slots = this.state === 'absent' ? [] : structuredClone(this.#slots)
    if (!open) for (const slot of slots) Object.assign(slot, { name: '', createdAt: 0 })
    return {
      state: this.state,
      findings: open ? this.findings : [],
      slots,
      waitS: Math.max(0, Math.ceil((this.#waitUntil - Date.now()) / 1000)),
      failedAttempts: this.#failed,
      copy: this.copy && !open,
      lockAfterMinutes: this.#lockAfter,
      backup: this.#lastSaved(),
      autoSave: open ? this.autoSaved : null,
    }
  }

  async create(passphrase: Uint8Array): Promise<Status> {
    await wait(200)
    keep('passphrase', text.decode(passphrase))
    this.#slots = [{ id: 'slot-1', kind: 'passphrase', name: '', createdAt: Date.now(), damaged: false }]
    return this.#open()
  }
  async unlock(by: Uint8Array | WayIn): Promise<Status> {
    await wait(200)
    const waitS = this.statusNow().waitS
    if (waitS > 0) throw new KeyholdError({ code: 'ERR_UNLOCK_WAIT', retryAfterS: waitS })
    try {
      this.prove(by instanceof Uint8Array ? { passphrase: by } : by)
    } catch (error) {
      this.#failed++
      if (this.#failed >= FREE_ATTEMPTS) this.#waitUntil = Date.now() + 60_000 * 2 ** (this.#failed - FREE_ATTEMPTS)
      this.#save()
      throw error
    }
    this.#failed = 0
    return this.#open()
  }
  async lock(): Promise<void> {
    sessionStorage.setItem('fake-state', 'locked')
    this.state = 'locked'
    for (const listener of this.listeners.get('locked') ?? []) listener()
  }
  async touch(): Promise<void> {
    keep('touched', kept('touched', 0) + 1)
  }
  async setLockAfter(minutes: number): Promise<Status> {
    await wait(60)
    this.#lockAfter = minutes
    return this.saved()
  }

  async newPasskey(): Promise<NewPasskey> {
    return { slot: crypto.randomUUID(), userId: bytes(32), salts: SALTS }
  }
  async addPasskey(proof: WayIn, { slot, credential, rp, name, prf }: Made): Promise<Status> {
    await wait(200)
    this.prove(proof)
    if (prf.length !== 64 || prf.every((byte) => byte === 0)) throw new KeyholdError('ERR_PASSKEY_PRF')
    const passkey = { credential, rp, salts: SALTS }
    this.#slots.push({ id: slot, kind: 'passkey', name, createdAt: Date.now(), damaged: false, passkey })
    this.#prfs[slot] = hex(prf)
    return this.saved()
  }
  async newRecovery(): Promise<Uint8Array> {
    await wait(40)
    this.#code = RECOVERY_CODE
    return new TextEncoder().encode(this.#code)
  }
  async addRecovery(proof: WayIn, typed: Uint8Array): Promise<Status> {
    await wait(200)
    this.prove(proof)
    this.#confirm(typed)
    this.#replace('recovery')
    return this.saved()
  }
  async changePassphrase(proof: WayIn, passphrase: Uint8Array): Promise<Status> {
    await wait(400)
    this.prove(proof)
    keep('passphrase', text.decode(passphrase))
    this.#replace('passphrase')
    return this.saved()
  }
  async removeSlot(proof: WayIn, id: string): Promise<Status> {
    await wait(200)
    this.prove(proof)
    const left = this.#slots.filter((slot) => slot.id !== id)
    if (left.every((slot) => slot.kind === 'passkey')) throw new KeyholdError('ERR_LAST_SLOT')
    this.#slots = left
    return this.saved()
  }
  async nameSlot(id: string, name: string): Promise<Status> {
    await wait(60)
    for (const slot of this.#slots) if (slot.id === id) slot.name = name
    return this.saved()
  }
  async rotateRoot(passphrase: Uint8Array, typed: Uint8Array, passkeys: { slot: string }[]): Promise<Status> {
    await wait(600)
    this.prove({ passphrase })
    this.#confirm(typed)
    this.#slots = this.#slots.filter(({ id, kind }) => kind !== 'passkey' || passkeys.some(({ slot }) => slot === id))
    this.#replace('recovery')
    return this.saved()
  }

  protected prove(by: WayIn): void {
    if ('passphrase' in by) {
      if (text.decode(by.passphrase) !== kept('passphrase', 'open sesame')) throw new KeyholdError('ERR_CANNOT_UNLOCK')
    } else if ('recovery' in by) {
      const typed = bare(text.decode(by.recovery))
      if (typed.length !== bare(RECOVERY_CODE).length) throw new KeyholdError('ERR_RECOVERY_CODE')
      if (typed !== bare(RECOVERY_CODE)) throw new KeyholdError('ERR_CANNOT_UNLOCK')
    } else if (this.#prfs[by.passkey] !== hex(by.prf)) throw new KeyholdError('ERR_CANNOT_UNLOCK')
  }
  /** A file that is kept up to date is a backup like any other. */
  #lastSaved(): Status['backup'] {
    const { autoSaved, lastBackup } = this
    if (autoSaved === null || autoSaved.at === null) return lastBackup
    return { at: Math.max(lastBackup.at ?? 0, autoSaved.at), current: autoSaved.state === 'saved' }
  }
  #confirm(typed: Uint8Array): void {
    if (this.#code === '' || bare(text.decode(typed)) !== bare(this.#code).slice(-8))
      throw new KeyholdError('ERR_RECOVERY_TYPED')
  }
  #replace(kind: SlotInfo['kind']): void {
    const name = this.#slots.find((slot) => slot.kind === kind)?.name ?? ''
    this.#slots = this.#slots.filter((slot) => slot.kind !== kind)
    this.#slots.push({ id: crypto.randomUUID(), kind, name, createdAt: Date.now(), damaged: false })
    const order = ['passphrase', 'passkey', 'recovery']
    this.#slots.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
  }
  #open(): Status {
    this.state = 'unlocked'
    return this.saved()
  }
  protected saved(): Status {
    this.#save()
    return this.statusNow()
  }
  #save(): void {
    keep('slots', this.#slots)
    keep('prfs', this.#prfs)
    keep('failed', this.#failed)
    keep('wait-until', this.#waitUntil)
    keep('lock-after', this.#lockAfter)
    keep('backup', this.lastBackup)
    keep('auto-save', this.autoSaved)
  }
}

function backupWished(): Status['backup'] {
  const at = Date.now() - 12 * 86_400_000
  const wished = wishes.get('backup')
  return wished === null || wished === 'never' ? { at: null, current: false } : { at, current: wished === 'new' }
}

function autoSaveWished(): Status['autoSave'] {
  const state = wishes.get('autosave') as NonNullable<Status['autoSave']>['state'] | null
  return state === null ? null : { name: 'keyhold.keyhold', state, at: Date.now() - 3 * 3_600_000 }
}

function bytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}
function bare(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase()
}
function hex(of: Uint8Array): string {
  return Array.from(of, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Session storage holds text; bytes among it are marked as such. A passphrase is kept as it is, for tests to read. */
function keep(name: string, value: unknown): void {
  const asText = (_: string, one: unknown) => (one instanceof Uint8Array ? { bytes: [...one] } : one)
  sessionStorage.setItem(`fake-${name}`, typeof value === 'string' ? value : JSON.stringify(value, asText))
}
function kept<T>(name: string, otherwise: T): T {
  const found = sessionStorage.getItem(`fake-${name}`)
  if (found === null) return structuredClone(otherwise)
  if (typeof otherwise === 'string') return found as T
  return JSON.parse(found, (_, one) => (Array.isArray(one?.bytes) ? new Uint8Array(one.bytes) : one))
}
