// strength: is a passphrase somebody chose good enough to be all that protects their keys?
// Heavy (a dictionary), so loaded only when somebody chooses their own. Keeps nothing of what it is shown.
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { keyboards, passwords } from 'virtual:common-passwords'
import { ADVICE } from './advice'
import { WORDS } from './words'

export const MIN_CHARACTERS = 12
const MIN_SCORE = 3
/** A score of 3 begins at 10^8, where "Summer2026!!" stands: three hours. Ten times that is a day and more. */
const MIN_GUESSES = 1e9

/** What an attacker with a copy of the vault and a rack of graphics cards could try: Argon2id at 64 MiB
 *  keeps one card to some hundreds a second. */
export const GUESSES_PER_SECOND = 10_000

/** Longer ones are judged by their beginning: the work grows with the square of the length. */
const JUDGED_CHARACTERS = 100

export interface Strength {
  /** 0 (at once) to 4 (very strong), as zxcvbn counts. */
  score: number
  /** Long enough and strong enough to be used. */
  accepted: boolean
  /** Time to guess it, in words. */
  estimate: string
  /** Why it is weak and what would help; never a part of the passphrase. */
  advice: string[]
}

/** The words sentences are held together by; the dictionary of passwords has few of them. */
const SMALL_WORDS =
  'i a my me we us you your he she it is am are was be been do did has have had the this that these to of in on at for ' +
  'from by with and or but not no yes if so all any one two three more most very can will would should want need like ' +
  'love hate know think make take come go get give good bad best new old big little man woman boy girl wife husband ' +
  'mother father mum mom dad son daughter baby friend dog cat house home work car money time day night year life world ' +
  'god hello please thank thanks what who where when why how here there now never always forever only just our his her ' +
  // Not small, but what a plain object answers with when asked for it: as a word of its own it has a rank.
  'constructor'

const meter = new ZxcvbnFactory({
  // 'diceware' is the name under which zxcvbn prices every word alike, whatever its place in the list.
  dictionary: { passwords, small: SMALL_WORDS.split(' '), diceware: [...WORDS] },
  graphs: keyboards,
  translations: ADVICE,
  maxLength: JUDGED_CHARACTERS,
})

/** @param context words an attacker would try first here: the site's name, say */
export function strengthOf(passphrase: string, context: string[] = []): Strength {
  const text = passphrase.normalize('NFKC')
  const { guesses, score, feedback } = meter.check(text, ['keyhold', 'vault', 'passphrase', ...context])
  const characters = [...text].length
  // zxcvbn looks words up in plain objects: "constructor" finds a function there and the sum is NaN.
  const sane = Number.isFinite(guesses)
  const accepted = sane && score >= MIN_SCORE && guesses >= MIN_GUESSES && characters >= MIN_CHARACTERS
  const advice = [feedback.warning ?? '', ...feedback.suggestions].filter((sentence) => sentence !== '')
  if (!accepted && advice.length === 0) advice.push(ADVICE.suggestions.anotherWord)
  if (characters < MIN_CHARACTERS) advice.unshift(`Use at least ${MIN_CHARACTERS} characters; this has ${characters}.`)
  return {
    score: !sane ? 0 : accepted ? score : Math.min(score, MIN_SCORE - 1),
    accepted,
    estimate: sane ? timeInWords(guesses / GUESSES_PER_SECOND) : 'less than a second',
    advice: [...new Set(advice)],
  }
}

/** Seconds as a person says them: "3 hours", "12 years", "longer than the age of the universe". */
export function timeInWords(seconds: number): string {
  const units: [name: string, length: number][] = [
    ['second', 1],
    ['minute', 60],
    ['hour', 3600],
    ['day', 86_400],
    ['month', 2_629_800],
    ['year', 31_557_600],
  ]
  const [, year] = units[5] ?? ['year', 31_557_600]
  if (seconds < 1) return 'less than a second'
  if (seconds >= year * 1.4e10) return 'longer than the age of the universe'
  if (seconds >= year * 1e9) return 'billions of years'
  if (seconds >= year * 1e6) return 'millions of years'
  if (seconds >= year * 1e3) return 'thousands of years'
  if (seconds >= year * 100) return 'centuries'
  const [name, length] = units.findLast(([, length]) => seconds >= length) ?? ['second', 1]
  const count = Math.floor(seconds / length)
  return `about ${count} ${name}${count === 1 ? '' : 's'}`
}
