// backup-state: is there a backup, is it of today's vault, and will the browser keep the vault at all?
import { component, signal } from '../alpine'
import { session } from '../session'
import { ago } from '../time'

export const backupState = () =>
  component({
    get noKeys(): boolean {
      return session().keys.length === 0
    },
    get made(): string {
      const { backupAt, now } = session()
      if (backupAt === null) return 'No backup made in this browser yet.'
      return `Last made ${ago(backupAt, now)}.`
    },
    get since(): string {
      const { backupAt, changedSinceBackup } = session()
      if (backupAt === null)
        return this.noKeys ? 'There is nothing to back up yet.' : 'If this browser loses its data, your keys are gone.'
      return changedSinceBackup ? 'Keys have changed since: make a new one.' : 'Nothing has changed since.'
    },
    get dot(): string {
      const { backupAt, changedSinceBackup } = session()
      if (backupAt === null) return this.noKeys ? '' : 'dot-warn'
      return changedSinceBackup ? 'dot-warn' : 'dot-good'
    },
    get kept(): string {
      const { persisted } = session()
      if (persisted === null) return 'Your browser does not say whether it keeps this vault when space runs low.'
      return persisted
        ? 'Your browser keeps this vault until you delete it.'
        : 'Your browser may delete this vault when space runs low.'
    },
    get keptDot(): string {
      const { persisted } = session()
      return persisted === null ? '' : persisted ? 'dot-good' : 'dot-warn'
    },
    make() {
      signal('backup', { aim: 'file' })
    },
    showCodes() {
      signal('backup', { aim: 'codes' })
    },
    restore() {
      signal('restore', { scan: false })
    },
    scan() {
      signal('restore', { scan: true })
    },
    wipe() {
      signal('wipe', null)
    },
  })
