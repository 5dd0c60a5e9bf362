// access: what pages of other origins may do with the keys here: what they ask, what they were granted, what they learn of it.
import type { ProviderId, UnixMs } from './facts'

/** Kinds of call beyond questions to a model and the list of models, which every grant covers. */
export type AccessScope = 'files' | 'images' | 'audio' | 'batch'

/** What a page of another origin may do with the keys here. */
export interface AccessTerms {
  /** At least one. */
  providers: ProviderId[]
  /** Names of models, or their beginnings with a `*` behind; empty: any. */
  models: string[]
  scopes: AccessScope[]
  /** What all of it may cost in a day and in a month, both UTC, in millionths of a US dollar; null: as much as it does. */
  dayMicroUsd: number | null
  monthMicroUsd: number | null
  /** null: until it is revoked. */
  expiresAt: UnixMs | null
}

/** What a page asks the user for. */
export interface AccessQuestion {
  /** Of this worker. */
  id: number
  /** As the browser told the vault's frame, never as the page says. */
  origin: string
  wish: AccessTerms
}

export interface GrantInfo extends AccessTerms {
  id: string
  origin: string
  grantedAt: UnixMs
}

/**
 * What a page of another origin learns. Before a grant, and while the vault is locked, that a person is needed and nothing
 * else: not whether there is a vault or a key.
 */
export type Access =
  | { state: 'needs-user' }
  | (Omit<AccessTerms, 'providers'> & {
      state: 'granted'
      /** `ready`: there is a key, and calls would go out with it. */
      providers: { id: ProviderId; ready: boolean }[]
      /** Of dayMicroUsd and monthMicroUsd. */
      dayLeftMicroUsd: number | null
      monthLeftMicroUsd: number | null
    })
