// ways-in: passphrase, passkey or recovery code: what the unlock screen and the proof dialog share. The fields are named by
// `ids` (see partials/way-fields.html); nothing here keeps what is typed into them.
import { input } from '../alpine'
import { presentPasskey, whyNoPasskeys } from '../passkey'
import { CODE_CHARACTERS, countWords, readCode } from '../recovery'
import { clear, takePassphrase } from '../secrets'
import { session } from '../session'
import type { Way } from '../text'
import type { WayIn } from '../../engine'

/** Which field is shown; a passkey has none. */
type Typing = 'passphrase' | 'recovery' | 'none'

export const waysIn = (ids: { passphrase: string; code: string }) => ({
  typing: 'passphrase' as Typing,
  /** All, unless something can be done with some of them only. */
  allowed: ['passphrase', 'passkey', 'recovery'] as Way[],
  spaceHint: '',
  codeCount: '',
  passkeyHint: '',

  has(kind: Way): boolean {
    return this.allowed.includes(kind) && session().slots.some((slot) => slot.kind === kind)
  },
  get canType(): boolean {
    return this.has('passphrase')
  },
  get canPasskey(): boolean {
    return this.has('passkey') && whyNoPasskeys() === ''
  },
  get canRecover(): boolean {
    return this.has('recovery')
  },
  get hasOthers(): boolean {
    return this.canPasskey || (this.typing === 'passphrase' ? this.canRecover : this.canType)
  },

  /** The passphrase where there is one; a vault whose ways in could not be read is tried with it, too. */
  firstWay() {
    const known = this.canType || this.canPasskey || this.canRecover
    this.typing = this.canType || !known ? 'passphrase' : this.canPasskey ? 'none' : 'recovery'
    this.forgetTyped()
  },
  forgetTyped() {
    clear(input(ids.passphrase))
    clear(input(ids.code))
    this.spaceHint = this.codeCount = this.passkeyHint = ''
  },
  wayField(): HTMLInputElement | null {
    return input(this.typing === 'recovery' ? ids.code : ids.passphrase)
  },
  hintTyped() {
    const typed = this.wayField()?.value ?? ''
    this.spaceHint = this.typing === 'passphrase' ? spaceHint(typed) : ''
    this.codeCount = this.typing === 'recovery' ? countWords(typed, CODE_CHARACTERS) : ''
    this.passkeyHint = ''
  },

  /** What was typed; a passphrase's field is emptied. @returns null where nothing was; the field has the focus then. */
  takeTyped(): WayIn | null {
    const field = this.wayField()
    if (field === null || field.value === '') {
      field?.focus()
      return null
    }
    if (this.typing === 'recovery') return { recovery: readCode(field) }
    this.spaceHint = ''
    return { passphrase: takePassphrase(field) }
  },
  /** @returns null when the person called it off. */
  async takePasskey(): Promise<WayIn | null> {
    this.passkeyHint = ''
    const way = await presentPasskey(session().slots)
    if (way === null) this.passkeyHint = 'No passkey was used. Try again, or choose another way.'
    return way
  },
})

/** Phones add a space after a word; it is part of the passphrase and shows as nothing. */
function spaceHint(text: string): string {
  if (/\s$/.test(text)) return 'There is a space at the end.'
  return /^\s/.test(text) ? 'There is a space at the beginning.' : ''
}
