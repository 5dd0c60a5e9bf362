// messages: everything a page may ask of the vault worker, and everything the worker may say.
// A new op breaks the build until the worker answers it. No message carries a stored key out of the worker.
import type { ErrorCode } from './errors'

/** Raised when a message changes meaning; a page and a worker that differ do not talk. */
export const PROTOCOL_VERSION = 1

/** Body bytes of one call that the worker may send before the page grants more with `credit`. */
export const CALL_WINDOW_BYTES = 1024 * 1024

/** Largest request body that is read before it is sent: JSON. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/** Largest request body that is sent as it is: files. */
export const MAX_UPLOAD_BYTES = 512 * 1024 * 1024

export type KeyId = string
export type SlotId = string
export type ProviderId = string
/** Milliseconds since 1970, as Date.now(). */
export type UnixMs = number

/** What a page may ask. `id` is chosen by the page and comes back in the reply. */
export type Request = { id: number } & Ask

export type Ask =
  /** First message on every port. `build` is the build hash: an older worker refuses to write for a newer page. */
  | { op: 'hello'; protocol: number; build: string }
  | { op: 'status' }
  /** Makes a vault. `kdf`: a port on which a KDF worker holding the passphrase answers (see KdfQuestion). */
  | { op: 'create'; call: CallId; kdf: MessagePort }
  | { op: 'unlock'; call: CallId; by: Proof }
  | { op: 'lock' }
  /** Somebody did something in the vault's page: the idle lock begins to count anew. */
  | { op: 'touch' }
  | { op: 'providers' }
  | { op: 'keys' }
  /** Stores a key. Unless `unchecked`, it is tried at the provider first and refused if it does not work. */
  | { op: 'add'; provider: ProviderId; label: string; secret: Uint8Array; unchecked: boolean }
  /** Replaces a key's secret, checking first unless `unchecked`; on any failure the old one stays. */
  | { op: 'replace'; key: KeyId; secret: Uint8Array; unchecked: boolean }
  | { op: 'check'; key: KeyId }
  | { op: 'label'; key: KeyId; label: string }
  | { op: 'delete'; key: KeyId }
  | { op: 'setDefault'; key: KeyId }
  /** An OpenAI-compatible endpoint of the user's own; it becomes a provider. */
  | { op: 'addEndpoint'; name: string; base: string }
  /** Refused with ERR_WRONG_STATE while a key is stored for it. */
  | { op: 'removeEndpoint'; provider: ProviderId }
  /** The order of keys in lists, and in which a provider's keys are tried. Keys not named keep their order, behind. */
  | { op: 'order'; keys: KeyId[] }
  /** When the provider ends this key's life, so that the page can remind; null: unknown. */
  | { op: 'expires'; key: KeyId; at: UnixMs | null }
  /** What a key may cost in a day and in a month, both UTC, in millionths of a US dollar; null: as much as it does. */
  | { op: 'setCaps'; key: KeyId; day: number | null; month: number | null }
  /** What keys with a cap have cost so far. */
  | { op: 'spending' }
  /** What calls used, from one day to another, both included; days are counted from 1970, in UTC. */
  | { op: 'usage'; from: number; to: number }
  /** Ids, salts and a user handle for a passkey about to be made. */
  | { op: 'newPasskey' }
  | {
      op: 'addPasskey'
      call: CallId
      proof: Proof
      slot: SlotId
      credential: Uint8Array
      rp: string
      prf: Uint8Array
      name: string
    }
  /** A new recovery code, shown once. It opens nothing before `addRecovery`, which asks for its last eight characters. */
  | { op: 'newRecovery' }
  /** Takes the place of an earlier recovery code. ERR_RECOVERY_TYPED when `typed` is not the end of the code shown. */
  | { op: 'addRecovery'; call: CallId; proof: Proof; typed: Uint8Array }
  /** The new passphrase's slot takes the old one's place. `kdf` holds the new passphrase. */
  | { op: 'changePassphrase'; call: CallId; proof: Proof; kdf: MessagePort }
  /** ERR_LAST_SLOT for the last way in that is not a passkey. */
  | { op: 'removeSlot'; call: CallId; proof: Proof; slot: SlotId }
  | { op: 'nameSlot'; slot: SlotId; name: string }
  /**
   * A new root key: everything is sealed anew, after a suspected compromise. Needs the passphrase, the new recovery code of
   * `newRecovery` confirmed, and each passkey that is to stay; other slots are removed.
   */
  | { op: 'rotateRoot'; call: CallId; proof: Proof; typed: Uint8Array; passkeys: { slot: SlotId; prf: Uint8Array }[] }
  /** Minutes without use until the vault locks itself: 1 to 720. */
  | { op: 'setLockAfter'; minutes: number }
  /** Everything in one sealed file. `kdf` holds the file's own passphrase. */
  | { op: 'backup'; call: CallId; proof: Proof; kdf: MessagePort }
  /** Opens a backup to look at; nothing is stored. Above 256 MiB of memory for its passphrase: ERR_KDF_LARGE unless `large`. */
  | { op: 'openBackup'; call: CallId; file: Uint8Array; kdf: MessagePort; large: boolean }
  /** The same for the KEY=value lines of a .env file. */
  | { op: 'openEnv'; file: Uint8Array }
  /** Takes over what was opened, in one transaction; one choice for each item, in order. */
  | { op: 'restore'; choices: ImportChoice[] }
  | { op: 'closeImport' }
  /** Puts back, from the sealed copy beside the vault, rows that are missing or damaged and are there as the manifest lists them. */
  | { op: 'repair' }
  /** There is no vault any more, or it cannot be read, but the copy is there: makes it the vault again. */
  | { op: 'keepState' }
  | { op: 'recoverCopy' }
  /** Every row as it lies, sealed: for a damaged vault. */
  | { op: 'exportRaw' }
  | { op: 'audit' }
  /** Removes the vault from this browser for good. `word` is what the page had the person type: "delete". */
  | { op: 'wipe'; word: string }
  /** Model names the provider offers to this key. */
  | { op: 'models'; key: KeyId }
  /** One question to a model; the answer arrives as `call` events up to `end`, then the reply. A failure is the reply. */
  | { op: 'chat'; call: CallId; key: KeyId; model: string; messages: ChatMessage[]; maxTokens: number }
  /** A request as `fetch` would make it; the reply is status and headers, then the body as events up to `end` or `failed`. */
  | {
      op: 'fetch'
      call: CallId
      url: string
      method: string
      headers: [string, string][]
      /** A Blob is sent as it is, if the call takes a file or a form: it can be larger than what fits into memory. */
      body: Uint8Array | Blob | null
      key: KeyId | null
    }
  /** The page has room for `bytes` more of this call's body (a text part counts its length). */
  | { op: 'credit'; call: CallId; bytes: number }
  /** Ends a `chat` or `fetch`, or gives up a `create` or `unlock` under way: ERR_CANCELLED. */
  | { op: 'abort'; call: CallId }

/** Chosen by the page; unique per port. */
export type CallId = number

/** What opens a slot, given in the same message as what needs it. Bytes are transferred and wiped. */
export type Proof =
  | { way: 'passphrase'; kdf: MessagePort }
  /** Both PRF results, 64 bytes. */
  | { way: 'passkey'; slot: SlotId; prf: Uint8Array }
  /** As typed, UTF-8. */
  | { way: 'recovery'; code: Uint8Array }

/** What each op answers. */
export interface Answers {
  hello: Hello
  status: Status
  create: Status
  unlock: Status
  lock: null
  providers: ProviderInfo[]
  keys: KeyInfo[]
  add: Stored
  replace: Stored
  check: CheckOutcome
  label: KeyInfo
  delete: null
  setDefault: KeyInfo
  order: null
  expires: KeyInfo
  setCaps: KeyInfo
  spending: Spending[]
  usage: UsageReport
  touch: null
  newPasskey: NewPasskey
  addPasskey: Status
  /** 39 characters in groups of four, ASCII: to be shown once and wiped. */
  newRecovery: Uint8Array
  addRecovery: Status
  changePassphrase: Status
  removeSlot: Status
  nameSlot: Status
  rotateRoot: Status
  setLockAfter: Status
  backup: BackupFile
  openBackup: ImportPreview
  openEnv: ImportPreview
  restore: ImportResult
  closeImport: null
  repair: Status
  keepState: Status
  recoverCopy: Status
  exportRaw: Uint8Array
  audit: AuditTrail
  wipe: null
  addEndpoint: ProviderInfo
  removeEndpoint: null
  models: string[]
  chat: CallSummary
  fetch: ResponseHead
  credit: null
  abort: null
}
export type Op = Ask['op']
export type AskOf<O extends Op> = Extract<Ask, { op: O }>

export type Reply = { id: number; ok: true; value: Answers[Op] } | { id: number; ok: false; error: Problem }

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

/** What the worker says unasked. */
export type Event =
  | { event: 'call'; call: CallId; part: CallPart }
  /** Keys, endpoints or ledger changed: ask again. */
  | { event: 'changed' }
  | { event: 'unlocked' }
  /** The vault is locked and this port is at its end: connect again after 50 ms. */
  | { event: 'locked'; epoch: number }

/** A piece of the answer to `chat` or `fetch`. */
export type CallPart =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  /** Body bytes of `fetch`, transferred. */
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'end'; summary: CallSummary }
  | { type: 'failed'; error: Problem }

export type VaultState = 'absent' | 'locked' | 'unlocked'

export interface Hello {
  protocol: number
  build: string
  status: Status
  /** What the site's keyhold.config.json offers newcomers, if anything. */
  demo: { provider: ProviderId; key: string } | null
  /** False where the site's own policy allows only listed addresses. */
  customEndpoints: boolean
  /** True when the worker could reach an address its policy should have blocked. */
  cspMissing: boolean
}

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
  wire: 'openai-chat' | 'anthropic' | 'gemini'
  /** Pages of the provider, for a person. Absent for the user's own endpoints. */
  consoleUrl?: string
  docsUrl?: string
  /** Steps to a first key, in plain words. */
  steps: string[]
  /** A key of this provider usually begins so; for hints only. */
  keyPrefixes: string[]
  /** The endpoint works without a key (local servers). */
  keyOptional: boolean
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
  createdAt: UnixMs
  /** When the secret was last replaced; equal to createdAt if never. */
  changedAt: UnixMs
  /** When the provider ends this key, as the user entered it. */
  expiresAt: UnixMs | null
  lastUsedAt: UnixMs | null
  caps: { dayMicroUsd: number | null; monthMicroUsd: number | null }
  lastChecked: { at: UnixMs; code: ErrorCode | 'ok' } | null
}

export interface Stored {
  key: KeyInfo
  /** null when stored unchecked. */
  check: CheckOutcome | null
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
  /** Who paid. Always declared. */
  source: 'user'
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

/** What a key with a cap has cost today and this month (UTC), and what is held for its calls under way. */
export interface Spending {
  key: KeyId
  dayMicroUsd: number
  monthMicroUsd: number
  heldMicroUsd: number
}

/** What one day's calls used, for one key, provider, model, page, payer and kind of figures. */
export type UsageRow = [
  /** '' for a call without a key; of a key deleted since, too. */
  key: KeyId,
  provider: ProviderId,
  /** '' if unknown; '*' for what did not fit into the day's row by its own name. */
  model: string,
  /** Origin of the page that asked; '' for the vault's own. */
  app: string,
  source: string,
  figures: Figures,
  requests: number,
  /** How many of them have no known cost: they are in no sum of costs. */
  unpriced: number,
  /** Tokens, cached ones too. */
  input: number,
  cached: number,
  /** Reasoning too. */
  output: number,
  reasoning: number,
  costMicroUsd: number,
]

export interface UsageReport {
  /** In order; a day may come twice. */
  days: { day: number; entries: UsageRow[] }[]
  /** Days whose row was damaged on disk: what they counted is not known. */
  unreadable: number
  /** When the price list was made; null if it could not be loaded. */
  pricesMade: string | null
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

/** Vault worker -> KDF worker, on the port handed over with `create` and `unlock`. */
export type KdfQuestion =
  /** Argon2id of the passphrase it holds; answered with 32 bytes. */
  | { ask: 'derive'; salt: Uint8Array; passes: number; memKib: number }
  /** How long one derivation at the default strength takes here; answered with milliseconds. */
  | { ask: 'measure' }
  /** No more questions: wipe and end. */
  | { ask: 'end' }
export type KdfAnswer = { key: Uint8Array } | { ms: number } | { failed: ErrorCode }

/** Page -> KDF worker, once. `wasm` is the engine's bytes, `port` the end whose other end the vault worker holds. */
export interface KdfStart {
  wasm: ArrayBuffer
  passphrase: Uint8Array
  port: MessagePort
}

/** Page -> vault worker, first on every port: where its own files are. A worker already started ignores it. */
export interface WorkerStart {
  start: true
  wasmUrl: string
  pricesUrl: string
  configUrl: string
}
