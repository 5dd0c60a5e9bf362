// usage-sums: what was used, added up by what somebody asks for; and the same as files.
import type { Figures, UsageReport, UsageRow } from '../protocol/messages'

export const DAY_MS = 86_400_000

interface Counts {
  requests: number
  /** Of the requests: those without a known cost. */
  unpriced: number
  input: number
  cached: number
  output: number
  reasoning: number
  costMicroUsd: number
}

/** One row of the vault's usage, by name. */
export interface UsageEntry extends Counts {
  /** Since 1970, UTC. */
  day: number
  key: string
  provider: string
  model: string
  app: string
  source: string
  figures: Figures
}

export type Grouping = 'day' | 'key' | 'model' | 'app'

export interface Sum extends Counts {
  /** Of the requests: whose figures are estimates, and of which nothing is known. */
  estimated: number
  unknown: number
  /** The part of the cost that comes of estimates. */
  estimatedMicroUsd: number
}

export function entriesOf({ days }: Pick<UsageReport, 'days'>): UsageEntry[] {
  return days.flatMap(({ day, entries }) => entries.map((row) => named(day, row)))
}

function named(day: number, row: UsageRow): UsageEntry {
  const [key, provider, model, app, source, figures, requests, unpriced, input, cached, output, reasoning, cost] = row
  const texts = { key, provider, model, app, source, figures }
  return { day, ...texts, requests, unpriced, input, cached, output, reasoning, costMicroUsd: cost }
}

export const NOTHING: Readonly<Sum> = {
  requests: 0,
  estimated: 0,
  unknown: 0,
  unpriced: 0,
  input: 0,
  cached: 0,
  output: 0,
  reasoning: 0,
  costMicroUsd: 0,
  estimatedMicroUsd: 0,
}

export function add(sum: Sum, entry: UsageEntry): Sum {
  const estimated = entry.figures === 'estimated'
  return {
    requests: sum.requests + entry.requests,
    estimated: sum.estimated + (estimated ? entry.requests : 0),
    unknown: sum.unknown + (entry.figures === 'unknown' ? entry.requests : 0),
    unpriced: sum.unpriced + entry.unpriced,
    input: sum.input + entry.input,
    cached: sum.cached + entry.cached,
    output: sum.output + entry.output,
    reasoning: sum.reasoning + entry.reasoning,
    costMicroUsd: sum.costMicroUsd + entry.costMicroUsd,
    estimatedMicroUsd: sum.estimatedMicroUsd + (estimated ? entry.costMicroUsd : 0),
  }
}

/** Under what an entry is counted. A model's name alone is not one model: providers share names. */
export function groupOf(entry: UsageEntry, by: Grouping): string {
  switch (by) {
    case 'day':
      return String(entry.day)
    case 'key':
      return entry.key === '' ? `/${entry.provider}` : entry.key
    case 'model':
      return `${entry.provider}/${entry.model}`
    case 'app':
      return entry.app
  }
}

/** Sums by group, the dearest first; days in their order, the newest first. */
export function grouped(entries: UsageEntry[], by: Grouping): { group: string; sum: Sum; sample: UsageEntry }[] {
  const groups = new Map<string, { group: string; sum: Sum; sample: UsageEntry }>()
  for (const entry of entries) {
    const group = groupOf(entry, by)
    const before = groups.get(group) ?? { group, sum: NOTHING, sample: entry }
    groups.set(group, { ...before, sum: add(before.sum, entry) })
  }
  const all = [...groups.values()]
  return by === 'day'
    ? all.sort((a, b) => b.sample.day - a.sample.day)
    : all.sort((a, b) => b.sum.costMicroUsd - a.sum.costMicroUsd || b.sum.requests - a.sum.requests)
}

export function total(entries: UsageEntry[]): Sum {
  return entries.reduce(add, NOTHING)
}

/** Every day from one to another, whether anything was used on it or not. */
export function daysBetween(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
}

export const dayText = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** What a file says of a key beside its id: names can be changed, and keys deleted. */
export type KeyName = (id: string) => string

const COLUMNS = [
  'day',
  'key',
  'key_name',
  'provider',
  'model',
  'app',
  'source',
  'figures',
  'requests',
  'requests_without_known_cost',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_usd',
] as const

function cells(entry: UsageEntry, name: KeyName): (string | number)[] {
  const { day, key, provider, model, app, source, figures } = entry
  const { requests, unpriced, input, cached, output, reasoning, costMicroUsd } = entry
  const texts = [dayText(day), key, name(key), provider, model, app, source, figures]
  // A cost nobody knows is no cell at all, and not 0.
  const cost = unpriced === requests ? '' : (costMicroUsd / 1e6).toFixed(6)
  const known = figures === 'unknown' ? ['', '', '', ''] : [input, cached, output, reasoning]
  return [...texts, requests, unpriced, ...known, cost]
}

/** RFC 4180. A text that a spreadsheet would take for a formula is made one it does not. */
export function csv(entries: UsageEntry[], name: KeyName): string {
  const cell = (value: string | number) => {
    if (typeof value === 'number') return String(value)
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  const lines = [[...COLUMNS], ...entries.map((entry) => cells(entry, name))]
  return lines.map((line) => `${line.map(cell).join(',')}\r\n`).join('')
}

export function json(
  entries: UsageEntry[],
  name: KeyName,
  report: Pick<UsageReport, 'pricesMade' | 'unreadable'>,
): string {
  const rows = entries.map((entry) => {
    const values = cells(entry, name)
    return Object.fromEntries(COLUMNS.map((column, at) => [column, values[at] === '' ? null : values[at]]))
  })
  const facts = { currency: 'USD', days: 'UTC', prices_made: report.pricesMade, unreadable_days: report.unreadable }
  return `${JSON.stringify({ ...facts, usage: rows }, null, 2)}\n`
}
