// virtual: what do the modules that build/plugins.mjs makes up contain?

declare module 'virtual:common-passwords' {
  /** The most used passwords, the most used first. */
  export const passwords: string[]
  /** Which keys lie beside which, by keyboard layout. */
  export const keyboards: Record<string, Record<string, (string | null)[]>>
}
