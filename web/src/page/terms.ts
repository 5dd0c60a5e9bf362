// terms: what a page of another origin may do with keys, in plain words.
import { money } from './money'
import type { AccessScope, AccessTerms } from '../protocol/messages'

const SCOPES: Record<AccessScope, string> = {
  files: 'uploading files and reading them',
  images: 'making pictures',
  audio: 'turning speech into text and text into speech',
  batch: 'large jobs that run later',
}
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

export function callsWords(scopes: AccessScope[]): string {
  return ['Questions to models', ...scopes.map((one) => SCOPES[one])].join(', ')
}

export function modelsWords(models: string[]): string {
  if (models.length === 0) return 'Any model'
  return models.map((one) => (one.endsWith('*') ? `all that begin with ${one.slice(0, -1)}` : one)).join(', ')
}

/** "$1.00 a day, $10.00 a month"; "Any amount". */
export function spendWords({ dayMicroUsd, monthMicroUsd }: Pick<AccessTerms, 'dayMicroUsd' | 'monthMicroUsd'>): string {
  const limits = [
    dayMicroUsd === null ? '' : `${money(dayMicroUsd)} a day`,
    monthMicroUsd === null ? '' : `${money(monthMicroUsd)} a month`,
  ].filter((one) => one !== '')
  return limits.length === 0 ? 'Any amount' : `At most ${limits.join(', ')}`
}

export function untilWords(expiresAt: number | null, now: number): string {
  if (expiresAt === null) return 'Until you revoke it'
  return expiresAt <= now ? `Ended on ${DAY.format(expiresAt)}` : `Until ${DAY.format(expiresAt)}`
}
