// proof: a way in, asked for where what is done with it comes later and may fail elsewhere. Where it can be done at once,
// signal('prove') with `run` is better: the same dialog then says what was wrong, and asks again.
import { signal } from './alpine'
import type { WayIn } from '../engine'

/** @returns what should open the vault, not yet tried; null when it was cancelled. */
export function askProof(): Promise<WayIn | null> {
  return new Promise((answer) =>
    signal('prove', {
      title: 'Is it you?',
      text: 'What leaves the vault needs more than an unlocked page.',
      subject: '',
      action: 'Continue',
      run: async (proof) => answer(proof),
      // After an answer, null is one too many and changes nothing.
      closed: () => answer(null),
    }),
  )
}
