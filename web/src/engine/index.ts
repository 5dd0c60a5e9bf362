// index: what `keyhold/engine` offers an app that is itself the vault's page.
export { KeyholdEngine, type ChatQuestion, type EngineEvents, type NewKey } from './engine'
export type { ConnectOptions } from './launch'
export { KeyholdError } from './error'
export { keyBytes, MAX_PASSPHRASE_BYTES, passphraseBytes } from './bytes'
export { ERROR_TEXT, type ErrorCode } from '../protocol/errors'
export type {
  CallPart,
  CallSummary,
  ChatMessage,
  CheckOutcome,
  Finding,
  Hello,
  KeyId,
  KeyInfo,
  Problem,
  ProviderId,
  ProviderInfo,
  Status,
  Stored,
  UnixMs,
  Usage,
  VaultState,
} from '../protocol/messages'
