// wish: what a host page asks the user for, in its own terms and in those of the protocol.
import type { AccessScope, AccessTerms } from '../protocol/messages'

/** What requestAccess() asks for. The user may allow less. */
export interface AccessWish {
  /** Ids of providers, such as `openai`: at least one. */
  providers: string[]
  /** Names of models, or their beginnings with a `*` behind (`gpt-5*`); any, if not given. */
  models?: string[]
  /** Kinds of call beyond chat, embeddings and the list of models. */
  scopes?: AccessScope[]
  /** At the most, in US dollars, in a day and in a month (UTC). */
  spend?: { day?: number | null; month?: number | null }
  /** When access ends; not given or null: when the user takes it back. */
  expires?: Date | null
}

/** @throws TypeError for what is no amount of money, or no date. What else is wrong, the vault says: ERR_BAD_INPUT. */
export function termsOf({ providers, models = [], scopes = [], spend = {}, expires = null }: AccessWish): AccessTerms {
  return {
    providers: [...providers],
    models: [...models],
    scopes: [...scopes],
    dayMicroUsd: microUsd(spend.day),
    monthMicroUsd: microUsd(spend.month),
    expiresAt: expires === null ? null : finite(expires.getTime(), 'expires is no valid Date'),
  }
}

function microUsd(dollars: number | null | undefined): number | null {
  if (dollars === null || dollars === undefined) return null
  return Math.round(finite(dollars, 'spend is given as numbers of US dollars') * 1e6)
}

function finite(value: number, otherwise: string): number {
  if (!Number.isFinite(value) || value < 0) throw new TypeError(otherwise)
  return value
}
