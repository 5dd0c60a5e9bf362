// messages: everything a page may ask of the vault worker, and everything the worker may say.
// A new op breaks the build until the worker answers it. No message carries a stored key out of the worker.
import type { Access, AccessQuestion, AccessTerms, GrantInfo } from './access'
import type { ErrorCode } from './errors'
import type {
  AppChat,
  AppKeyUse,
  AppOffer,
  AuditTrail,
  BackupFile,
  CallSummary,
  ChatMessage,
  CheckOutcome,
  ImportChoice,
  ImportPreview,
  ImportResult,
  KeyId,
  KeyInfo,
  LoginStart,
  NewPasskey,
  Pasted,
  Problem,
  ProviderId,
  ProviderInfo,
  ResponseHead,
  ServerAnswer,
  ServerPath,
  SiteServer,
  SlotId,
  Status,
  Stored,
  UnixMs,
} from './facts'
import type { Receipts, Spending, UsageReport } from './reports'

export type * from './access'
export type * from './facts'
export type * from './reports'

/** Raised when a message changes meaning; a page and a worker that differ do not talk. */
export const PROTOCOL_VERSION = 1

/** The same for HostAsk and what its answers are. */
export const HOST_PROTOCOL_VERSION = 1

/** Body bytes of one call that the worker may send before the page grants more with `credit`. */
export const CALL_WINDOW_BYTES = 1024 * 1024

/** Largest request body that is read before it is sent: JSON. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

/** Largest request body that is sent as it is: files. */
export const MAX_UPLOAD_BYTES = 512 * 1024 * 1024

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
  /** What it is that somebody put into the field for a key of `provider`; '': none chosen yet. For hints only. */
  | { op: 'lookAt'; provider: ProviderId | ''; secret: Uint8Array }
  /** Stores a key. Unless `unchecked`, it is tried at the provider first and refused if it does not work. */
  | { op: 'add'; provider: ProviderId; label: string; secret: Uint8Array; unchecked: boolean }
  /** Replaces a key's secret, checking first unless `unchecked`; on any failure the old one stays. */
  | { op: 'replace'; key: KeyId; secret: Uint8Array; unchecked: boolean }
  /** A login at a provider that gives keys so (ProviderInfo.login). Ends with `finishLogin`, after ten minutes, or at a lock. */
  | { op: 'beginLogin'; provider: ProviderId }
  /**
   * What came back from there: it becomes a key, which is stored unchecked, as a new one or in `key`'s place.
   * ERR_LOGIN_STATE for a login that was not begun here or has ended; ERR_LOGIN_REFUSED. After a lock, or an answer that
   * did not arrive whole, the provider may have made a key that is not here.
   */
  | { op: 'finishLogin'; state: string; code: string; key: KeyId | null; label: string }
  | { op: 'check'; key: KeyId }
  | { op: 'label'; key: KeyId; label: string }
  | { op: 'delete'; key: KeyId }
  | { op: 'setDefault'; key: KeyId }
  | { op: 'setFailover'; provider: ProviderId; on: boolean }
  /** An OpenAI-compatible endpoint of the user's own; it becomes a provider. */
  | { op: 'addEndpoint'; name: string; base: string; like: ProviderId | null }
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
  /** Everything in one sealed file. `kdf` holds the file's own passphrase. `copiedTo`: the page it is for; '': a backup to keep. */
  | { op: 'backup'; call: CallId; proof: Proof; kdf: MessagePort; copiedTo: string }
  /** From now on `file` is written anew after each change: a backup. `kdf` holds its own passphrase. ERR_FILE. */
  | { op: 'autoSave'; call: CallId; proof: Proof; kdf: MessagePort; file: FileSystemFileHandle }
  /** Tries again what could not be written, once a person has given permission or the place is back. */
  | { op: 'autoSaveAgain' }
  /** For asking the person's permission: only a page can. */
  | { op: 'autoSaveFile' }
  /** The file stays, and is not written any more. */
  | { op: 'endAutoSave' }
  /** Opens a backup to look at; nothing is stored. Above 256 MiB of memory for its passphrase: ERR_KDF_LARGE unless `large`. */
  | { op: 'openBackup'; call: CallId; file: Uint8Array; kdf: MessagePort; large: boolean }
  /** The same for the KEY=value lines of a .env file. */
  | { op: 'openEnv'; file: Uint8Array }
  /** Takes over what was opened, in one transaction; one choice for each item, in order. */
  | { op: 'restore'; choices: ImportChoice[] }
  | { op: 'closeImport' }
  /** Puts back, from the sealed copy beside the vault, rows that are missing or damaged and are there as the manifest lists them. */
  | { op: 'repair' }
  /** An older state was put back and is to stay: the warning ends, and the copy follows this state. */
  | { op: 'keepState' }
  /** There is no vault any more, or it cannot be read, but the copy is there: makes it the vault again. */
  | { op: 'recoverCopy' }
  /** Every row as it lies, sealed: for a damaged vault. */
  | { op: 'exportRaw' }
  | { op: 'audit' }
  /** Removes the vault from this browser for good. `word` is what the page had the person type: "delete". */
  | { op: 'wipe'; word: string }
  /** Model names the provider offers to this key. */
  | { op: 'models'; key: KeyId }
  /** One question to a model; the answer arrives as `call` events up to `end`, then the reply. A failure is the reply. */
  | {
      op: 'chat'
      call: CallId
      /** null: the app's. */
      key: KeyId | null
      /** With which of its providers, where no key is named. */
      app: AppChat | null
      model: string
      messages: ChatMessage[]
      maxTokens: number
    }
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
      /** The app's key may be used, as far as the user allows it; null: only the user's own. */
      app: AppOffer | null
    }
  /** The page's answer to a part `token` of its call; null: it has none. */
  | { op: 'token'; call: CallId; token: string | null }
  /** When the app's key is used for this provider. */
  | { op: 'setAppKeyUse'; provider: ProviderId; use: AppKeyUse }
  | { op: 'appKeyUses' }
  /** What the app's server signed that calls by its key cost. */
  | { op: 'receipts' }
  /** A question to the site's keyhold-server, for the user that the token is of, or without one. */
  | { op: 'server'; path: ServerPath; token: string | null; body: string | null }
  /** The page has room for `bytes` more of this call's body (a text part counts its length). */
  | { op: 'credit'; call: CallId; bytes: number }
  /**
   * Serves another port: of another page of the vault's own, or of a page of another origin, `origin` being what the browser
   * says. Of each origin at most MAX_HOST_PORTS.
   */
  | { op: 'admit'; origin: string | null; port: MessagePort }
  /** What pages wait for the user to decide. */
  | { op: 'questions' }
  /** The user's answer; null: no. A grant takes the place of an earlier one to the same origin. */
  | { op: 'decide'; question: number; terms: AccessTerms | null }
  | { op: 'grants' }
  /** At once, calls under way included. */
  | { op: 'revoke'; grant: string }
  | HostAsk
  /** Ends a `chat` or `fetch`, or gives up a `create` or `unlock` under way: ERR_CANCELLED. */
  | { op: 'abort'; call: CallId }

/**
 * What only a page of another origin asks, on the port that the vault's frame had the worker admit for it. Beside these it
 * may `fetch` (with no key named), `credit`, `token`, `abort` and `lock`, and that is all.
 */
export type HostAsk =
  /** First message on such a port. Says nothing of builds: the page's module is not of the vault's. */
  | { op: 'helloHost'; protocol: number }
  | { op: 'access' }
  /** Answered when the user has decided: ERR_ACCESS_DENIED if they did not want to. `abort` takes it back. */
  | { op: 'requestAccess'; call: CallId; wish: AccessTerms }

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
  lookAt: Pasted
  add: Stored
  replace: Stored
  beginLogin: LoginStart
  finishLogin: Stored
  check: CheckOutcome
  label: KeyInfo
  delete: null
  setDefault: KeyInfo
  setFailover: null
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
  autoSave: Status
  autoSaveAgain: Status
  autoSaveFile: FileSystemFileHandle
  endAutoSave: Status
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
  token: null
  setAppKeyUse: null
  appKeyUses: Record<ProviderId, AppKeyUse>
  receipts: Receipts
  server: ServerAnswer
  abort: null
  admit: null
  questions: AccessQuestion[]
  decide: null
  grants: GrantInfo[]
  revoke: null
  helloHost: HelloHost
  access: Access
  requestAccess: Access
}
export type Op = Ask['op']
export type AskOf<O extends Op> = Extract<Ask, { op: O }>

export type Reply = { id: number; ok: true; value: Answers[Op] } | { id: number; ok: false; error: Problem }

/** What the worker says unasked. */
export type Event =
  | { event: 'call'; call: CallId; part: CallPart }
  /** Keys, endpoints or ledger changed: ask again. */
  | { event: 'changed' }
  /** To the vault's own pages: what other pages wait for has changed. */
  | { event: 'asked' }
  /** To a page of another origin that has a grant, or had one: its access may have changed. */
  | { event: 'access' }
  | { event: 'unlocked' }
  /** The vault is locked and this port is at its end: connect again after 50 ms. */
  | { event: 'locked'; epoch: number }

/** A piece of the answer to `chat` or `fetch`. */
export type CallPart =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string }
  /** Body bytes of `fetch`, transferred. */
  | { type: 'bytes'; bytes: Uint8Array }
  /** The call is to go by the app's key: `token` is to follow. */
  | { type: 'token' }
  | { type: 'end'; summary: CallSummary }
  | { type: 'failed'; error: Problem }

export interface Hello {
  protocol: number
  build: string
  status: Status
  /** What the site's keyhold.config.json offers newcomers, if anything. */
  demo: { provider: ProviderId; key: string } | null
  /** False where the site's own policy allows only listed addresses. */
  customEndpoints: boolean
  /** The site's keyhold-server; null where it has none. */
  server: SiteServer | null
  /** True when the worker could reach an address its policy should have blocked. */
  cspMissing: boolean
}

export interface HelloHost {
  protocol: number
  access: Access
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
  keepingUrl: string
  pricesUrl: string
  configUrl: string
}
