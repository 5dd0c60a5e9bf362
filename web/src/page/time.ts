// time: how is a moment said to a person?
import type { UnixMs } from '../protocol/messages'

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const date = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** "just now", "5 minutes ago", "yesterday", "3 days ago"; a date after a month. */
export function ago(at: UnixMs, now: UnixMs): string {
  const passed = now - at
  // A clock set back makes a moment lie ahead: not worth a riddle.
  if (passed < MINUTE) return 'just now'
  if (passed < HOUR) return relative.format(-Math.floor(passed / MINUTE), 'minute')
  if (passed < DAY) return relative.format(-Math.floor(passed / HOUR), 'hour')
  if (passed < 30 * DAY) return relative.format(-Math.floor(passed / DAY), 'day')
  return `on ${date.format(at)}`
}

/** "0.4 s", "12 s". */
export function seconds(ms: number): string {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
