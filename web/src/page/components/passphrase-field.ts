// passphrase-field: show it, hide it, and say when Caps Lock is on. Knows nothing of what is typed.
import { component } from '../alpine'

export const passphraseField = () =>
  component({
    shown: false,
    caps: false,
    watchCaps(event: KeyboardEvent) {
      // Autofill sends key events that are none.
      this.caps = event instanceof KeyboardEvent && event.getModifierState('CapsLock')
    },
  })
