// passkey-dialog: a passkey of this device, phone or security key becomes a way in.
import { component, dialog, input, signal } from '../alpine'
import { wipe } from '../../engine/bytes'
import { createPasskey, type Created } from '../passkey'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { NewPasskey } from '../../protocol/messages'

export const passkeyDialog = () => {
  let wanted: NewPasskey | null = null
  let made: Created | null = null
  return component({
    name: '',
    busy: false,
    /** Made at the device; not yet a way in. */
    isMade: false,
    problem: null as Explained | null,

    get action(): string {
      if (this.busy) return 'Waiting for your device…'
      return this.isMade ? 'Confirm' : 'Make the passkey'
    },
    open() {
      this.name = ''
      this.isMade = false
      this.problem = null
      dialog('passkey-dialog').showModal()
      this.$nextTick(() => input('passkey-name')?.focus())
      void this.prepare()
    },
    /** Before the click: a browser wants a passkey to be made in answer to one, at once. */
    async prepare() {
      try {
        wanted = await vault().newPasskey()
      } catch (error) {
        this.problem = explainThrown(error)
      }
    },
    close() {
      dialog('passkey-dialog').close()
    },
    closed() {
      if (made !== null) wipe(made.prf)
      made = wanted = null
    },
    async goOn() {
      if (this.busy || wanted === null) return
      this.problem = null
      if (made === null && !(await this.make(wanted))) return
      this.prove(wanted)
    },
    async make(asked: NewPasskey): Promise<boolean> {
      this.busy = true
      try {
        made = await createPasskey(asked, session().slots)
        this.isMade = made !== null
        return this.isMade
      } catch (error) {
        this.problem = explainThrown(error)
        return false
      } finally {
        this.busy = false
      }
    },
    prove({ slot }: NewPasskey) {
      if (made === null) return
      const { credential, rp, prf } = made
      const name = this.name.trim()
      signal('prove', {
        title: 'Let this passkey open the vault',
        text: 'The passkey is made. Show with a way in that you had before that you may add it.',
        subject: name === '' ? 'New passkey' : name,
        action: 'Add passkey',
        run: async (proof, signal) => {
          // Given away with the message; the proof may have to be given again.
          const copy = { slot, credential, rp, name, prf: prf.slice() }
          session().take(await vault().addPasskey(proof, copy, { signal }))
          this.close()
          session().say('The passkey opens your vault from now on.')
        },
      })
    },
  })
}
