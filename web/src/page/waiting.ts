// waiting: how long until the vault may be tried again, and how is that said?

/** "48 seconds", "1:42 minutes", "59:59 minutes". */
export function clock(leftS: number): string {
  const whole = Math.max(0, Math.ceil(leftS))
  if (whole < 60) return whole === 1 ? '1 second' : `${whole} seconds`
  const minutes = Math.floor(whole / 60)
  return `${minutes}:${String(whole % 60).padStart(2, '0')} minutes`
}

export function attemptsWords(failed: number): string {
  if (failed === 0) return ''
  return failed === 1 ? 'One wrong attempt so far.' : `${failed} wrong attempts so far.`
}

/** Minutes until the vault locks itself, as a person says it. */
export function minutesWords(minutes: number): string {
  if (minutes < 60) return minutes === 1 ? '1 minute' : `${minutes} minutes`
  const hours = Math.round((minutes / 60) * 10) / 10
  return hours === 1 ? '1 hour' : `${hours} hours`
}
