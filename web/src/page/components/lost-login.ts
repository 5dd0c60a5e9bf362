// lost-login: says that a provider may have made a key that did not get here, until somebody has looked.
import { component } from '../alpine'
import { lostLogins } from '../lost-logins'
import { session } from '../session'

export const lostLogin = () =>
  component({
    get lost(): boolean {
      return lostLogins.provider !== ''
    },
    get title(): string {
      return `A login with ${session().providerName(lostLogins.provider)} was interrupted`
    },
    get text(): string {
      return lostLogins.advice(session().providerName(lostLogins.provider))
    },
    get keyPage(): string | null {
      return session().provider(lostLogins.provider)?.consoleUrl ?? null
    },
    done() {
      lostLogins.end()
    },
  })
