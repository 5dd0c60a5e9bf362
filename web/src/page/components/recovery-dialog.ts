// recovery-dialog: a recovery code is made: shown once, kept, its end typed back, and then sealed with a proof.
import { blend, dialog, input, signal } from '../alpine'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { recoveryCode } from './recovery-code'

type Step = 'show' | 'confirm'

export const recoveryDialog = () =>
  blend(recoveryCode('recovery-end'), {
    step: 'show' as Step,
    busy: false,
    problem: null as Explained | null,

    get replaces(): boolean {
      return session().slots.some(({ kind }) => kind === 'recovery')
    },
    get title(): string {
      if (this.step === 'confirm') return 'Type the end of the code'
      return this.replaces ? 'A new recovery code' : 'Your recovery code'
    },
    get invalid(): boolean {
      return this.problem?.code === 'ERR_RECOVERY_TYPED'
    },
    get ready(): boolean {
      return this.groups.length > 0
    },
    open() {
      this.step = 'show'
      this.problem = null
      this.forgetCode()
      dialog('recovery-dialog').showModal()
      void this.make()
    },
    async make() {
      this.busy = true
      try {
        await this.newCode()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
    close() {
      dialog('recovery-dialog').close()
    },
    closed() {
      this.forgetCode()
    },
    typed() {
      this.problem = null
      this.countEnd()
    },
    confirm() {
      this.step = 'confirm'
      this.problem = null
      this.$nextTick(() => input('recovery-end')?.focus())
    },
    back() {
      this.step = 'show'
      this.problem = null
      this.endCount = ''
    },
    prove() {
      this.problem = this.endProblem()
      if (this.problem !== null) {
        input('recovery-end')?.focus()
        return
      }
      signal('prove', {
        title: this.replaces ? 'Replace the recovery code' : 'Switch the recovery code on',
        text: this.replaces
          ? 'From now on only the new code works; the old one is worth nothing.'
          : 'Until you confirm, the code opens nothing.',
        subject: '',
        action: 'Confirm',
        run: async (proof, signal) => {
          const status = await vault().addRecovery(proof, this.typedEnd(), { signal })
          session().take(status)
          session().isNew = false
          this.close()
          session().say('Your recovery code works from now on. Keep it safe.')
        },
      })
    },
  })
