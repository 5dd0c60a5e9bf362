// engine-keeping: the fake vault's backup, restore, record, repair and end.
// ?audit=many|broken|empty, ?asks=little|much|lacking, ?grants, ?repair=part|none. A file that begins with BAD is damaged, with
// LARGE asks for much memory; the passphrase that opens none is "wrong".
import { KeyholdError } from '../../web/src/engine/error'
import type {
  AccessQuestion,
  AccessTerms,
  AuditTrail,
  BackupFile,
  GrantInfo,
  ImportChoice,
  ImportPreview,
  ImportResult,
  KeyInfo,
  Status,
} from '../../web/src/protocol/messages'
import { ENV_PREVIEW, PREVIEW, trail } from './data-extras'
import { GRANTS, QUESTIONS } from './data-embed'
import { NO_CAPS } from './data-usage'
import { FakeKeeping, wait, wishes, type WayIn } from './vault-extras'

const text = new TextDecoder()
/** As large as a vault of a dozen keys. */
const BACKUP_BYTES = 5_200

export class Keeping extends FakeKeeping {
  #preview: ImportPreview | null = null
  #questions: AccessQuestion[] = QUESTIONS[wishes.get('asks') ?? ''] ?? []
  #grants: GrantInfo[] = wishes.has('grants') ? GRANTS : []

  protected changed(): void {
    this.lastBackup.current = false
  }

  async backup(proof: WayIn, passphrase: Uint8Array): Promise<BackupFile> {
    await wait(300)
    this.prove(proof)
    sessionStorage.setItem('fake-file-passphrase', text.decode(passphrase))
    this.lastBackup = { at: Date.now(), current: true }
    const file = crypto.getRandomValues(new Uint8Array(BACKUP_BYTES))
    file.set([75, 72, 49, 0, 1])
    const day = new Date().toISOString().slice(0, 10)
    return { name: `keyhold-${day}.keyhold`, file, keys: this.held.length }
  }
  async autoSave(proof: WayIn, passphrase: Uint8Array, file: FileSystemFileHandle): Promise<Status> {
    await wait(300)
    this.prove(proof)
    sessionStorage.setItem('fake-file-passphrase', text.decode(passphrase))
    this.autoSaved = { name: file.name, state: 'saved', at: Date.now() }
    return this.saved()
  }
  async autoSaveAgain(): Promise<Status> {
    await wait(200)
    if (this.autoSaved === null) throw new KeyholdError('ERR_NOT_FOUND')
    this.autoSaved = { ...this.autoSaved, state: 'saved', at: Date.now() }
    return this.saved()
  }
  async endAutoSave(): Promise<Status> {
    await wait(60)
    this.autoSaved = null
    return this.saved()
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
    if (!/=|\n-/.test(text.decode(file))) return this.#open({ madeAt: null, items: [], skippedLines: [1] })
    return this.#open(ENV_PREVIEW)
  }
  async restore(choices: ImportChoice[]): Promise<ImportResult> {
    await wait(200)
    const items = this.#preview?.items
    if (items === undefined || items.length !== choices.length) throw new KeyholdError('ERR_WRONG_STATE')
    for (const [index, item] of items.entries()) {
      const taken = { label: item.label, hint: item.hint, changedAt: Date.now(), lastChecked: null }
      if (choices[index] === 'replace') {
        Object.assign(this.held.find(({ id }) => id === item.key) ?? {}, taken)
      } else if (choices[index] === 'add') {
        const isDefault = !this.held.some(({ provider }) => provider === item.provider)
        const { provider, base } = item
        const fresh = { isDefault, failover: false, caps: NO_CAPS, expiresAt: null, lastUsedAt: null }
        const made = { id: crypto.randomUUID(), provider, base, ...fresh }
        this.held.push({ ...made, ...taken, createdAt: Date.now() })
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
    if (how === null) this.findings = []
    else if (how === 'part') this.findings = this.findings.slice(1)
    return this.saved()
  }
  async keepState(): Promise<Status> {
    await wait(100)
    this.findings = this.findings.filter(({ kind }) => kind !== 'rolled-back')
    return this.saved()
  }
  async recoverCopy(): Promise<Status> {
    await wait(200)
    this.copy = false
    this.state = 'locked'
    sessionStorage.setItem('fake-state', 'locked')
    return this.saved()
  }
  async exportRaw(): Promise<Uint8Array> {
    return new TextEncoder().encode('sealed, as it lies')
  }
  async audit(): Promise<AuditTrail> {
    await wait(60)
    return trail(wishes.get('audit'))
  }
  async questions(): Promise<AccessQuestion[]> {
    await wait(20)
    return structuredClone(this.#questions)
  }
  async decide(question: number, terms: AccessTerms | null): Promise<void> {
    await wait(60)
    const asked = this.#questions.find(({ id }) => id === question)
    if (asked === undefined) throw new KeyholdError('ERR_NOT_FOUND')
    this.#questions = this.#questions.filter((one) => one !== asked)
    sessionStorage.setItem('fake-decided', JSON.stringify(terms))
  }
  async grants(): Promise<GrantInfo[]> {
    await wait(20)
    return structuredClone(this.#grants)
  }
  async revoke(grant: string): Promise<void> {
    await wait(60)
    this.#grants = this.#grants.filter(({ id }) => id !== grant)
  }
  /** The page that asked gives up, or another one asks. */
  asks(questions: AccessQuestion[]): void {
    this.#questions = questions
    for (const listener of this.listeners.get('asked') ?? []) listener()
  }
  async wipe(word: string): Promise<void> {
    await wait(100)
    if (word !== 'delete') throw new KeyholdError('ERR_BAD_INPUT')
    sessionStorage.clear()
    sessionStorage.setItem('fake-state', 'absent')
    this.state = 'absent'
    for (const listener of this.listeners.get('locked') ?? []) listener()
  }
  async setOrder(ids: string[]): Promise<void> {
    const place = ({ id }: KeyInfo) => (ids.includes(id) ? ids.indexOf(id) : ids.length)
    this.held.sort((a, b) => place(a) - place(b))
    this.changed()
  }
  async setExpiry(id: string, at: number | null): Promise<KeyInfo> {
    const found = this.held.find((key) => key.id === id)
    if (found === undefined) throw new KeyholdError('ERR_NOT_FOUND')
    found.expiresAt = at
    this.changed()
    return structuredClone(found)
  }

  /** What was found of a key goes with it. */
  protected forget(id: string): void {
    this.findings = this.findings.filter((finding) => finding.id !== id)
    this.changed()
  }
  #open(preview: ImportPreview): ImportPreview {
    this.#preview = structuredClone(preview)
    return structuredClone(preview)
  }
}
