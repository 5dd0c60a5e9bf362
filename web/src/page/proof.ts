// proof: who is it? Asked again before something leaves the vault or a way into it changes.
import { component, dialog, input, signal, type ProofAsked } from './alpine'
import { clear, takePassphrase } from './secrets'
import { explainThrown, type Explained } from './text'
import type { WayIn } from '../engine/with-kdf'

/** Opens the dialog. @returns what opens the vault, not yet tried; null when it was cancelled. */
export function askProof(): Promise<WayIn | null> {
  return new Promise((answer) => signal('proof', { answer }))
}

export const proofDialog = () => {
  let answer: (way: WayIn | null) => void = () => {}
  return component({
    busy: false,
    problem: null as Explained | null,

    get invalid(): boolean {
      return this.problem !== null
    },
    open(asked: ProofAsked) {
      answer = asked.answer
      this.problem = null
      dialog('proof-dialog').showModal()
      this.$nextTick(() => input('proof-passphrase')?.focus())
    },
    typed() {
      this.problem = null
    },
    give() {
      const field = input('proof-passphrase')
      if (field === null) return
      if (field.value === '') return field.focus()
      try {
        answer({ passphrase: takePassphrase(field) })
        this.close()
      } catch (error) {
        this.problem = explainThrown(error)
      }
    },
    close() {
      dialog('proof-dialog').close()
    },
    /** However it was closed. After an answer, null is one too many and changes nothing. */
    closed() {
      clear(input('proof-passphrase'))
      answer(null)
    },
  })
}
