// key-life: is a key about to end, or forgotten? In words for its row.
import type { KeyInfo, UnixMs } from '../protocol/messages'

const DAY = 86_400_000
/** From here on the end of a key is news. */
export const SOON_DAYS = 14
/** So long without use, a key is more risk than help. */
export const UNUSED_DAYS = 90

const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

export interface Expiry {
  words: string
  tone: 'none' | 'warn' | 'bad'
}

/** "Expires in 5 days", "Expires today", "Expired 3 days ago"; a date while it is far off; null where none is known. */
export function expiry(at: UnixMs | null, now: UnixMs): Expiry | null {
  if (at === null) return null
  const days = daysBetween(now, at)
  if (days < -30) return { words: `Expired on ${date.format(at)}`, tone: 'bad' }
  if (days < 0) return { words: days === -1 ? 'Expired yesterday' : `Expired ${-days} days ago`, tone: 'bad' }
  if (days === 0) return { words: at <= now ? 'Expired today' : 'Expires today', tone: at <= now ? 'bad' : 'warn' }
  if (days === 1) return { words: 'Expires tomorrow', tone: 'warn' }
  if (days <= SOON_DAYS) return { words: `Expires in ${days} days`, tone: 'warn' }
  return { words: `Expires on ${date.format(at)}`, tone: 'none' }
}

/** "Not used for 90 days" and more, or ''. A key never used counts from the day it was added. */
export function unused({ lastUsedAt, createdAt }: Pick<KeyInfo, 'lastUsedAt' | 'createdAt'>, now: UnixMs): string {
  const days = Math.floor((now - (lastUsedAt ?? createdAt)) / DAY)
  return days < UNUSED_DAYS ? '' : `Not used for ${days} days. If nothing needs it, delete it here and at the provider.`
}

/** Calendar days from one moment to another, as a person counts them. */
function daysBetween(from: UnixMs, to: UnixMs): number {
  return Math.round((midnight(to) - midnight(from)) / DAY)
}

function midnight(at: UnixMs): UnixMs {
  return new Date(at).setHours(0, 0, 0, 0)
}

/** For <input type=date>: "2026-11-23", or ''. */
export function dateField(at: UnixMs | null): string {
  if (at === null) return ''
  const day = new Date(at)
  const two = (part: number) => String(part).padStart(2, '0')
  return `${String(day.getFullYear()).padStart(4, '0')}-${two(day.getMonth() + 1)}-${two(day.getDate())}`
}

/** The end of the day entered, where the person is; null for '' or no date. */
export function fromDateField(value: string): UnixMs | null {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  if (year === undefined) return null
  const at = new Date(Number(year), Number(month) - 1, Number(day), 23, 59, 59, 999).getTime()
  return dateField(at) === value ? at : null
}

/** The keys' new order when `id` takes one step up or down among those of its provider; null where it cannot. */
export function moved(keys: Pick<KeyInfo, 'id' | 'provider'>[], id: string, by: -1 | 1): string[] | null {
  const from = keys.findIndex((key) => key.id === id)
  const provider = keys[from]?.provider
  let to = from + by
  while (keys[to] !== undefined && keys[to]?.provider !== provider) to += by
  const other = keys[to]
  if (from < 0 || other === undefined) return null
  const ids = keys.map((key) => key.id)
  ids[from] = other.id
  ids[to] = id
  return ids
}
