// common-passwords: which 10,000 passwords does everybody else use? Cut at build time out of
// @zxcvbn-ts/language-common, whose whole list (49,000) would be ten times the page.
// Order is rank: the strength meter reads a word's place as how soon an attacker tries it.
import { createRequire } from 'node:module'

export const COMMON_PASSWORDS = 10_000

const require = createRequire(import.meta.url)

/** @returns {{ passwords: string, keyboards: Record<string, unknown> }} one password a line; keyboard neighbours */
export function commonPasswords() {
  const { dictionary, adjacencyGraphs } = require('@zxcvbn-ts/language-common')
  return {
    passwords: dictionary['passwords-common'].slice(0, COMMON_PASSWORDS).join('\n'),
    keyboards: adjacencyGraphs,
  }
}

/** For esbuild and Vite alike: the text of the module 'virtual:common-passwords'. */
export function commonPasswordsModule() {
  const { passwords, keyboards } = commonPasswords()
  return `export const passwords = ${JSON.stringify(passwords)}.split('\\n')
export const keyboards = JSON.parse(${JSON.stringify(JSON.stringify(keyboards))})
`
}
