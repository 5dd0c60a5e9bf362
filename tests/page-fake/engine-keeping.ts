// engine-keeping: the fake vault's backup, restore, record, repair and end.
// ?backup=never|old|current, ?audit=many|broken|empty, ?repair=part|none, ?copy. A file that begins with BAD is damaged, with
// LARGE asks for much memory; the passphrase that opens none is "wrong".
import { KeyholdError } from '../../web/src/engine/error'
import type { WayIn } from '../../web/src/engine/with-kdf'
import type {
  AuditTrail,
  BackupFile,
  Finding,
  ImportChoice,
  ImportPreview,
  ImportResult,
  KeyInfo,
  Status,
  VaultState,
} from '../../web/src/protocol/messages'
import { ENV_PREVIEW, FINDINGS, PREVIEW, ROLLED_BACK, trail } from './data-extras'

const wishes = new URLSearchParams(location.search)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, wishes.has('slow') ? ms * 20 : ms))
const text = new TextDecoder()
const DAY = 86_400_000
/** As large as a vault of a dozen keys. */
const BACKUP_BYTES = 5_200

export abstract class Keeping {
  protected abstract keyList: KeyInfo[]
  #state: VaultState = (sessionStorage.getItem('fake-state') ?? wishes.get('state') ?? 'absent') as VaultState
  #findings: Finding[] = [
    ...(wishes.has('findings') ? structuredClone(FINDINGS) : []),
    ...(wishes.has('rolledback') ? [structuredClone(ROLLED_BACK)] : []),
  ]
  #copy = wishes.has('copy')
  #backup = backupWished()
  #preview: ImportPreview | null = null

  protected opened(): Status {
    this.#state = 'unlocked'
    return this.now()
  }
  protected changed(): void {
    this.#backup.current = false
  }
  protected now(): Status {
    const open = this.#state === 'unlocked'
    return {
      state: this.#state,
      findings: open ? structuredClone(this.#findings) : [],
      slots: this.#state === 'absent' ? [] : [{ id: 's1', kind: 'passphrase', name: '', createdAt: 0 }],
      waitS: 0,
      failedAttempts: 0,
      copy: this.#copy,
      lockAfterMinutes: open ? 15 : 0,
      backup: open ? { ...this.#backup } : { at: null, current: false },
    }
  }
  protected prove(way: WayIn): void {
    if (!('passphrase' in way)) return
    const right = sessionStorage.getItem('fake-passphrase') ?? 'open sesame'
    if (text.decode(way.passphrase) !== right) throw new KeyholdError('ERR_CANNOT_UNLOCK')
  }

  async backup(proof: WayIn, passphrase: Uint8Array): Promise<BackupFile> {
    await wait(300)
    this.prove(proof)
    sessionStorage.setItem('fake-file-passphrase', text.decode(passphrase))
    this.#backup = { at: Date.now(), current: true }
    const file = crypto.getRandomValues(new Uint8Array(BACKUP_BYTES))
    file.set([75, 72, 49, 0, 1])
    const day = new Date().toISOString().slice(0, 10)
    return { name: `keyhold-${day}.keyhold`, file, keys: this.keyList.length }
  }
  async openBackup(file: Uint8Array, passphrase: Uint8Array, { large = false } = {}): Promise<ImportPreview> {
    await wait(300)
    sessionStorage.setItem('fake-opened-bytes', String(file.length))
    const begin = text.decode(file.subarray(0, 8))
    if (begin.startsWith('BAD')) throw new KeyholdError('ERR_BAD_FORMAT')
    if (begin.startsWith('LARGE') && !large) throw new KeyholdError('ERR_KDF_LARGE')
    if (text.decode(passphrase) === 'wrong') throw new KeyholdError('ERR_CANNOT_UNLOCK')
    return this.#open(PREVIEW)
  }
  async openEnv(file: Uint8Array): Promise<ImportPreview> {
    await wait(50)
    if (!text.decode(file).includes('=')) return this.#open({ madeAt: null, items: [], skippedLines: [1] })
    return this.#open(ENV_PREVIEW)
  }
  async restore(choices: ImportChoice[]): Promise<ImportResult> {
    await wait(200)
    const items = this.#preview?.items
    if (items === undefined || items.length !== choices.length) throw new KeyholdError('ERR_WRONG_STATE')
    for (const [index, item] of items.entries()) {
      const taken = { label: item.label, hint: item.hint, changedAt: Date.now(), lastChecked: null }
      if (choices[index] === 'replace') {
        Object.assign(this.keyList.find(({ id }) => id === item.key) ?? {}, taken)
      } else if (choices[index] === 'add') {
        const isDefault = !this.keyList.some(({ provider }) => provider === item.provider)
        const { provider, base } = item
        const made = { id: crypto.randomUUID(), provider, base, isDefault, expiresAt: null, lastUsedAt: null }
        this.keyList.push({ ...made, ...taken, createdAt: Date.now() })
      }
    }
    this.#preview = null
    this.changed()
    const count = (choice: ImportChoice) => choices.filter((one) => one === choice).length
    return { added: count('add'), replaced: count('replace'), skipped: count('skip') }
  }
  async closeImport(): Promise<void> {
    this.#preview = null
    sessionStorage.setItem('fake-import-closed', 'yes')
  }
  async repair(): Promise<Status> {
    await wait(300)
    const how = wishes.get('repair')
    if (how === null) this.#findings = this.#findings.filter(({ kind }) => kind === 'rolled-back')
    else if (how === 'part') this.#findings = this.#findings.slice(1)
    return this.now()
  }
  async recoverCopy(): Promise<Status> {
    await wait(200)
    this.#copy = false
    this.#state = 'locked'
    sessionStorage.setItem('fake-state', 'locked')
    return this.now()
  }
  async exportRaw(): Promise<Uint8Array> {
    return new TextEncoder().encode('sealed, as it lies')
  }
  async audit(): Promise<AuditTrail> {
    await wait(60)
    return trail(wishes.get('audit'))
  }
  async wipe(word: string): Promise<void> {
    await wait(100)
    if (word !== 'delete') throw new KeyholdError('ERR_BAD_INPUT')
    sessionStorage.setItem('fake-state', 'absent')
    sessionStorage.removeItem('fake-passphrase')
  }
  async setOrder(ids: string[]): Promise<void> {
    const place = ({ id }: KeyInfo) => (ids.includes(id) ? ids.indexOf(id) : ids.length)
    this.keyList.sort((a, b) => place(a) - place(b))
    this.changed()
  }
  async setExpiry(id: string, at: number | null): Promise<KeyInfo> {
    const found = this.keyList.find((key) => key.id === id)
    if (found === undefined) throw new KeyholdError('ERR_NOT_FOUND')
    found.expiresAt = at
    this.changed()
    return structuredClone(found)
  }

  /** What was found of a key goes with it. */
  protected forget(id: string): void {
    this.#findings = this.#findings.filter((finding) => finding.id !== id)
    this.changed()
  }
  #open(preview: ImportPreview): ImportPreview {
    this.#preview = structuredClone(preview)
    return structuredClone(preview)
  }
}

/** Most screens are of a vault that is looked after. */
function backupWished(): Status['backup'] {
  const how = wishes.get('backup')
  if (how === 'never') return { at: null, current: false }
  return { at: Date.now() - 12 * DAY, current: how !== 'old' }
}
