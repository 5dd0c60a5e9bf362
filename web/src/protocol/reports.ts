// reports: what calls used and cost: as this vault counted it, and as the app's server says it charged.
import type { Figures, KeyId, ProviderId, UnixMs } from './facts'

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

/**
 * What the app's server says that one call by its key was charged.
 *
 * `at`: when the call was over, by this browser's clock. `call`: the server's number of it. `model`: '' if the call named none.
 * Amounts in millionths of a US dollar: `counted` by this vault, -1 if it could not tell; `charged` by the receipt, -1 if that was refused.
 * `state`: `signed` by the key beside it; `unchecked`: this browser cannot check that. Else it was refused, and not kept: for its
 * form, for another call, provider or model than asked for, for a key that the server does not name as its own, or for its
 * signature. `jws` and `key` (Ed25519, 32 bytes in base64url): '' of a refused one.
 */
export type ReceiptRow = [
  at: UnixMs,
  call: string,
  provider: ProviderId,
  model: string,
  counted: number,
  charged: number,
  state: 'signed' | 'unchecked' | 'form' | 'call' | 'provider' | 'model' | 'key' | 'signature',
  jws: string,
  key: string,
]

export interface Receipts {
  /** Newest first. */
  entries: ReceiptRow[]
  /** Rows of them that were damaged on disk. */
  unreadable: number
}

export interface UsageReport {
  /** In order; a day may come twice. */
  days: { day: number; entries: UsageRow[] }[]
  /** Days whose row was damaged on disk: what they counted is not known. */
  unreadable: number
  /** When the price list was made; null if it could not be loaded. */
  pricesMade: string | null
}
