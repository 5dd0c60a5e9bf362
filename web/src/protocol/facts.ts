// facts: what the worker tells of the vault, its keys and its calls, in the form it has in messages. Never a stored key.
import type { ErrorCode } from './errors'

export type KeyId = string
export type SlotId = string
/** As in docs/providers.md, such as `openai`; of a site's own provider, what its keyhold.config.json says. */
export type ProviderId = string
/** Milliseconds since 1970, as Date.now(). */
export type UnixMs = number

/** When the app's key, which its keyhold-server has, is used for a provider. */
export type AppKeyUse = 'never' | 'ask' | 'auto'

/** What a page says of the app's key when it wants a call made. */
export interface AppOffer {
  /** Address of the keyhold-server that its tokens are for: must be the vault's site's own. */
  server: string
  /** A person has just chosen the app's key for this call. Counts for pages of the vault's own. */
  chosen: boolean
  /** Of a page of another origin: nobody has ever allowed it to use a key. */
  newcomer: boolean
}

/** A question of the vault's own page to a model of this provider. */
export interface AppChat {
  provider: ProviderId
  offer: AppOffer
}

/** As keyhold.config.json has it. */
export interface SiteServer {
  url: string
  /** Where the vault's own page gets a token for whoever is logged in: answered with {"token": "…"}. */
  tokenUrl?: string
}

/** What the vault's page asks of the server, in the server's own words (docs/server.md). */
export type ServerPath = 'v1/account' | 'v1/plans' | 'v1/checkout' | 'v1/portal'
export interface ServerAnswer {
  status: number
  /** At most 64 KiB. */
  body: string
}

export type VaultState = 'absent' | 'locked' | 'unlocked'

export interface Status {
  state: VaultState
  /** Only while unlocked: what did not match the manifest. Sound keys stay usable. */
  findings: Finding[]
  /** The ways in, passphrase first. Names only while unlocked. */
  slots: SlotInfo[]
  /** Seconds until another attempt to unlock is allowed; 0 if at once. */
  waitS: number
  /** Wrong attempts since the vault was last opened, in any tab. */
  failedAttempts: number
  /** A sealed copy lies beside the vault, which is absent or cannot be read: it can be made the vault again. */
  copy: boolean
  /** Only while unlocked. */
  lockAfterMinutes: number
  /** When a backup was last made, and whether anything changed since. Only while unlocked. */
  backup: { at: UnixMs | null; current: boolean }
  /** The backup file that is written anew after each change; null where there is none. Only while unlocked. */
  autoSave: AutoSaveStatus | null
}

export interface AutoSaveStatus {
  /** Of the file; '' when it is not known any more. */
  name: string
  /**
   * `due`: it is being written. Not written since the last change: `permission` is to be given again by a person, the file or
   * its place is `gone`, writing `failed`; `held`: the vault is damaged, and the file may be all that has a lost key.
   */
  state: 'saved' | 'due' | 'permission' | 'gone' | 'failed' | 'held'
  /** When it was last written. */
  at: UnixMs | null
}

export interface SlotInfo {
  id: SlotId
  kind: 'passphrase' | 'passkey' | 'recovery'
  /** '' while locked, and for a slot that was given none. */
  name: string
  /** 0 while locked. */
  createdAt: UnixMs
  /** Not as it was written: it may open nothing any more. */
  damaged: boolean
  /** For navigator.credentials.get(). */
  passkey?: { credential: Uint8Array; rp: string; salts: [Uint8Array, Uint8Array] }
}

export interface NewPasskey {
  slot: SlotId
  userId: Uint8Array
  salts: [Uint8Array, Uint8Array]
}

export interface BackupFile {
  /** Suggested: keyhold-2026-11-23.keyhold */
  name: string
  file: Uint8Array
  keys: number
}

/** What a file holds, beside what the vault holds. */
export interface ImportPreview {
  /** When the backup was made; null for a .env file. */
  madeAt: UnixMs | null
  items: ImportItem[]
  /** Lines of a .env file that were not understood as a key, by number. Never their text. */
  skippedLines: number[]
}

export interface ImportItem {
  provider: ProviderId
  label: string
  hint: string
  base: string
  /** `same`: the vault holds this very key. `differs`: it holds an older or newer form of this item, `key`. */
  state: 'new' | 'same' | 'differs'
  key: KeyId | null
  /** For a provider this page does not know: it cannot be taken over. */
  unknownProvider: boolean
}
export type ImportChoice = 'skip' | 'add' | 'replace'

export interface ImportResult {
  added: number
  replaced: number
  skipped: number
}

export interface AuditTrail {
  entries: AuditEntry[]
  /** Entries before this one were trimmed. */
  firstSeq: number
  /** `broken` holds the sequence number of the first entry that does not fit the chain. */
  verified: { ok: true } | { ok: false; broken: number }
}

export interface AuditEntry {
  seq: number
  at: UnixMs
  action: AuditAction
  /** What came of it. */
  code: ErrorCode | 'ok'
  provider: ProviderId | null
  /** Id of the key or slot; names may have changed since. */
  subject: string | null
  /** The key's label, or the slot's name, at that time. */
  label: string | null
  /** Of `use` and failed unlocks: how often; of export and import: how many keys. */
  count: number
}
export type AuditAction =
  | 'create'
  | 'unlock'
  | 'unlock-failed'
  | 'key-add'
  | 'key-replace'
  | 'key-label'
  | 'key-delete'
  | 'key-default'
  | 'key-check'
  | 'key-expires'
  | 'key-order'
  | 'use'
  | 'slot-add'
  | 'slot-remove'
  | 'slot-name'
  | 'passphrase-change'
  | 'root-rotate'
  | 'export'
  | 'import'
  | 'repair'
  | 'endpoint-add'
  | 'endpoint-remove'
  | 'settings'
  | 'trail-restart'
  | 'key-reflected'
  | 'key-caps'
  | 'auto-save'
  | 'auto-save-end'
  | 'failover'
  | 'failover-end'
  | 'grant'
  | 'grant-end'
  | 'app-key'
  | 'receipt-refused'

/** One discrepancy found at unlock; nothing is deleted because of it. */
export interface Finding {
  code: ErrorCode
  /** `rolled-back`: of the manifest, an older state of the whole vault was put back. */
  kind: 'missing' | 'stale' | 'swapped' | 'altered' | 'unexpected' | 'rolled-back'
  /** `page`: of the manifest; its `id` is the first character of the keys' ids that it lists. */
  purpose: 'slot' | 'record' | 'settings' | 'ledger' | 'manifest' | 'page'
  id: string
}

export interface ProviderInfo {
  id: ProviderId
  name: string
  /** Where the key may be sent: origin and path prefix, ending in '/'. */
  base: string
  kind: 'catalogue' | 'site' | 'custom'
  wire: 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini' | 'cohere' | 'ollama'
  /** May a web page call it? `setup`: once it has been told to allow this page. `no`: no key can be stored for it. */
  browser: 'yes' | 'setup' | 'unknown' | 'no'
  /** Why it is not `yes`, in a sentence. */
  browserNote?: string
  /** The base only shows what one looks like: users have their own, and add an endpoint that is like this one. */
  example: boolean
  /** The provider this one is as, elsewhere. */
  like?: ProviderId
  /** Pages of the provider, for a person. Absent for the user's own endpoints. */
  consoleUrl?: string
  docsUrl?: string
  /** Steps to a first key, in plain words. */
  steps: string[]
  /** A key of this provider usually begins so; for hints only. */
  keyPrefixes: string[]
  /** The endpoint works without a key (local servers). */
  keyOptional: boolean
  /** The provider gives a key to somebody who logs in there (KeyholdEngine.beginLogin), and this site may ask for one. */
  login: boolean
  /** A good model to try first, where known. */
  suggestedModel?: string
}

export interface KeyInfo {
  id: KeyId
  provider: ProviderId
  label: string
  /** Last four characters, or '' for a key too short to show any. */
  hint: string
  base: string
  isDefault: boolean
  /** May other keys of its provider stand in for it (KeyholdEngine.setFailover)? */
  failover: boolean
  createdAt: UnixMs
  /** When the secret was last replaced; equal to createdAt if never. */
  changedAt: UnixMs
  /** When the provider ends this key, as the user entered it. */
  expiresAt: UnixMs | null
  lastUsedAt: UnixMs | null
  caps: { dayMicroUsd: number | null; monthMicroUsd: number | null }
  lastChecked: { at: UnixMs; code: ErrorCode | 'ok' } | null
}

/** What was put into the field for a key. */
export interface Pasted {
  /**
   * `words`: with spaces between them. `brief`: one word, shorter than most keys: a password? `odd`: with characters that no
   * key has, or far too many.
   */
  kind: 'nothing' | 'key' | 'address' | 'mail' | 'words' | 'brief' | 'odd'
  /** Whose key it looks like, if it does not look like one of the provider chosen. */
  better: ProviderId | null
  /** It manages accounts and calls no models. */
  admin: boolean
}

export interface Stored {
  key: KeyInfo
  /** null when stored unchecked. */
  check: CheckOutcome | null
}

/** The provider's page to open, in a tab of its own. It sends the person back to callback.html with this state and a code. */
export interface LoginStart {
  url: string
  state: string
}

/** Result of asking a provider whether a key works. */
export interface CheckOutcome {
  ok: boolean
  error?: Problem
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant'
  text: string
}

export interface ResponseHead {
  status: number
  statusText: string
  url: string
  headers: [string, string][]
}

/** How well figures are known. `estimated`: from what went and came, where the provider reported nothing. */
export type Figures = 'reported' | 'estimated' | 'unknown'

/** What a finished call used, as the provider itself reported it, and what that cost. */
export interface CallSummary {
  key: KeyId
  provider: ProviderId
  model: string | null
  /** Whose key it went by, and so who pays. Always declared. */
  source: 'user' | 'app'
  stop: string | null
  usage: Usage | null
  /** Of the cost. Null for a call that costs nothing, or that was refused. */
  figures: Figures | null
  /** Millionths of a US dollar; null: not known, which is never 0. */
  costMicroUsd: number | null
  /** When the price list was made that says so, "2026-11-23"; null without one. */
  pricesMade: string | null
  /** Wall-clock milliseconds from sending to the first byte of the answer, and to its end. */
  firstByteMs: number
  totalMs: number
}

/** Tokens. Absent figures were not reported: unknown, never 0. */
export interface Usage {
  /** All that was read, cached or not. */
  input?: number
  /** All that was written, reasoning too. */
  output?: number
  /** Parts of `input`: read from a cache, written to one. */
  cachedInput?: number
  cacheWrite?: number
  /** The part of `output` that was reasoning. */
  reasoning?: number
  /** The parts that were sound: of `input`, of that what came from a cache, and of `output`. */
  audioInput?: number
  cachedAudioInput?: number
  audioOutput?: number
}

/** Why something was refused. Never holds input, a key, or a provider's raw text. */
export interface Problem {
  code: ErrorCode
  /** Seconds to wait before trying again, where known. */
  retryAfterS?: number
  /** HTTP status the provider answered with, where there was one. */
  status?: number
  /** Of ERR_CAP_REACHED. */
  cap?: CapHit
}

/** Why a key's cap does not allow a call. Amounts are millionths of a US dollar. */
export interface CapHit {
  period: 'day' | 'month'
  capMicroUsd: number
  /** By calls that are over, in this period. */
  spentMicroUsd: number
  /** For calls under way. */
  heldMicroUsd: number
  /** What this call could cost at the most. */
  neededMicroUsd: number
  /** When the next period begins. */
  resetsAt: UnixMs
}
