// file-passphrase: the passphrase of a file about to be made: six words made up, or one's own typed twice. A step of the
// backup dialog; the fields are read once and emptied.
import { passphraseBytes } from '../../engine/bytes'
import { input } from '../alpine'
import { clear, takePassphrase } from '../secrets'
import { session } from '../session'
import type { Explained } from '../text'
import type { Strength } from '../passphrase/strength'

const WORDS_OF_SCORE = ['Very weak', 'Weak', 'Not strong enough', 'Good', 'Strong']

const NOT_LOADED: Explained = {
  code: 'ERR_WORKER',
  sentence: 'A part of this page could not be loaded.',
  next: 'Check the connection and reload the page.',
}

/** What the step uses of the dialog around it. */
interface Around {
  busy: boolean
  problem: Explained | null
  $nextTick(then: () => void): void
}

export const filePassphrase = () => ({
  own: false,
  words: [] as string[],
  writtenDown: false,
  strength: null as Strength | null,
  repeatEqual: false,
  repeatBegun: false,

  get around(): Around {
    return this as unknown as Around
  },
  get ready(): boolean {
    if (this.around.busy) return false
    return this.own ? this.strength?.accepted === true && this.repeatEqual : this.writtenDown && this.words.length > 0
  },
  get strengthWords(): string {
    if (this.strength === null) return 'At least 12 characters. Several unrelated words work well.'
    const name = WORDS_OF_SCORE[this.strength.score] ?? ''
    return `${name}. At 10,000 tries a second on a stolen file, guessing it takes ${this.strength.estimate}.`
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
    if (!this.repeatBegun) return 'There is no reset: with a typing mistake the file could never be opened.'
    return this.repeatEqual ? 'The same.' : 'Not the same yet.'
  },
  lit(bar: number): string {
    if (this.strength === null || this.strength.score < bar) return ''
    if (!this.strength.accepted) return this.strength.score < 2 ? 'lit-weak' : 'lit-fair'
    return 'lit-good'
  },

  async offerWords() {
    this.own = false
    this.writtenDown = false
    this.forget()
    try {
      const { randomWords } = await import('../passphrase/words')
      this.words = randomWords()
    } catch {
      this.around.problem = NOT_LOADED
    }
  },
  async copyWords() {
    try {
      await navigator.clipboard.writeText(this.words.join(' '))
      session().say('Passphrase copied. Save it, then copy something else over it.')
    } catch {
      session().say('The browser did not allow copying. Please write it down.')
    }
  },
  chooseOwn() {
    this.own = true
    this.around.problem = null
    this.around.$nextTick(() => input('file-passphrase')?.focus())
    loadMeter().catch(() => (this.around.problem = NOT_LOADED))
  },
  /** Either of the two fields changed. */
  typed() {
    this.around.problem = null
    void this.judge()
  },
  async judge() {
    const judge = await loadMeter()
    const own = input('file-passphrase')?.value ?? ''
    const repeat = input('file-repeat')?.value ?? ''
    this.strength = own === '' ? null : judge(own, [location.hostname])
    this.repeatBegun = repeat !== ''
    this.repeatEqual = repeat !== '' && repeat === own
  },
  /** The passphrase as bytes; the fields are empty afterwards. Throws KeyholdError ERR_BAD_PASSPHRASE. */
  takeFilePassphrase(): Uint8Array | null {
    if (!this.own) return passphraseBytes(this.words.join(' '))
    const field = input('file-passphrase')
    if (field === null) return null
    clear(input('file-repeat'))
    this.repeatEqual = false
    this.repeatBegun = false
    this.strength = null
    return takePassphrase(field)
  },
  forget() {
    this.words = []
    this.strength = null
    this.repeatEqual = false
    this.repeatBegun = false
    clear(input('file-passphrase'))
    clear(input('file-repeat'))
  },
})

async function loadMeter() {
  return (await import('../passphrase/strength')).strengthOf
}
