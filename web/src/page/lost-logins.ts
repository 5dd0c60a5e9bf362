// lost-logins: did a login end after the provider may have made a key, and before it was here? Then somebody has to look. What
// is kept for that outlives a lock, which loads the page anew: the provider's id, in the tab's session, and nothing else.
import Alpine from '@alpinejs/csp'

/** Also in session.ts, which has this part loaded when it is there. */
const KEPT_AS = 'keyhold-login'

/** '' for none. */
const lost = Alpine.reactive({ provider: sessionStorage.getItem(KEPT_AS) ?? '' })

export const lostLogins = {
  get provider(): string {
    return lost.provider
  },
  /** From here on the provider may make one. */
  begin(provider: string): void {
    sessionStorage.setItem(KEPT_AS, provider)
  },
  /** It is here, or was not made, or the person has been told and has looked. */
  end(): void {
    sessionStorage.removeItem(KEPT_AS)
    lost.provider = ''
  },
  tell(): void {
    lost.provider = sessionStorage.getItem(KEPT_AS) ?? ''
  },
  advice(name: string): string {
    return `${name} may have made a key all the same. Delete it on ${name}'s key page, then log in again.`
  },
}
