// caps: how far is a key from what it may cost, in words?
import { money } from './money'
import type { KeyInfo, Spending } from '../protocol/messages'

/** From here on it is said loudly. */
export const WARN_FROM = 0.8

export interface CapState {
  /** "$0.12 of $1.00 today" */
  words: string
  /** 0 to 1. */
  share: number
  tone: 'none' | 'warn' | 'bad'
}

export function hasCap({ caps }: Pick<KeyInfo, 'caps'>): boolean {
  return caps.dayMicroUsd !== null || caps.monthMicroUsd !== null
}

/** One for each cap there is, the day's first. */
export function capStates({ caps }: Pick<KeyInfo, 'caps'>, spending: Spending | null): CapState[] {
  const states: CapState[] = []
  const say = (cap: number | null, spent: number, period: string) => {
    if (cap === null) return
    const share = cap === 0 ? 1 : Math.min(1, spent / cap)
    const tone = share >= 1 ? 'bad' : share >= WARN_FROM ? 'warn' : 'none'
    states.push({ words: `${money(spent)} of ${money(cap)} ${period}`, share, tone })
  }
  say(caps.dayMicroUsd, spending?.dayMicroUsd ?? 0, 'today')
  say(caps.monthMicroUsd, spending?.monthMicroUsd ?? 0, 'this month')
  return states
}

/** What to be told of the worst of them; '' while there is room. */
export function capWarning(states: CapState[]): string {
  const worst = states.toSorted((a, b) => b.share - a.share)[0]
  if (worst === undefined || worst.tone === 'none') return ''
  return worst.tone === 'bad'
    ? 'The cap is used up: calls with this key are refused until it begins anew.'
    : `${Math.floor(worst.share * 100)} % of the cap is used.`
}
