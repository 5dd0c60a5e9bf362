// create-vault: a passphrase made up for you or of your own, and a vault made with it.
import { passphraseBytes } from '../../engine/bytes'
import { blend, input, signal } from '../alpine'
import { session } from '../session'
import { clear } from '../secrets'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { loadMeter, newPassphrase, NOT_LOADED } from './new-passphrase'

type Step = 'offered' | 'confirm' | 'own'
export const createVault = () =>
  blend(newPassphrase('own'), {
    step: 'offered' as Step,
    words: [] as string[],
    writtenDown: false,
    busy: false,
    problem: null as Explained | null,
    anew: false,

    /** A new vault would take the place of a sealed copy that is still there: not without being asked for. */
    get mayCreate(): boolean {
      return this.anew || !session().hasCopy
    },
    beginAnew() {
      this.anew = true
      this.$nextTick(() => document.getElementById('create-title')?.focus())
    },
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
      return !this.busy && this.isNewReady
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
      this.forgetNew()
      this.$nextTick(() => input(focus)?.focus())
    },
    /** Either of a form's two fields changed. */
    typed() {
      this.problem = null
      if (this.step === 'own') void this.judge()
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
      if (this.busy) return
      await this.judge()
      if (!this.canCreateOwn) return
      try {
        await this.create(this.takeNew())
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
        session().isNew = true
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
