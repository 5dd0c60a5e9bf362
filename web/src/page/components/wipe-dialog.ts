// wipe-dialog: the vault goes, for good. Says what goes, and does nothing before the word is typed.
import { component, dialog, input, signal } from '../alpine'
import { forgetMark } from '../mark'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const WORD = 'delete'

export const wipeDialog = () =>
  component({
    typedWord: '',
    busy: false,
    problem: null as Explained | null,

    get ready(): boolean {
      return !this.busy && this.typedWord.trim().toLowerCase() === WORD
    },
    get keysText(): string {
      const { keys, providers } = session()
      const own = providers.filter((one) => one.kind === 'custom').length
      const parts = [keys.length === 1 ? '1 key' : `${keys.length} keys`]
      if (own > 0) parts.push(own === 1 ? '1 server of your own' : `${own} servers of your own`)
      return parts.join(' and ')
    },
    get canBackUp(): boolean {
      return session().keys.length > 0
    },
    get backupText(): string {
      if (session().backupAt === null) return 'You have made no backup in this browser.'
      return session().changedSinceBackup
        ? 'Your last backup is older than your last change.'
        : 'Your last backup has everything.'
    },
    open() {
      this.typedWord = ''
      this.problem = null
      dialog('wipe-dialog').showModal()
      this.$nextTick(() => input('wipe-word')?.focus())
    },
    backUp() {
      this.close()
      signal('backup', { aim: 'file' })
    },
    close() {
      dialog('wipe-dialog').close()
    },
    async wipe() {
      if (!this.ready) return
      this.busy = true
      this.problem = null
      try {
        await vault().wipe(WORD)
        forgetMark()
        // What this page still knows goes with it; the welcome screen comes.
        session().reload()
      } catch (error) {
        this.problem = explainThrown(error)
        this.busy = false
      }
    },
  })
