// file-passphrase: the passphrase of a file about to be made: six words made up, or one's own typed twice. A step of the
// backup dialog.
import { passphraseBytes } from '../../engine/bytes'
import { blend, input } from '../alpine'
import { session } from '../session'
import type { Explained } from '../text'
import { loadMeter, newPassphrase, NOT_LOADED } from './new-passphrase'

/** What the step uses of the dialog around it. */
interface Around {
  problem: Explained | null
  $nextTick(then: () => void): void
}

export const filePassphrase = () =>
  blend(newPassphrase('file'), {
    own: false,
    words: [] as string[],
    writtenDown: false,

    get around(): Around {
      return this as unknown as Around
    },
    get ready(): boolean {
      return this.own ? this.isNewReady : this.writtenDown && this.words.length > 0
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
    /** As bytes; the fields are empty afterwards. */
    takeFilePassphrase(): Uint8Array {
      return this.own ? this.takeNew() : passphraseBytes(this.words.join(' '))
    },
    forget() {
      this.words = []
      this.forgetNew()
    },
  })
