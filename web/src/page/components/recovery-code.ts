// recovery-code: one is shown, kept by the person, and its end typed back. Half of whatever makes one; `endField` is the field
// it is typed into (see partials/recovery-show.html and recovery-confirm.html).
import { input } from '../alpine'
import { codeSheet, countWords, END_CHARACTERS, groupsOf, tidyCode } from '../recovery'
import { clear } from '../secrets'
import { explainCode, session } from '../session'
import type { Explained } from '../text'
import { vault } from '../vault'

const date = new Intl.DateTimeFormat('en', { dateStyle: 'long' })

export const recoveryCode = (endField: string) => ({
  groups: [] as string[],
  endCount: '',
  /** Typed, and right; the field may be gone by the time it is sent, perhaps more than once. */
  end: '',

  /** Takes the place of one shown before. */
  async newCode() {
    const bytes = await vault().newRecovery()
    this.groups = groupsOf(new TextDecoder().decode(bytes))
    bytes.fill(0)
  },
  forgetCode() {
    clear(input(endField))
    this.groups = []
    this.end = this.endCount = ''
  },
  countEnd() {
    this.endCount = countWords(input(endField)?.value ?? '', END_CHARACTERS)
  },
  /** @returns what is wrong with the end that was typed; the vault looks once more. */
  endProblem(): Explained | null {
    const typed = tidyCode(input(endField)?.value ?? '')
    if (typed !== this.groups.join('').slice(-END_CHARACTERS)) return explainCode('ERR_RECOVERY_TYPED')
    this.end = typed
    return null
  },
  typedEnd(): Uint8Array {
    return new TextEncoder().encode(this.end)
  },

  async copyCode() {
    try {
      await navigator.clipboard.writeText(this.groups.join('-'))
      session().say('Recovery code copied. Save it somewhere safe, then copy something else over it.')
    } catch {
      session().say('The browser did not allow copying. Print it or write it down.')
    }
  },
  saveCode() {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([this.sheet()], { type: 'text/plain' }))
    link.download = `keyhold-recovery-${location.hostname}.txt`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000)
  },
  /** Prints the card alone; see the end of styles.css. */
  printCode() {
    fill('print-code', this.groups.join(' '))
    fill('print-site', location.origin)
    fill('print-date', date.format(Date.now()))
    const { body } = document
    body.classList.add('printing')
    addEventListener(
      'afterprint',
      () => {
        body.classList.remove('printing')
        fill('print-code', '')
      },
      { once: true },
    )
    print()
  },
  sheet(): string {
    return codeSheet(this.groups.join(''), location.origin, date.format(Date.now()))
  },
})

function fill(id: string, text: string): void {
  const place = document.getElementById(id)
  if (place !== null) place.textContent = text
}
