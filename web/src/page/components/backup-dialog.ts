// backup-dialog: the vault leaves as one sealed file: to be kept, or shown as codes for another device to scan.
import { blend, dialog, signal } from '../alpine'
import { wipe } from '../../engine/bytes'
import { download } from '../download'
import { split } from '../qr-parts'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { codeShow } from './code-show'
import { filePassphrase } from './file-passphrase'
import type { BackupFile } from '../../protocol/messages'

type Aim = 'file' | 'codes'
type Step = 'passphrase' | 'done' | 'codes'

export const backupDialog = () => {
  /** Sealed bytes; kept until the dialog closes, so that they can be saved once more. */
  let made: BackupFile | null = null
  return blend(blend(filePassphrase(), codeShow()), {
    aim: 'file' as Aim,
    step: 'passphrase' as Step,
    busy: false,
    problem: null as Explained | null,
    fileName: '',
    /** Its words are shown again at the end: a file without them is lost. */
    opensWith: '',

    get title(): string {
      if (this.step === 'codes') return 'Scan these codes'
      if (this.step === 'done') return 'Your backup is made'
      return this.aim === 'file' ? 'Make a backup' : 'Move to another device'
    },
    get invalid(): boolean {
      return false
    },
    get makeText(): string {
      return this.aim === 'file' ? 'Make the backup' : 'Show the codes'
    },
    get holds(): string {
      const count = session().keys.length
      const keys = count === 1 ? 'Your 1 key' : `All ${count} keys`
      return `${keys} with names, addresses and dates, and your own servers.`
    },

    open({ aim }: { aim: Aim }) {
      this.aim = aim
      this.step = 'passphrase'
      this.problem = null
      this.busy = false
      dialog('backup-dialog').showModal()
      void this.offerWords()
    },
    make() {
      if (!this.ready) return
      this.problem = null
      let passphrase: Uint8Array
      try {
        passphrase = this.takeFilePassphrase()
      } catch (error) {
        this.problem = explainThrown(error)
        return
      }
      signal('prove', {
        title: this.aim === 'file' ? 'Make the backup?' : 'Show the codes?',
        text: 'What leaves the vault needs more than an unlocked page.',
        subject: '',
        action: this.aim === 'file' ? 'Make the backup' : 'Show the codes',
        run: async (proof, signal) => {
          made = await vault().backup(proof, passphrase.slice(), { signal })
          this.fileName = made.name
          this.opensWith = this.own ? 'the passphrase you chose for it' : 'the six words you wrote down'
          await this.hand(made)
          await session().refresh()
        },
        closed: () => {
          wipe(passphrase)
          // Taken from the fields already: typed again after second thoughts.
          if (this.own) this.forgetNew()
        },
      })
    },
    async hand({ name, file }: BackupFile) {
      if (this.aim === 'file') {
        download(name, new Uint8Array(file))
        this.step = 'done'
      } else {
        const parts = await split(file).catch(() => null)
        if (parts === null) {
          this.problem = TOO_MANY
          return
        }
        this.step = 'codes'
        await this.showCodes(parts)
      }
      this.forget()
    },
    saveAgain() {
      if (made !== null) download(made.name, new Uint8Array(made.file))
    },
    close() {
      dialog('backup-dialog').close()
    },
    /** However it was closed. */
    closed() {
      made = null
      this.stopCodes()
      this.forget()
      this.step = 'passphrase'
    },
  })
}

const TOO_MANY: Explained = {
  code: 'ERR_TOO_LARGE',
  sentence: 'Your vault is too large for codes: there would be several hundred of them.',
  next: 'Make a backup file instead and carry it over: by cable, in a message to yourself, or on a stick.',
}
