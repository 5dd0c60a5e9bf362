// text: what does the page say about a failure, a check, a finding?
import { ERROR_TEXT, type ErrorCode } from '../protocol/errors'
import { KeyholdError } from '../engine/error'
import { money } from './money'
import type { CapHit, Finding, KeyInfo, Problem, SlotInfo } from '../protocol/messages'

/** A failure as the page shows it. */
export interface Explained {
  code: ErrorCode
  sentence: string
  next: string
}

export function explain(problem: Problem | ErrorCode): Explained {
  const { code, retryAfterS, cap } = typeof problem === 'string' ? ({ code: problem } as Problem) : problem
  const { sentence, next } = ERROR_TEXT[code]
  if (cap !== undefined) return { code, sentence, next: capWords(cap) }
  return { code, sentence, next: retryAfterS === undefined ? next : `You can try again in ${wait(retryAfterS)}.` }
}

const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

/** Which cap it is, what is used up of it, and until when. */
function capWords({ period, capMicroUsd, spentMicroUsd, heldMicroUsd, neededMicroUsd, resetsAt }: CapHit): string {
  const when = period === 'day' ? 'today' : 'this month'
  const held = heldMicroUsd === 0 ? '' : `, ${money(heldMicroUsd)} put aside for calls under way`
  return (
    `Spent ${money(spentMicroUsd)} of ${money(capMicroUsd)} ${when}${held}; this call could cost ${money(neededMicroUsd)}. ` +
    `The cap begins anew on ${MOMENT.format(resetsAt)}. You can raise it in the list of keys.`
  )
}

/** What the page itself has to say, in the place of the vault. */
export class Told extends Error {
  override readonly name = 'Told'
  constructor(
    readonly sentence: string,
    readonly next: string,
    readonly code: ErrorCode = 'ERR_BAD_INPUT',
  ) {
    super(sentence)
  }
}

/** Whatever was caught: a KeyholdError's own words, else a fault of ours. */
export function explainThrown(thrown: unknown): Explained {
  if (thrown instanceof Told) return { code: thrown.code, sentence: thrown.sentence, next: thrown.next }
  return explain(thrown instanceof KeyholdError ? problemOf(thrown) : 'ERR_INTERNAL')
}

function problemOf({ code, retryAfterS, cap }: KeyholdError): Problem {
  return { code, ...(retryAfterS === undefined ? {} : { retryAfterS }), ...(cap === undefined ? {} : { cap }) }
}

export type Way = SlotInfo['kind']

/** A way in that did not open the vault. The vault's own words are about passphrases. */
export function explainWay(thrown: unknown, way: Way): Explained {
  const why = explainThrown(thrown)
  if (why.code !== 'ERR_CANNOT_UNLOCK' || way === 'passphrase') return why
  return way === 'recovery'
    ? {
        ...why,
        sentence: 'That recovery code does not open this vault.',
        next: 'Only the newest code works, and only for this vault. Compare it with your copy, group by group.',
      }
    : {
        ...why,
        sentence: 'That passkey does not open this vault.',
        next: 'Use another passkey, your passphrase or the recovery code.',
      }
}

function wait(retryAfterS: number): string {
  if (retryAfterS < 90) return counted(retryAfterS, 'second')
  return retryAfterS < 5400 ? counted(retryAfterS / 60, 'minute') : counted(retryAfterS / 3600, 'hour')
}

function counted(amount: number, unit: string): string {
  const whole = Math.max(1, Math.ceil(amount))
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`
}

/** A check's outcome in two or three words, for a key's row. */
const SHORT: Partial<Record<ErrorCode, string>> = {
  ERR_BAD_KEY: 'Not valid',
  ERR_BAD_KEY_LIKELY: 'Probably not valid',
  ERR_NO_PERMISSION: 'May not do this',
  ERR_NO_CREDIT: 'No credit left',
  ERR_RATE_LIMITED: 'Asked to wait',
  ERR_REGION: 'Not served here',
  ERR_BROWSER_FORBIDDEN: 'Browser calls forbidden',
  ERR_PROVIDER_DOWN: 'Provider had a fault',
  ERR_OFFLINE: 'You were offline',
  ERR_BLOCKED: 'Could not be reached',
  ERR_NO_CORS: 'Allows no browser calls',
  ERR_TIMEOUT: 'No answer in time',
  ERR_LOCAL_NOT_RUNNING: 'Server not running',
  ERR_LOCAL_CORS: 'Allows no browser calls',
  ERR_LOCAL_PERMISSION: 'Browser must allow it',
  ERR_NOT_PERMITTED_BY_SITE: 'Not allowed by this site',
  ERR_KEY_REFLECTED: 'Key sent back: stopped',
  ERR_BAD_ANSWER: 'Not a provider’s answer',
  ERR_CONNECTION_CUT: 'Connection broke',
}

/** A key that fails so is itself in doubt; anything else says something about the network or the provider. */
const BAD: ReadonlySet<ErrorCode> = new Set([
  'ERR_BAD_KEY',
  'ERR_BAD_KEY_LIKELY',
  'ERR_KEY_REFLECTED',
  'ERR_TAMPERED',
  'ERR_ENDPOINT_MISMATCH',
])

export type Tone = 'good' | 'warn' | 'bad' | 'none'

export function checkTone(checked: KeyInfo['lastChecked']): Tone {
  if (checked === null) return 'none'
  if (checked.code === 'ok') return 'good'
  return BAD.has(checked.code) ? 'bad' : 'warn'
}

export function checkWords(checked: KeyInfo['lastChecked']): string {
  if (checked === null) return 'Not checked yet'
  if (checked.code === 'ok') return 'Works'
  return SHORT[checked.code] ?? 'Check failed'
}

const PURPOSES: Record<Finding['purpose'], string> = {
  slot: 'The passphrase entry',
  record: 'A stored key',
  settings: 'Your own endpoints',
  ledger: 'The last-used times',
  manifest: 'The list of what is stored',
  page: 'Part of the list of what is stored',
}
const KINDS: Record<Finding['kind'], string> = {
  missing: 'is missing',
  stale: 'is an older copy than it should be',
  swapped: 'is not in its own place',
  altered: 'was altered outside Keyhold',
  unexpected: 'is not one Keyhold wrote',
  'rolled-back': 'is older than the one last seen here',
}

/** @param name the key's own name, where the finding is about one that can still be listed */
export function findingSentence({ purpose, kind, id }: Finding, name: string | null): string {
  if (kind === 'rolled-back') return ERROR_TEXT.ERR_ROLLED_BACK.sentence
  const what = name ?? (purpose === 'record' ? `${PURPOSES.record} (${id.slice(0, 6)}…)` : PURPOSES[purpose])
  return `${what} ${KINDS[kind]}.`
}

export function findingNext({ purpose, kind, code }: Finding): string {
  if (kind === 'rolled-back') return ERROR_TEXT.ERR_ROLLED_BACK.next
  if (kind === 'unexpected' && purpose === 'page') return 'It is not used. A repair takes it away.'
  if (kind === 'unexpected') return 'It is not used, and may be deleted.'
  if (purpose === 'manifest' || purpose === 'page')
    return 'Your keys can be used, but nothing can be changed before it is repaired from the sealed copy.'
  if (kind === 'missing' && purpose === 'record')
    return 'Repair it from the sealed copy, or add that key again if you still need it.'
  if (purpose === 'record')
    return 'It is not used. Repair it from the sealed copy, or add that key again and delete what is left of this one.'
  if (purpose === 'ledger') return 'Only the "last used" times are affected.'
  return ERROR_TEXT[code].next
}

/** Why an answer ended early, if it did; providers each have their own word. */
export function stopWords(stop: string | null, maxTokens: number): string {
  const word = (stop ?? '').toLowerCase()
  if (['length', 'max_tokens', 'max_output_tokens'].includes(word))
    return `Cut off at the limit of ${maxTokens} tokens.`
  if (['content_filter', 'safety', 'refusal', 'prohibited_content', 'recitation', 'blocklist'].includes(word)) {
    return "Ended by the provider's content filter."
  }
  return ''
}
