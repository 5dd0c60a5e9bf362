// safety-notes: what would keep this vault from being lost, said once loudly and then quietly.
import { component, signal } from '../alpine'
import { session } from '../session'

export const safetyNotes = () =>
  component({
    get hasRecovery(): boolean {
      return session().slots.some(({ kind }) => kind === 'recovery')
    },
    get hasBackup(): boolean {
      return (session().status?.backup.at ?? null) !== null
    },
    /** Just made: the offer. */
    get offered(): boolean {
      return session().isNew && !this.hasRecovery
    },
    /** Later, while nothing at all would help; a key without a backup is said louder, by keys-reminder. */
    get reminded(): boolean {
      return (
        !session().remindsOfBackup &&
        !this.offered &&
        !this.hasRecovery &&
        !this.hasBackup &&
        session().slots.length > 0
      )
    },
    get suggested(): boolean {
      return session().byRecovery
    },
    makeCode() {
      signal('recovery', null)
    },
    changePassphrase() {
      signal('passphrase', null)
    },
    later() {
      session().isNew = false
    },
    notNow() {
      session().byRecovery = false
    },
  })
