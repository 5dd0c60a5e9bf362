// receipt-words: what a receipt comes to, in words; what all of them add up to; and the file that proves them to others.
import { money } from './money'
import type { ReceiptRow } from '../protocol/messages'

const REFUSED: Partial<Record<ReceiptRow[6], string>> = {
  call: 'it is of another call',
  provider: 'it names another provider',
  model: 'it names another model',
  key: 'the server does not name that key as its own',
  signature: 'its signature is not right',
}

/** Places in a row. */
const JWS = 7
const KEY = 8

export interface ReceiptMark {
  text: string
  look: 'good' | 'warn' | 'bad'
}

export function markOf([, , , , counted, charged, state]: ReceiptRow): ReceiptMark {
  if (charged < 0) return { text: `Refused: ${REFUSED[state] ?? 'it is no receipt'}`, look: 'bad' }
  if (state === 'unchecked') return { text: 'Not checked (this browser cannot)', look: 'warn' }
  if (counted < 0) return { text: 'Signed by the server. Not counted here', look: 'good' }
  if (charged === counted) return { text: 'Signed by the server, as counted here', look: 'good' }
  const more = charged > counted ? 'Charged more than counted: you' : 'Differs: you'
  return { text: `Signed by the server. ${more} counted ${money(counted)}`, look: charged > counted ? 'warn' : 'good' }
}

/** Of those that say an amount. */
export const chargedInAll = (receipts: ReceiptRow[]): number =>
  receipts.reduce((sum, [, , , , , charged]) => sum + Math.max(0, charged), 0)

/** Newest first: those before which the server signed with another key. */
export function withNewKey(receipts: ReceiptRow[]): Set<ReceiptRow> {
  const signed = receipts.filter((one) => one[KEY] !== '')
  return new Set(signed.filter((one, at) => at + 1 < signed.length && signed[at + 1]?.[KEY] !== one[KEY]))
}

/** For whoever is to be shown that the server said so. */
export function proofFile(receipts: ReceiptRow[]): string {
  const kept = receipts.filter((one) => one[JWS] !== '')
  const keys = [...new Set(kept.map((one) => one[KEY]))].map((x) => ({ kty: 'OKP', crv: 'Ed25519', x }))
  const how =
    'Each receipt is a JWS (RFC 7515), signed with Ed25519 (RFC 8037) by the server of the app. Any JOSE library verifies it with the key of this file that is beside it. That a key is that server’s own shows where it publishes its keys: v1/receipts/keys.'
  const list = kept.map(([at, , , , counted, , , jws, key]) => ({
    jws,
    key,
    at: new Date(at).toISOString(),
    countedMicroUsd: counted < 0 ? null : counted,
  }))
  return JSON.stringify({ how, keys, receipts: list }, null, 2)
}
