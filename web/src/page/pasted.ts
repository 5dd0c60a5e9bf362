// pasted: what is said of something in the field for a key that is no key, or not one of the provider chosen? Only said:
// nothing is refused because of it.
import type { Pasted, ProviderInfo } from '../protocol/messages'

export interface Hint {
  text: string
  next: string
  /** A provider to switch to by one press. */
  better: string | null
  action: string
  /** Worth a second press before anything is sent. */
  stops: boolean
}

const NO_KEY: Partial<Record<Pasted['kind'], [text: string, next: string, stops: boolean]>> = {
  address: [
    'This is the address of a web page, not a key.',
    'The key is a long code on the provider’s key page. Make one there and copy the code itself.',
    true,
  ],
  mail: [
    'This is an e-mail address, not a key.',
    'A key is a long code that the provider makes for you, on its key page.',
    true,
  ],
  words: [
    'These are words with spaces between them; a key has none.',
    'If it is a password or a passphrase, take it out of here: nothing was sent. Copy the key again from the provider’s page.',
    false,
  ],
  brief: [
    'This is shorter than keys are. Could it be a password?',
    'The password you sign in with is not a key: a key is a long code made on the provider’s key page.',
    true,
  ],
  odd: [
    'This has characters that no key has, or is far too long for one.',
    'Copy the key again from the provider’s page, and nothing around it.',
    false,
  ],
}

/** @returns null where there is nothing to say. */
export function hintFor({ kind, better, admin }: Pasted, chosen: string, providers: ProviderInfo[]): Hint | null {
  if (kind === 'nothing') return null
  if (admin)
    return {
      text: 'This looks like an admin key: it manages the whole account, and models cannot be called with it.',
      next: 'Use an ordinary key here. Whoever gets hold of an admin key can make more keys.',
      better: null,
      action: '',
      stops: true,
    }
  const other = providers.find(({ id }) => id === better)
  if (other !== undefined)
    return other.browser === 'no'
      ? {
          text: `This looks like a key of ${other.name}, which does not answer web pages.`,
          next: `It does not work here, nor for ${chosen}.`,
          better: null,
          action: '',
          stops: true,
        }
      : {
          text: `This looks like a key of ${other.name}, not of ${chosen}.`,
          next: '',
          better: other.id,
          action: `Switch to ${other.name}`,
          stops: true,
        }
  const said = NO_KEY[kind]
  if (said === undefined) return null
  const [text, next, stops] = said
  return { text, next, better: null, action: '', stops }
}

/** Several lines, which may be several keys. */
export function isSeveral(text: string): boolean {
  return /[\r\n]/.test(text.trim())
}

/** "What you pasted holds 3 keys: of OpenAI, Groq and Mistral." */
export function severalWords(names: string[]): string {
  const list = new Intl.ListFormat('en').format([...new Set(names)])
  return `What you pasted holds ${names.length === 1 ? 'a key' : `${names.length} keys`} of ${list}.`
}
