// create-vault: a passphrase made up for you or of your own, and a vault made with it.
import { passphraseBytes } from '../../engine/bytes'
import { component, input, signal } from '../alpine'
import { session } from '../session'
import { clear, takePassphrase } from '../secrets'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { Strength } from '../passphrase/strength'

type Step = 'offered' | 'confirm' | 'own'
type Meter = (passphrase: string, context: string[]) => Strength

const WORDS_OF_SCORE = ['Very weak', 'Weak', 'Not strong enough', 'Good', 'Strong']

const NOT_LOADED: Explained = {
  code: 'ERR_WORKER',
  sentence: 'A part of this page could not be loaded.',
  next: 'Check the connection and reload the page.',
}

/** Loaded when somebody chooses their own. */
let meter: Meter | null = null

export const createVault = () =>
  component({
    step: 'offered' as Step,
    words: [] as string[],
    writtenDown: false,
    busy: false,
    problem: null as Explained | null,
    strength: null as Strength | null,
    repeatEqual: false,
    repeatBegun: false,

    get invalid(): boolean {
      return this.problem !== null
    },
    get restoring(): boolean {
      return session().restoreNext
    },
    /** A backup needs a vault to go into; this one is made first. */
    haveBackup() {
      session().restoreNext = true
      document.getElementById('create-title')?.focus()
    },
    haveNone() {
      session().restoreNext = false
    },
    get canContinue(): boolean {
      return this.writtenDown && this.words.length > 0
    },
    get canCreateOwn(): boolean {
      return !this.busy && this.strength?.accepted === true && this.repeatEqual
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

    init() {
      void this.regenerate()
    },
    destroy() {
      this.words = []
    },
    async regenerate() {
      try {
        const { randomWords } = await import('../passphrase/words')
        this.words = randomWords()
        this.writtenDown = false
      } catch {
        this.problem = NOT_LOADED
      }
    },
    async copy() {
      try {
        await navigator.clipboard.writeText(this.words.join(' '))
        session().say('Passphrase copied. Save it, then copy something else over it.')
      } catch {
        session().say('The browser did not allow copying. Please write it down.')
      }
    },
    confirm() {
      this.goTo('confirm', 'confirm-passphrase')
    },
    chooseOwn() {
      this.goTo('own', 'own-passphrase')
      loadMeter().catch(() => (this.problem = NOT_LOADED))
    },
    backToOffer() {
      this.goTo('offered', '')
    },
    goTo(step: Step, focus: string) {
      this.step = step
      this.problem = null
      this.strength = null
      this.repeatBegun = false
      this.repeatEqual = false
      this.$nextTick(() => input(focus)?.focus())
    },
    /** Either of a form's two fields changed. */
    typed() {
      this.problem = null
      if (this.step === 'own') void this.judge()
    },
    async judge() {
      const judge = await loadMeter()
      const own = input('own-passphrase')?.value ?? ''
      const repeat = input('own-repeat')?.value ?? ''
      this.strength = own === '' ? null : judge(own, [location.hostname])
      this.repeatBegun = repeat !== ''
      this.repeatEqual = repeat !== '' && repeat === own
    },

    async createOffered() {
      const field = input('confirm-passphrase')
      if (field === null || this.busy) return
      const phrase = this.words.join(' ')
      // Spaces and capitals are slips of the hand here, not of memory; what counts is the phrase offered.
      if (field.value.trim().toLowerCase().split(/\s+/).join(' ') !== phrase) {
        this.problem = {
          code: 'ERR_BAD_PASSPHRASE',
          sentence: 'These are not the six words.',
          next: 'Check the spelling, or go back and look at them again.',
        }
        field.focus()
        return
      }
      clear(field)
      await this.create(passphraseBytes(phrase))
    },
    async createOwn() {
      const field = input('own-passphrase')
      if (field === null || this.busy) return
      await this.judge()
      if (!this.canCreateOwn) return
      if (field.value.trim() !== field.value) {
        this.problem = {
          code: 'ERR_BAD_PASSPHRASE',
          sentence: 'It begins or ends with a space.',
          next: 'That is easily lost when you type it later: take it away.',
        }
        return
      }
      clear(input('own-repeat'))
      this.repeatEqual = false
      try {
        await this.create(takePassphrase(field))
      } catch (error) {
        this.problem = explainThrown(error)
      }
    },
    async create(passphrase: Uint8Array) {
      this.busy = true
      this.problem = null
      try {
        const status = await vault().create(passphrase)
        this.words = []
        this.strength = null
        await session().enter(status)
        session().say('Your vault is made, and open.')
        if (session().restoreNext) signal('restore', { scan: false })
        session().restoreNext = false
      } catch (error) {
        this.problem = explainThrown(error)
        this.busy = false
      }
    },
  })

async function loadMeter(): Promise<Meter> {
  meter ??= (await import('../passphrase/strength')).strengthOf
  return meter
}
