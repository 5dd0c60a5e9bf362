// recovery: how is a recovery code shown, typed back, and taken from a field?

/** Letters and digits of a code, without what only makes it readable. */
export const CODE_CHARACTERS = 32
/** Typed back to show that it was kept. */
export const END_CHARACTERS = 8
const GROUP = 4

/** As the vault writes it: whatever stands between the groups dropped, and capitals. */
export function tidyCode(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toUpperCase()
}

export function groupsOf(code: string): string[] {
  return tidyCode(code).match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []
}

/** "12 of 32 characters", so that a missing group is seen before it is sent. */
export function countWords(typed: string, wanted: number): string {
  const count = tidyCode(typed).length
  if (count === 0) return ''
  if (count > wanted) return `${count - wanted} too many`
  return count === wanted ? 'Complete' : `${count} of ${wanted} characters`
}

/** The code as bytes. The field keeps it: one wrong letter is corrected, not all of them typed again. */
export function readCode(field: HTMLInputElement): Uint8Array {
  return new TextEncoder().encode(tidyCode(field.value))
}

/** What is saved or printed, so that whoever finds it years later knows what it is. */
export function codeSheet(code: string, site: string, date: string): string {
  return [
    'KEYHOLD RECOVERY CODE',
    '',
    `  ${groupsOf(code).join('-')}`,
    '',
    `Vault at   ${site}`,
    `Made on    ${date}`,
    '',
    'It opens that vault without the passphrase, in the browser it was made in. Keep it as you',
    'would keep a passport: whoever holds it and reaches your browser can use your keys.',
    '',
    `To use it: open ${site}, choose "Use your recovery code" and type it. Then set`,
    'a new passphrase.',
    '',
    'A newer recovery code takes the place of this one. It holds no keys itself: if the',
    "browser's data is gone, only a backup file brings the keys back.",
    '',
  ].join('\n')
}
