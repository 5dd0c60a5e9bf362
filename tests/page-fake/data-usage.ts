// data-usage: what the page without a vault says was used: ?usage=some|none|damaged, and its caps: ?caps.
import type { KeyInfo, Spending, UsageReport, UsageRow } from '../../web/src/protocol/messages'

const DAY_MS = 86_400_000
const today = Math.floor(Date.now() / DAY_MS)

/** Of MANY_KEYS, what each is used for on a day: model, page, dollars for a thousand calls. */
type Habit = [key: string, provider: string, model: string, app: string, usd: number]
const HABITS: Habit[] = [
  ['k1', 'openai', 'gpt-5.2-mini', '', 3.1],
  ['k1', 'openai', 'gpt-5.2', 'https://notes.example', 21.5],
  ['k3', 'anthropic', 'claude-sonnet-5', '', 14.2],
  ['k3', 'anthropic', 'a-model-with-a-remarkably-long-name-2026-11-20-preview', 'https://notes.example', 30],
  ['k4', 'google', 'gemini-3-flash', 'https://a-rather-long-name-of-an-app.example', 0.9],
  ['k5', 'openrouter', 'vendor-3/model-17', '', 5],
  ['gone', 'mistral', 'mistral-small-latest', '', 1.2],
]

function row([key, provider, model, app, usd]: Habit, at: number, day: number): UsageRow {
  // Different on each day, the same each time.
  const calls = 1 + ((day * 7 + at * 13) % 23)
  const figures = (day + at) % 9 === 1 ? 'estimated' : 'reported'
  const cost = Math.round(calls * usd * 1_000)
  return [key, provider, model, app, 'user', figures, calls, 0, calls * 912, calls * 300, calls * 341, calls * 90, cost]
}

const UNKNOWN: UsageRow = ['k4', 'google', '', '', 'user', 'unknown', 2, 2, 0, 0, 0, 0, 0]
const UNPRICED: UsageRow = ['k5', 'openrouter', 'vendor-0/unlisted', '', 'user', 'reported', 4, 4, 4100, 0, 1300, 0, 0]

export function usageWished(wish: string | null, from: number, to: number): UsageReport {
  const pricesMade = '2026-09-23'
  if (wish === null || wish === 'none') return { days: [], unreadable: 0, pricesMade }
  const days = []
  for (let day = Math.max(from, today - 75); day <= Math.min(to, today); day++) {
    const entries = HABITS.map((habit, at) => row(habit, at, day)).filter((_, at) => (day + at) % 3 !== 0)
    if (day % 11 === 0) entries.push(UNKNOWN, UNPRICED)
    if (day % 6 !== 0) days.push({ day, entries })
  }
  return { days, unreadable: wish === 'damaged' ? 1 : 0, pricesMade: wish === 'damaged' ? null : pricesMade }
}

export const NO_CAPS: KeyInfo['caps'] = { dayMicroUsd: null, monthMicroUsd: null }

/** Laid over MANY_KEYS by ?caps: one with room, one nearly used up, one used up. */
export const CAPS: Record<string, KeyInfo['caps']> = {
  k1: { dayMicroUsd: 1_000_000, monthMicroUsd: 20_000_000 },
  k3: { dayMicroUsd: 5_000_000, monthMicroUsd: null },
  k4: { dayMicroUsd: null, monthMicroUsd: 500_000 },
}
export const SPENDING: Spending[] = [
  { key: 'k1', dayMicroUsd: 124_300, monthMicroUsd: 3_114_000, heldMicroUsd: 0 },
  { key: 'k3', dayMicroUsd: 4_210_000, monthMicroUsd: 9_000_000, heldMicroUsd: 120_000 },
  { key: 'k4', dayMicroUsd: 0, monthMicroUsd: 500_000, heldMicroUsd: 0 },
]
