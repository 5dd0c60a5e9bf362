// unlock-vault: the passphrase goes to the vault, and what comes back is said.
import { component, input } from '../alpine'
import { session } from '../session'
import { takePassphrase } from '../secrets'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const unlockVault = () =>
  component({
    busy: false,
    problem: null as Explained | null,
    spaceHint: '',
    greeting: 'Your keys are sealed in this browser.',

    get invalid(): boolean {
      return this.problem?.code === 'ERR_CANNOT_UNLOCK'
    },
    init() {
      this.$nextTick(() => input('passphrase')?.focus())
    },
    typed() {
      this.problem = null
      this.spaceHint = spaceHint(input('passphrase')?.value ?? '')
    },
    async unlock() {
      const field = input('passphrase')
      if (field === null || this.busy) return
      if (field.value === '') {
        field.focus()
        return
      }
      this.problem = null
      this.busy = true
      try {
        const status = await vault().unlock(takePassphrase(field))
        await session().enter(status)
      } catch (error) {
        this.problem = explainThrown(error)
        this.busy = false
        this.$nextTick(() => field.focus())
      }
    },
  })

/** Phones add a space after a word; it is part of the passphrase and shows as nothing. */
function spaceHint(text: string): string {
  if (/\s$/.test(text)) return 'There is a space at the end.'
  return /^\s/.test(text) ? 'There is a space at the beginning.' : ''
}
