// root-settings: the inner key, and why one would change it.
import { component, signal } from '../alpine'
import { session } from '../session'

export const rootSettings = () =>
  component({
    get whyNot(): string {
      const has = session().slots.some(({ kind }) => kind === 'passphrase')
      return has ? '' : 'This needs a passphrase. Set one first.'
    },
    change() {
      signal('rotate', null)
    },
  })
