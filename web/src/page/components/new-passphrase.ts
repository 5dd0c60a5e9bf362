// new-passphrase: one of the person's own, twice, and how strong it is. Half of whatever asks for one; `prefix` names its
// fields (see partials/new-passphrase.html).
import { input } from '../alpine'
import { clear, takePassphrase } from '../secrets'
import { Told, type Explained } from '../text'
import type { Strength } from '../passphrase/strength'

type Meter = (passphrase: string, context: string[]) => Strength

const WORDS_OF_SCORE = ['Very weak', 'Weak', 'Not strong enough', 'Good', 'Strong']

export const NOT_LOADED: Explained = {
  code: 'ERR_WORKER',
  sentence: 'A part of this page could not be loaded.',
  next: 'Check the connection and reload the page.',
}

/** Loaded when somebody chooses their own. */
let meter: Meter | null = null

export async function loadMeter(): Promise<Meter> {
  meter ??= (await import('../passphrase/strength')).strengthOf
  return meter
}

export const newPassphrase = (prefix: string) => ({
  strength: null as Strength | null,
  repeatEqual: false,
  repeatBegun: false,

  get isNewReady(): boolean {
    return this.strength?.accepted === true && this.repeatEqual
  },
  get strengthWords(): string {
    if (this.strength === null) return 'At least 12 characters. Several unrelated words work well.'
    const name = WORDS_OF_SCORE[this.strength.score] ?? ''
    return `${name}. At 10,000 tries a second on a stolen copy, guessing it takes ${this.strength.estimate}.`
  },
  get strengthClass(): string {
    if (this.strength === null) return 'text-faint'
    return this.strength.accepted ? 'text-brand' : 'text-danger'
  },
  get advice(): string[] {
    return this.strength?.accepted === false ? this.strength.advice : []
  },
  get repeatWrong(): boolean {
    return this.repeatBegun && !this.repeatEqual
  },
  get repeatHint(): string {
    if (!this.repeatBegun) return 'There is no reset, so a typing mistake would lock you out.'
    return this.repeatEqual ? 'The same.' : 'Not the same yet.'
  },
  lit(bar: number): string {
    if (this.strength === null || this.strength.score < bar) return ''
    if (!this.strength.accepted) return this.strength.score < 2 ? 'lit-weak' : 'lit-fair'
    return 'lit-good'
  },
  async judge() {
    const judge = await loadMeter()
    const own = input(`${prefix}-passphrase`)?.value ?? ''
    const repeat = input(`${prefix}-repeat`)?.value ?? ''
    this.strength = own === '' ? null : judge(own, [location.hostname])
    this.repeatBegun = repeat !== ''
    this.repeatEqual = repeat !== '' && repeat === own
  },
  forgetNew() {
    clear(input(`${prefix}-passphrase`))
    clear(input(`${prefix}-repeat`))
    this.strength = null
    this.repeatBegun = false
    this.repeatEqual = false
  },
  /** As bytes; both fields are empty afterwards, unless it ends in a space, which is said. */
  takeNew(): Uint8Array {
    const field = input(`${prefix}-passphrase`)
    if (field === null) throw new Error('there is no field for a passphrase')
    if (field.value.trim() !== field.value) {
      throw new Told(
        'It begins or ends with a space.',
        'That is easily lost when you type it later: take it away.',
        'ERR_BAD_PASSPHRASE',
      )
    }
    clear(input(`${prefix}-repeat`))
    this.repeatEqual = false
    return takePassphrase(field)
  },
})
