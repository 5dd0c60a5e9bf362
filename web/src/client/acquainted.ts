// acquainted: has the user ever allowed this page something? The vault says nothing while it is locked, and a locked vault is
// not one without keys: so the page remembers by itself what it was told once.
export class Acquainted {
  readonly #name: string
  is: boolean

  constructor(vault: string) {
    this.#name = `keyhold ${vault}`
    this.is = stored()?.getItem(this.#name) === 'yes'
  }

  remember(): void {
    if (this.is) return
    this.is = true
    stored()?.setItem(this.#name, 'yes')
  }

  /** The user was asked, and does not want to. */
  forget(): void {
    this.is = false
    stored()?.removeItem(this.#name)
  }
}

/** Not there where a browser keeps nothing for the page: then it lasts as long as the page. */
function stored(): Storage | null {
  try {
    return localStorage
  } catch {
    return null
  }
}
