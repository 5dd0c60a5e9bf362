// index: what `keyhold/engine` offers an app that is itself the vault's page.
export { KeyholdEngine, type ChatQuestion, type EngineOptions, type FinishedLogin, type NewKey } from './engine'
export type { MadePasskey } from './keeping'
export type { Cancellable, EngineEvents } from './line'
export { askForLocalNetwork } from './local-network'
export { filesAt } from './files-at'
export type { ConnectOptions } from './launch'
export type { Fallback } from '../wire/fallback'
export { KeyholdError } from './error'
export type { WayIn } from './with-kdf'
export { keyBytes, MAX_PASSPHRASE_BYTES, passphraseBytes } from './bytes'
export { ERROR_TEXT, type ErrorCode } from '../protocol/errors'
export type {
  AccessQuestion,
  AccessScope,
  AccessTerms,
  AppKeyUse,
  AuditEntry,
  AuditTrail,
  BackupFile,
  CallPart,
  CallSummary,
  CapHit,
  ChatMessage,
  CheckOutcome,
  Figures,
  Finding,
  GrantInfo,
  Hello,
  ImportChoice,
  ImportItem,
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
  ServerAnswer,
  ServerPath,
  SiteServer,
  SlotId,
  SlotInfo,
  Spending,
  Status,
  Stored,
  UnixMs,
  Usage,
  UsageReport,
  UsageRow,
  VaultState,
} from '../protocol/messages'
