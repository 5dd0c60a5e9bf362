// virtual: what do the modules without types of their own contain?

declare module 'virtual:common-passwords' {
  /** The most used passwords, the most used first. */
  export const passwords: string[]
  /** Which keys lie beside which, by keyboard layout. */
  export const keyboards: Record<string, Record<string, (string | null)[]>>
}

declare module 'virtual:part-files' {
  /** Addresses of the HTML that comes later. */
  export const partFiles: Partial<Record<string, string>>
}

/** The same interface as Alpine's usual build, but expressions are interpreted, not compiled. */
declare module '@alpinejs/csp' {
  import Alpine from 'alpinejs'
  export default Alpine
}
