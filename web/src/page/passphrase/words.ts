// words: how is a passphrase made up for somebody? Loaded when it is first offered, not with the page.
import { wordlist } from '@scure/bip39/wordlists/english.js'

/** 6 x 11 bits = 66 bits: at 10,000 guesses a second, over 100 million years on average. */
export const WORDS_IN_PASSPHRASE = 6
const LIST_LENGTH = 2048

/** The 2,048 words of BIP 39: common, 3 to 8 letters, no two with the same first four. */
export const WORDS: readonly string[] = wordlist

/** Words drawn evenly: 2,048 divides 65,536, so the low 11 bits of 16 random ones favour none. */
export function randomWords(): string[] {
  if (WORDS.length !== LIST_LENGTH) throw new Error('the word list is not the one this was written for')
  const draws = crypto.getRandomValues(new Uint16Array(WORDS_IN_PASSPHRASE))
  const words = Array.from(draws, (draw) => WORDS[draw & (LIST_LENGTH - 1)] ?? '')
  draws.fill(0)
  return words
}
