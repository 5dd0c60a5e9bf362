// check-all: which key is checked next, and when? One after the other; where a provider takes no
// more within this minute, the keys of others come first.
import { KeyholdError } from '../engine/error'
import type { ErrorCode } from '../protocol/errors'
import type { CheckOutcome, KeyId, KeyInfo, Problem, ProviderId } from '../protocol/messages'

type Key = Pick<KeyInfo, 'id' | 'provider'>

export interface Round<K extends Key> {
  check(key: KeyId): Promise<CheckOutcome>
  now(): number
  /** Resolves after that time, or earlier when the round is stopped. */
  sleep(ms: number): Promise<void>
  stopped(): boolean
  checking(key: K): void
  /** Nothing can be done before then. Said about every second. */
  waiting(key: K, leftS: number): void
  /** null: it works. */
  checked(key: K, problem: Problem | null): void
}

const SAY_EVERY_MS = 1_000
const USUAL_WAIT_S = 60
/** These are about the vault, not about one key: the round is over. */
const ENDS: ReadonlySet<ErrorCode> = new Set(['ERR_LOCKED', 'ERR_WORKER', 'ERR_INTERNAL', 'ERR_VERSION'])

/** Rejects with KeyholdError when the vault cannot go on. */
export async function checkAll<K extends Key>(keys: readonly K[], round: Round<K>): Promise<void> {
  const left = [...keys]
  const notBefore = new Map<ProviderId, number>()
  const waitMs = ({ provider }: K) => Math.max(0, (notBefore.get(provider) ?? 0) - round.now())
  while (left.length > 0 && !round.stopped()) {
    const key = left.reduce((first, one) => (waitMs(one) < waitMs(first) ? one : first))
    const ms = waitMs(key)
    if (ms > 0) {
      round.waiting(key, Math.ceil(ms / 1_000))
      await round.sleep(Math.min(ms, SAY_EVERY_MS))
      continue
    }
    round.checking(key)
    const problem = await outcomeOf(round.check(key.id))
    if (problem?.code === 'ERR_CHECKED_TOO_OFTEN') {
      const waitS = Math.max(1, problem.retryAfterS ?? USUAL_WAIT_S)
      notBefore.set(key.provider, round.now() + waitS * 1_000)
      continue
    }
    left.splice(left.indexOf(key), 1)
    round.checked(key, problem)
  }
}

async function outcomeOf(check: Promise<CheckOutcome>): Promise<Problem | null> {
  try {
    const { ok, error } = await check
    return ok ? null : (error ?? { code: 'ERR_PROVIDER_REFUSED' })
  } catch (error) {
    if (!(error instanceof KeyholdError) || ENDS.has(error.code)) throw error
    const { code, retryAfterS } = error
    return retryAfterS === undefined ? { code } : { code, retryAfterS }
  }
}

/** "All 7 keys work.", "5 of 7 keys work. 2 need a look." */
export function summary(works: number, checked: number, all: number): string {
  const rest = all - checked
  const unchecked = rest === 0 ? '' : ` ${counted(rest)} not checked.`
  if (checked === 0) return `Stopped.${unchecked}`
  if (works === checked) return `${works === 1 ? 'The key works' : `All ${works} keys work`}.${unchecked}`
  const failed = checked - works
  return `${works} of ${counted(checked)} ${works === 1 || checked === 1 ? 'works' : 'work'}. ${failed} ${failed === 1 ? 'needs' : 'need'} a look.${unchecked}`
}

function counted(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`
}
