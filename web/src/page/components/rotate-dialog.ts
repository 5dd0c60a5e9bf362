// rotate-dialog: everything is sealed anew under another inner key. A new recovery code, each passkey in turn, the passphrase.
import { blend, dialog, input, signal } from '../alpine'
import { wipe } from '../../engine/bytes'
import { KeyholdError } from '../../engine/error'
import { presentPasskey } from '../passkey'
import { session } from '../session'
import { slotTitle } from '../slots'
import { explainThrown, type Explained } from '../text'
import { ago } from '../time'
import { vault } from '../vault'
import { recoveryCode } from './recovery-code'

type Step = 'explain' | 'show' | 'confirm' | 'passkeys'

interface Asked {
  id: string
  title: string
  made: string
  state: 'asked' | 'stays' | 'goes'
  stateWords: string
}

const TITLES: Record<Step, string> = {
  explain: 'Change the inner key',
  show: 'Your new recovery code',
  confirm: 'Type the end of the code',
  passkeys: 'Your passkeys, one by one',
}
const STATES: Record<Asked['state'], string> = {
  asked: 'Not decided yet',
  stays: 'Stays',
  goes: 'Will be removed',
}

export const rotateDialog = () => {
  /** What each passkey gave; wiped when the dialog goes. */
  const secrets = new Map<string, Uint8Array>()
  return blend(recoveryCode('rotate-end'), {
    step: 'explain' as Step,
    busy: false,
    problem: null as Explained | null,
    passkeyHint: '',
    passkeys: [] as Asked[],

    get title(): string {
      return TITLES[this.step]
    },
    get invalid(): boolean {
      return this.problem?.code === 'ERR_RECOVERY_TYPED'
    },
    get ready(): boolean {
      return this.groups.length > 0
    },
    get stepWords(): string {
      const steps: Step[] = this.passkeys.length > 0 ? ['show', 'confirm', 'passkeys'] : ['show', 'confirm']
      const at = steps.indexOf(this.step)
      return at < 0 ? '' : `Step ${at + 1} of ${steps.length + 1}`
    },
    get allDecided(): boolean {
      return this.passkeys.every(({ state }) => state !== 'asked')
    },
    /** The file that changes are saved to; '' where there is none. */
    get autoSaves(): string {
      return session().status?.autoSave?.name ?? ''
    },
    get hasRecovery(): boolean {
      return session().slots.some(({ kind }) => kind === 'recovery')
    },
    get isLastStep(): boolean {
      return this.step === 'passkeys' || (this.step === 'confirm' && this.passkeys.length === 0)
    },
    open() {
      const { slots, now } = session()
      this.step = 'explain'
      this.problem = null
      this.passkeyHint = ''
      this.passkeys = slots
        .filter(({ kind }) => kind === 'passkey')
        .map((slot) => ({
          id: slot.id,
          title: slotTitle(slot),
          made: `added ${ago(slot.createdAt, now)}`,
          state: 'asked',
          stateWords: STATES.asked,
        }))
      this.forgetCode()
      dialog('rotate-dialog').showModal()
    },
    close() {
      dialog('rotate-dialog').close()
    },
    closed() {
      for (const secret of secrets.values()) wipe(secret)
      secrets.clear()
      this.forgetCode()
    },
    typed() {
      this.problem = null
      this.countEnd()
    },
    async begin() {
      this.busy = true
      this.problem = null
      try {
        await this.newCode()
        this.step = 'show'
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
    confirm() {
      this.step = 'confirm'
      this.problem = null
      this.$nextTick(() => input('rotate-end')?.focus())
    },
    back() {
      this.step = 'show'
      this.problem = null
      this.endCount = ''
    },
    goOn() {
      this.problem = this.endProblem()
      if (this.problem !== null) {
        input('rotate-end')?.focus()
        return
      }
      if (this.passkeys.length === 0) this.prove()
      else this.step = 'passkeys'
    },
    async keep(id: string) {
      const slot = session().slots.find((one) => one.id === id)
      if (slot === undefined || this.busy) return
      this.busy = true
      this.problem = null
      this.passkeyHint = ''
      try {
        const used = await presentPasskey([slot])
        if (used === null || !('prf' in used)) this.passkeyHint = 'No passkey was used. Try again, or remove it.'
        else {
          secrets.set(id, used.prf)
          this.decide(id, 'stays')
        }
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
    drop(id: string) {
      const secret = secrets.get(id)
      if (secret !== undefined) wipe(secret)
      secrets.delete(id)
      this.decide(id, 'goes')
    },
    decide(id: string, state: Asked['state']) {
      for (const one of this.passkeys) if (one.id === id) Object.assign(one, { state, stateWords: STATES[state] })
    },
    prove() {
      const goes = this.passkeys.filter(({ state }) => state === 'goes').map(({ title, made }) => `${title} (${made})`)
      const removed = [...(this.hasRecovery ? ['the old recovery code'] : []), ...goes]
      signal('prove', {
        title: 'Change the inner key now',
        text:
          removed.length === 0
            ? 'Everything is sealed anew, in one go. The passphrase stays the same.'
            : `Everything is sealed anew, in one go. The passphrase stays the same. Will no longer open the vault: ${removed.join(', ')}.`,
        subject: '',
        action: 'Change the inner key',
        ways: ['passphrase'],
        run: async (proof, signal) => {
          if (!('passphrase' in proof)) throw new KeyholdError('ERR_BAD_INPUT')
          // Given away with the message; the proof may have to be given again.
          const kept = [...secrets].map(([slot, prf]) => ({ slot, prf: prf.slice() }))
          session().take(await vault().rotateRoot(proof.passphrase, this.typedEnd(), kept, { signal }))
          this.close()
          session().say('Everything is sealed anew. Only the new recovery code works.')
        },
      })
    },
  })
}
