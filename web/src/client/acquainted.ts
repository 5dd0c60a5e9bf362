// acquainted: has the user ever allowed this page something? The vault says nothing while it is locked, and a locked vault is
// not one without keys: so the page remembers by itself what it was told once.
export class Acquainted {
  readonly #name: string
  is: boolean

  constructor(vault: string) {
    this.#name = `keyhold ${vault}`
    this.is = stored((storage) => storage.getItem(this.#name)) === 'yes'
  }

  remember(): void {
    if (this.is) return
    this.is = true
    stored((storage) => storage.setItem(this.#name, 'yes'))
  }

  /** The user was asked, and does not want to. */
  forget(): void {
    this.is = false
    stored((storage) => storage.removeItem(this.#name))
  }
}

/** Nothing where a browser keeps nothing for the page, or no more: then it lasts as long as the page. */
function stored<T>(use: (storage: Storage) => T): T | null {
  try {
    return use(localStorage)
  } catch {
    return null
  }
}
