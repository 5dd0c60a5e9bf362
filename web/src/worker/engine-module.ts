// engine-module: what engine.wasm offers (wasm/bindings), as types. Nothing here decides anything.
// Secrets go in through a Buffer and are wiped by its delete(); everything else crosses as plain values.
// Uint8Arrays that come back are copies owned by the caller.
import type { ErrorCode } from '../protocol/errors'
import type {
  Access,
  AccessTerms,
  AppKeyUse,
  AppOffer,
  AuditTrail,
  CapHit,
  ChatMessage,
  Finding,
  GrantInfo,
  ImportChoice,
  ImportPreview,
  KeyId,
  KeyInfo,
  LoginStart,
  NewPasskey,
  Pasted,
  ProviderId,
  ProviderInfo,
  Receipts,
  SlotId,
  SlotInfo,
  Spending,
  Status,
  UnixMs,
  UsageReport,
  VaultState,
} from '../protocol/messages'
import type { Outcome, EngineBuffer, RowKey, Row, Plan, KdfSpec, BodySeen, EngineCall } from './engine-values'

export type * from './engine-values'

/** Ways in, locking, activity, backup and the copy (wasm/bindings/keeping_ops.cpp). A proof opens a slot now. */
export interface KeepingEngine {
  /** Also while locked; then without names. */
  slots(): SlotInfo[]
  /** The slot key, held in the engine. ERR_NOT_FOUND, ERR_PASSKEY_PRF. */
  passkeyKey(slot: SlotId, prf: EngineBuffer): Outcome<EngineBuffer>
  /** ERR_RECOVERY_CODE, ERR_NOT_FOUND. */
  recoveryKey(typed: EngineBuffer): Outcome<EngineBuffer>
  makePasskey(): NewPasskey
  planAddPasskey(
    proof: EngineBuffer,
    credential: Uint8Array,
    rp: string,
    prf: EngineBuffer,
    name: string,
    now: UnixMs,
  ): Outcome<Plan>
  makeRecovery(): Uint8Array
  planAddRecovery(proof: EngineBuffer, typed: EngineBuffer, now: UnixMs): Outcome<Plan>
  planChangePassphrase(proof: EngineBuffer, kdf: KdfSpec, slotKey: EngineBuffer, now: UnixMs): Outcome<Plan>
  planRemoveSlot(proof: EngineBuffer, slot: SlotId, now: UnixMs): Outcome<Plan>
  planNameSlot(slot: SlotId, name: string, now: UnixMs): Outcome<Plan>
  /** `kept`: keys of the slots that stay, by their numbers. */
  planRotateRoot(kept: number[], typed: EngineBuffer, auditAndUsage: Row[], now: UnixMs): Outcome<Plan>
  prove(proof: EngineBuffer): Outcome<null>
  /** What the passphrase should cost by today's standard, if its slot costs less. */
  strongerKdf(): KdfSpec | null

  /** Whole milliseconds of Date.now() and performance.now(). */
  startClock(wallMs: number, monoMs: number): null
  touch(wallMs: number, monoMs: number, byHost: number): null
  /** 0: lock at once. `busy`: an answer is arriving, for the vault's own page (1) or only for others (2); else 0. */
  lockDueInMs(wallMs: number, monoMs: number, busy: number): number
  unlockWaitMs(failures: number, lastAt: UnixMs, now: UnixMs): number
  /** `autoSaveOf`: what keys a file that is kept up to date is to have, as a digest; null where none is, and while locked. */
  settings(): Pick<Status, 'lockAfterMinutes' | 'backup'> & { autoSaveOf: string | null }
  audit(rows: Row[]): Outcome<AuditTrail>

  /** What somebody put into the field for a key of `provider`, or of '' none yet. */
  lookAt(provider: ProviderId | '', text: EngineBuffer): Pasted
  /** How long until a key of this provider, or of this stored key's, may be checked again; 0: at once. */
  checkWaitMs(of: ProviderId | KeyId, now: UnixMs): number

  planExpires(key: KeyId, at: UnixMs | null, now: UnixMs): Outcome<Plan>
  planOrder(keys: KeyId[], now: UnixMs): Outcome<Plan>
  planFailover(provider: ProviderId, on: boolean, now: UnixMs): Outcome<Plan>
  /** What a call that movesOn() asked for, with the next key, or behind the last by this server of the app's ('': by none). The call is settled before, and released after. */
  again(call: EngineCall, now: UnixMs, server: string): Outcome<EngineCall>
  planLockMinutes(minutes: number, now: UnixMs): Outcome<Plan>
  /** What happened without changing anything; a plan without puts when there is nothing to write. */
  planNotes(): Outcome<Plan>
  /** How many happenings planNotes() would write. */
  waitingNotes(): number

  backupSpec(): KdfSpec
  makeBackup(proof: EngineBuffer, kdf: KdfSpec, fileKey: EngineBuffer, now: UnixMs): Outcome<Uint8Array>
  /** `copiedTo`: of the page whose vault it is for; "" for a backup. */
  planBackedUp(copiedTo: string, now: UnixMs): Outcome<Plan>
  planAutoSave(proof: EngineBuffer, kdf: KdfSpec, fileKey: EngineBuffer, now: UnixMs): Outcome<Plan>
  planEndAutoSave(now: UnixMs): Outcome<Plan>
  /** ERR_TAMPERED while anything in the vault is damaged or missing. */
  autoSaveFile(now: UnixMs): Outcome<Uint8Array>
  /** ERR_KDF_LARGE above 256 MiB unless `large` is 1. */
  backupKdf(file: Uint8Array, large: number): Outcome<KdfSpec>
  openBackup(file: Uint8Array, fileKey: EngineBuffer): Outcome<null>
  openEnv(text: EngineBuffer, now: UnixMs): Outcome<null>
  preview(): Outcome<ImportPreview>
  planImport(choices: ImportChoice[], now: UnixMs): Outcome<Plan>
  closeImport(): null

  /** The copy kept beside the vault: remembered, to notice an older state put back. */
  knowCopy(archive: Uint8Array): Outcome<null>
  planRepair(archive: Uint8Array, now: UnixMs): Outcome<Plan>
  /** It is open, or somebody has a way in. */
  canBeOpened(): boolean
  /** To be written and loaded; not committed. ERR_WRONG_STATE while there is a vault that can be opened. */
  planRecover(archive: Uint8Array): Outcome<Plan>
  /** An older state was put back, and is to stay. ERR_WRONG_STATE if none was. */
  planKeepState(now: UnixMs): Outcome<Plan>
  /** All of the activity is lost: it begins anew. ERR_WRONG_STATE if there was none. */
  planRestartTrail(now: UnixMs): Outcome<Plan>
  /**
   * What to keep as the copy; `before`, the copy until now, is looked at for what is damaged here. Empty while the copy is
   * to stay as it is, since it holds a later state, or what a lost part of the manifest lists.
   */
  copy(before: Uint8Array): Uint8Array
  archive(rows: Row[]): Uint8Array
}

/** What calls cost and used, and what keys may cost (wasm/bindings/usage_ops.cpp). */
export interface UsageEngine {
  /** The price list, prices.txt. */
  usePrices(file: Uint8Array): Outcome<null>
  /** "2026-11-23"; '' before there is a list. */
  pricesMade(): string
  /** What the call costs, for settle() to take. */
  price(call: EngineCall, now: UnixMs): null
  /** The call is over, however it ended: what it cost is in its summary from here on, and will be in the rows. */
  settle(call: EngineCall, app: string, now: UnixMs): null

  /** Ids of its key and its grant, as far as they have a cap: reserve() wants the row of each before the call is sent. */
  holders(call: EngineCall): string[]
  /** That row with what the call may cost, to be written in the transaction in which it was read. ERR_CAP_REACHED: see capHit(). */
  reserve(call: EngineCall, holder: string, stored: Uint8Array | null, now: UnixMs): Outcome<Uint8Array>
  capHit(call: EngineCall): CapHit | null
  /** The same for a call that goes on. */
  renew(call: EngineCall, holder: string, stored: Uint8Array | null, now: UnixMs): Outcome<Uint8Array>
  planCaps(key: KeyId, day: number | null, month: number | null, now: UnixMs): Outcome<Plan>

  /** Is there anything that is not in the rows yet? */
  usageWaits(): boolean
  /** Which rows takeUsage() wants to see. `late`: all rows of that kind. */
  usageRows(late: Row[]): RowKey[]
  /** The rows with what waits, to be written in the transaction in which they were read; usageWritten() is to follow. */
  takeUsage(late: Row[], stored: Row[]): { puts: Row[]; deletes: RowKey[] }
  usageWritten(done: 0 | 1): null
  /** What waits, in a row of its own: for a lock, after which nothing can be read. */
  lastUsage(): Row[]
  usage(rows: Row[]): Outcome<Pick<UsageReport, 'days' | 'unreadable'>>
  /** Of keys with a cap; `rows`: all of that kind. */
  spending(rows: Row[], now: UnixMs): Spending[]
}

/** What pages of other origins may do (wasm/bindings/access_ops.cpp). */
export interface AccessEngine {
  /** In place of an earlier grant to this origin. ERR_BAD_INPUT, ERR_UNKNOWN_PROVIDER, ERR_TOO_MANY. */
  planGrant(origin: string, terms: AccessTerms, now: UnixMs): Outcome<Plan>
  planRevoke(grant: string, now: UnixMs): Outcome<Plan>
  grants(): GrantInfo[]
  /** Has it a grant for all of these providers, models and kinds of calls? */
  covers(origin: string, wish: AccessTerms, now: UnixMs): boolean
  /** What this page may learn; `rows`: all of spending. */
  access(origin: string, rows: Row[], now: UnixMs): Access
}

/** Calls with the app's key (wasm/bindings/app_ops.cpp). */
export interface AppEngine {
  /** For what fetch() had no key for. ERR_LOCKED, ERR_NEEDS_USER, ERR_NO_KEY, ERR_ASK_FIRST, ERR_NOT_PERMITTED_BY_SITE. */
  fetchByApp(
    url: string,
    method: string,
    headers: [string, string][],
    body: BodySeen | null,
    origin: string,
    offer: AppOffer,
    now: UnixMs,
  ): Outcome<EngineCall>
  chatByApp(
    offer: AppOffer,
    provider: ProviderId,
    model: string,
    messages: ChatMessage[],
    maxTokens: number,
  ): Outcome<EngineCall>
  /** The user's token for the app's server. */
  authorize(call: EngineCall, token: EngineBuffer): null
  /** What the app's server refused; null where it passed on what the provider said. */
  relayProblem(call: EngineCall): ReturnType<EngineCall['problem']>
  planAppKeyUse(provider: ProviderId, use: AppKeyUse, now: UnixMs): Outcome<Plan>
  appKeyUses(): Record<ProviderId, AppKeyUse>
}

/**
 * A receipt on its way, which the shell carries from step to step and does not change. `next`: it (0) or the server's keys (1) are to
 * be asked for, `waitMs` from now; it is to be checked and kept (2); there is none (3). `keys`: the server's, as it said, as JSON.
 */
export type ReceiptErrand = [next: 0 | 1 | 2 | 3, waitMs: number, keys: string, ...rest: unknown[]]

export type Signed = [text: Part, signature: Part, key: Part]
type Part = Uint8Array<ArrayBuffer>

/** Receipts of calls with the app's key (wasm/bindings/receipt_ops.cpp): one operation, whose step comes first. */
export interface ReceiptEngine {
  /** Of a call that is over and settled; `keys`: as an earlier errand has them, or ''. Null: there is none to be had. */
  receipt(step: 'begin', call: EngineCall, number: string, keys: string, now: UnixMs): ReceiptErrand | null
  receipt(step: 'ask', errand: ReceiptErrand, token: EngineBuffer): Outcome<EngineCall>
  receipt(step: 'read', errand: ReceiptErrand, asked: EngineCall): ReceiptErrand
  /** Is this the Ed25519 signature of the text by the key? Null where there is nothing to ask. */
  receipt(step: 'check', errand: ReceiptErrand): Signed | null
  /** `holds`: what came of the check; null where nobody could tell. `stored`: those of 'rows', in the transaction they are read in. */
  receipt(
    step: 'keep',
    errand: ReceiptErrand,
    holds: boolean | null,
    stored: Row[],
    now: UnixMs,
  ): { puts: Row[]; deletes: RowKey[] }
  receipt(step: 'rows'): RowKey[]
  receipt(step: 'list', rows: Row[]): Outcome<Receipts>
}

export interface Engine extends KeepingEngine, UsageEngine, AccessEngine, AppEngine, ReceiptEngine {
  /** keyhold.config.json of the site, as bytes. */
  configure(config: Uint8Array): Outcome<{
    demo: { provider: ProviderId; key: string } | null
    customEndpoints: boolean
    /** JSON of the site's `server`; '' where it has none. */
    server: string
  }>

  /** Takes all stored rows. While unlocked: re-reads them with the keys it has (after another tab wrote). */
  load(envelopes: Row[], ledger: Row[]): Outcome<VaultState>
  state(): VaultState
  /** A new salt and the strength for this device, from the time one default derivation took. */
  newKdf(measuredMs: number): KdfSpec
  /** The passphrase slot's parameters, already checked against floor and ceiling. */
  passphraseKdf(): Outcome<KdfSpec>
  /** `failedBefore`: wrong attempts since the last unlock, for the activity trail. */
  unlock(slotKey: EngineBuffer, now: UnixMs, failedBefore: number): Outcome<null>
  findings(): Finding[]
  lock(): void

  planCreate(kdf: KdfSpec, slotKey: EngineBuffer, now: UnixMs): Outcome<Plan>
  planAdd(provider: ProviderId, label: string, secret: EngineBuffer, now: UnixMs): Outcome<Plan>
  planReplace(key: KeyId, secret: EngineBuffer, now: UnixMs): Outcome<Plan>
  planLabel(key: KeyId, label: string, now: UnixMs): Outcome<Plan>
  planDelete(key: KeyId, now: UnixMs): Outcome<Plan>
  planDefault(key: KeyId, now: UnixMs): Outcome<Plan>
  /** `like`: the provider it is as; '' for an OpenAI-compatible one. */
  planAddEndpoint(name: string, base: string, like: ProviderId | '', now: UnixMs): Outcome<Plan>
  planRemoveEndpoint(provider: ProviderId, now: UnixMs): Outcome<Plan>
  /** The plan is on disk: its state becomes the vault's. */
  commit(): Outcome<null>
  /** The plan failed: forget it. */
  abandon(): void

  keys(): KeyInfo[]
  /** One of them, whatever their number; null if there is none. */
  key(id: KeyId): KeyInfo | null
  providers(): ProviderInfo[]
  /** Ledger rows that changed since last asked; to be written relaxed, outside the manifest. */
  takeLedger(): Row[]
  /** An answer held the key itself. */
  noteReflected(key: KeyId, now: UnixMs): null
  /** Records the outcome of a check of a stored key. */
  noteChecked(key: KeyId, code: ErrorCode | 'ok', now: UnixMs): void

  /** `callback`: the site's page that the provider sends the person back to. */
  beginLogin(provider: ProviderId, callback: string, now: UnixMs): Outcome<LoginStart>
  /** Ends a login, once. `key`: the stored key to be replaced. ERR_LOGIN_STATE. */
  exchangeLogin(state: string, code: string, key: KeyId | null, label: string, now: UnixMs): Outcome<EngineCall>
  /** The key that came with the answer to that call. ERR_LOGIN_REFUSED, ERR_BAD_ANSWER. */
  planLogin(call: EngineCall, key: KeyId | null, label: string, now: UnixMs): Outcome<Plan>

  /** Is this key good? The cheapest request the provider has. ERR_CHECKED_TOO_OFTEN over 5 a minute. */
  checkNew(provider: ProviderId, secret: EngineBuffer, now: UnixMs): Outcome<EngineCall>
  /** The same for replacing a stored key's secret (checked against the base it is sealed to). */
  checkReplacement(key: KeyId, secret: EngineBuffer, now: UnixMs): Outcome<EngineCall>
  checkStored(key: KeyId, now: UnixMs): Outcome<EngineCall>
  models(key: KeyId, now: UnixMs): Outcome<EngineCall>
  chat(key: KeyId, model: string, messages: ChatMessage[], maxTokens: number, now: UnixMs): Outcome<EngineCall>
  fetch(
    url: string,
    method: string,
    headers: [string, string][],
    body: BodySeen | null,
    /** Of the page that asks, by whose grant it is then; '': the vault's own. */
    origin: string,
    key: KeyId | null,
    now: UnixMs,
    /** The page has tokens for the app's server. */
    appOffered: boolean,
  ): Outcome<EngineCall>
}

/** For the KDF worker: a throw-away instance. ERR_KDF_BOUNDS, ERR_KDF_MEMORY. */
export type DeriveSlotKey = (passphrase: EngineBuffer, kdf: KdfSpec) => Outcome<Uint8Array>

/** The module, as engine-door.ts makes it. */
export interface EngineModule {
  Buffer: new (size: number) => EngineBuffer
  Engine: new () => Engine & { delete(): void }
  deriveSlotKey: DeriveSlotKey
  /** keeping.wasm, into the same memory: before any operation of wasm/split/keeping-ops.txt. ERR_WORKER. */
  addKeeping(wasm: ArrayBuffer): Promise<void>
  /** Known answers of Argon2id, XChaCha20-Poly1305 and BLAKE2b. Call first; on error use nothing else. */
  selfTest(): Outcome<null>
  HEAPU8: Uint8Array
}
