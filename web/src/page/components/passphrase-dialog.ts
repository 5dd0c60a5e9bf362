// passphrase-dialog: another passphrase takes the old one's place; keys are not touched.
import { blend, dialog, input, signal } from '../alpine'
import { wipe } from '../../engine/bytes'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { loadMeter, newPassphrase, NOT_LOADED } from './new-passphrase'

export const passphraseDialog = () =>
  blend(newPassphrase('change'), {
    busy: false,
    problem: null as Explained | null,
    words: [] as string[],

    get invalid(): boolean {
      return this.problem !== null
    },
    get has(): boolean {
      return session().slots.some(({ kind }) => kind === 'passphrase')
    },
    get title(): string {
      return this.has ? 'Change the passphrase' : 'Set a passphrase'
    },
    get canGoOn(): boolean {
      return !this.busy && this.isNewReady
    },
    open() {
      this.problem = null
      this.words = []
      this.forgetNew()
      dialog('passphrase-dialog').showModal()
      this.$nextTick(() => input('change-passphrase')?.focus())
      loadMeter().catch(() => (this.problem = NOT_LOADED))
    },
    close() {
      dialog('passphrase-dialog').close()
    },
    closed() {
      this.words = []
      this.forgetNew()
    },
    typed() {
      this.problem = null
      void this.judge()
    },
    async suggest() {
      try {
        const { randomWords } = await import('../passphrase/words')
        this.words = randomWords()
      } catch {
        this.problem = NOT_LOADED
      }
    },
    async goOn() {
      await this.judge()
      if (!this.canGoOn) return
      let taken: Uint8Array
      try {
        taken = this.takeNew()
      } catch (error) {
        this.problem = explainThrown(error)
        return
      }
      this.strength = null
      this.repeatBegun = false
      signal('prove', {
        title: this.title,
        text: this.has
          ? 'Show once more that it is you, with the present passphrase or another way in.'
          : 'Show once more that it is you, with a way in that you have.',
        subject: '',
        action: this.title,
        run: async (proof, signal) => {
          // Given away with the message; the proof may have to be given again.
          session().take(await vault().changePassphrase(proof, taken.slice(), { signal }))
          session().byRecovery = false
          this.close()
          session().say('The new passphrase works from now on. Old backup files still open with theirs.')
        },
        closed: () => wipe(taken),
      })
    },
  })
