// mark: two words and a colour by which a person knows their own vault. Shown wherever the passphrase is asked for; a page that
// only looks like Keyhold cannot read them. They lie in the clear beside the vault, where a window opened by a frame finds the
// frame's: its own storage is another.
import { openerFrame } from './window'

export interface Mark {
  words: string
  /** A swatch of styles.css: 0 to MARK_COLOURS - 1. */
  colour: number
}

/** Of the vault that this page is for, or of the one that this site has as a tab of its own. */
export type Whose = 'vault' | 'own'

export const MARK_COLOURS = 6
const STORED_AS = 'keyhold-mark'
const WORDS_IN_MARK = 2
const LONGEST_WORDS = 40

/** @returns null where none was chosen, or there is no storage. */
export function readMark(of: Whose = 'vault'): Mark | null {
  try {
    const { words, colour = -1 } = JSON.parse(storage(of).getItem(STORED_AS) ?? 'null') as Partial<Mark>
    if (typeof words !== 'string' || words.length === 0 || words.length > LONGEST_WORDS) return null
    return Number.isInteger(colour) && colour >= 0 && colour < MARK_COLOURS ? { words, colour } : null
  } catch {
    return null
  }
}

/** @returns whether it will be there next time. */
export function keepMark(mark: Mark): boolean {
  try {
    storage('vault').setItem(STORED_AS, JSON.stringify(mark))
    return true
  } catch {
    return false
  }
}

export function forgetMark(): void {
  try {
    storage('vault').removeItem(STORED_AS)
  } catch {
    // Then there is none.
  }
}

/** Rejects where the list of words cannot be loaded. */
export async function newMark(): Promise<Mark> {
  const { randomWords } = await import('./passphrase/words')
  const [draw = 0] = crypto.getRandomValues(new Uint32Array(1))
  return { words: randomWords().slice(0, WORDS_IN_MARK).join(' '), colour: draw % MARK_COLOURS }
}

function storage(of: Whose): Storage {
  return ((of === 'vault' ? openerFrame() : null) ?? window).localStorage
}
