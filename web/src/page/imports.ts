// imports: a file holds this, the vault holds that: what is to be done with each item, and what was done?
import { explainThrown, type Explained } from './text'
import type { ErrorCode } from '../protocol/errors'
import type { ImportChoice, ImportItem, ImportResult } from '../protocol/messages'

/** What the vault takes: twice the largest backup that one makes. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024

export type FileKind = 'backup' | 'env'

/** A backup is not text; where the name says nothing, that tells. */
export function kindOf(name: string, file: Uint8Array): FileKind {
  const lower = name.toLowerCase()
  if (lower.endsWith('.keyhold')) return 'backup'
  if (/(^|\.)env(\.|$)/.test(lower)) return 'env'
  return file.subarray(0, 4096).some((byte) => byte < 9) ? 'backup' : 'env'
}

/** What may be chosen for an item; the first is not the default, see firstChoice(). */
export function choicesFor({ state, unknownProvider }: ImportItem): { value: ImportChoice; words: string }[] {
  const skip = (words: string) => ({ value: 'skip' as const, words })
  if (unknownProvider) return [skip('Leave out')]
  if (state === 'same') return [skip('Nothing to do')]
  if (state === 'new') return [{ value: 'add', words: 'Add' }, skip('Leave out')]
  return [
    skip('Keep the one here'),
    { value: 'replace', words: 'Replace the one here' },
    { value: 'add', words: 'Add as another key' },
  ]
}

/** Nothing that is here is touched unless somebody says so. */
export function firstChoice({ state, unknownProvider }: ImportItem): ImportChoice {
  return state === 'new' && !unknownProvider ? 'add' : 'skip'
}

export type Sweep = 'new' | 'replace' | 'none'

/** One button for all: every new one, every new one and those that differ in place of the ones here, or none. */
export function sweep(items: ImportItem[], how: Sweep): ImportChoice[] {
  return items.map((item) => {
    const allowed = choicesFor(item).map(({ value }) => value)
    if (how === 'none') return 'skip'
    if (item.state === 'differs') return how === 'replace' && allowed.includes('replace') ? 'replace' : 'skip'
    return firstChoice(item)
  })
}

/** "Add 3, replace 1", for the button; '' where there is nothing to do. */
export function planWords(choices: ImportChoice[]): string {
  const count = (choice: ImportChoice) => choices.filter((one) => one === choice).length
  const parts = [
    count('add') > 0 ? `add ${keys(count('add'))}` : '',
    count('replace') > 0 ? `replace ${keys(count('replace'))}` : '',
  ].filter((part) => part !== '')
  const text = parts.join(', ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function resultWords({ added, replaced, skipped }: ImportResult): string {
  const parts = [
    added > 0 ? `${keys(added)} added` : '',
    replaced > 0 ? `${keys(replaced)} replaced` : '',
    skipped > 0 ? `${keys(skipped)} left out` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Nothing was taken over.' : `${parts.join(', ')}.`
}

/** "Lines 3 and 7 were not understood", or ''. Files of hundreds of lines are cut short. */
export function skippedWords(lines: number[]): string {
  if (lines.length === 0) return ''
  const shown = lines.slice(0, 20)
  const rest = lines.length - shown.length
  const names = rest > 0 ? [...shown.map(String), `${rest} more`] : shown.map(String)
  const list = new Intl.ListFormat('en').format(names)
  return `Line${lines.length === 1 ? '' : 's'} ${list} held no key that Keyhold recognises.`
}

function keys(count: number): string {
  return `${count} ${count === 1 ? 'key' : 'keys'}`
}

const UNCHANGED = 'Nothing in your vault was changed.'

/** The errors' own texts speak of the vault; here they are about a file. */
const OF_FILE: Partial<Record<ErrorCode, { sentence: string; next: string }>> = {
  ERR_CANNOT_UNLOCK: {
    sentence: 'That passphrase does not open this file.',
    next: 'It is the one chosen when the backup was made, which need not be the one of your vault.',
  },
  ERR_BAD_FORMAT: {
    sentence: 'This is not a whole Keyhold backup.',
    next: `It may be cut short, damaged, or made by a newer version. ${UNCHANGED}`,
  },
  ERR_BAD_JSON: {
    sentence: 'What is in this file is not in a form Keyhold understands.',
    next: `It may be damaged, or made by a newer version. ${UNCHANGED}`,
  },
  ERR_KDF_BOUNDS: {
    sentence: 'This file asks for passphrase settings outside the safe limits, so it was not opened.',
    next: `Keyhold does not make such files. ${UNCHANGED}`,
  },
  ERR_KDF_MEMORY: {
    sentence: 'There was not enough memory to check the passphrase of this file.',
    next: `Close other tabs or programs, or open it on a stronger computer. ${UNCHANGED}`,
  },
  ERR_TAMPERED: {
    sentence: 'This file was altered after Keyhold wrote it.',
    next: `It was not used; look for another copy. ${UNCHANGED}`,
  },
  ERR_SWAPPED: {
    sentence: 'Parts of this file are not where they belong.',
    next: `It was not used; look for another copy. ${UNCHANGED}`,
  },
  ERR_TOO_LARGE: {
    sentence: 'This file is larger than any Keyhold backup.',
    next: `Choose the .keyhold file itself. ${UNCHANGED}`,
  },
  ERR_TOO_MANY: {
    sentence: 'With these keys your vault would hold more than it can.',
    next: `Leave some out. ${UNCHANGED}`,
  },
  ERR_WRONG_STATE: {
    sentence: 'The file is no longer open.',
    next: `Choose it again. ${UNCHANGED}`,
  },
}

export function explainFile(thrown: unknown): Explained {
  const why = explainThrown(thrown)
  return { ...why, ...OF_FILE[why.code] }
}

export function fileTooLarge(): Explained {
  return { code: 'ERR_TOO_LARGE', sentence: '', next: '', ...OF_FILE.ERR_TOO_LARGE }
}
