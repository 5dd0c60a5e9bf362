// backup-dialog: the vault leaves as one sealed file: to be kept, to be kept up to date, or shown as codes for another
// device to scan.
import { blend, dialog, signal } from '../alpine'
import { wipe } from '../../engine/bytes'
import { download } from '../download'
import { pickFile } from '../pick-file'
import { split } from '../qr-parts'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { codeShow } from './code-show'
import { filePassphrase } from './file-passphrase'
import type { BackupFile } from '../../protocol/messages'

type Aim = 'file' | 'codes' | 'auto'
type Step = 'passphrase' | 'done' | 'codes'

const WORDS: Record<Aim, { title: string; make: string; proof: string; done: string }> = {
  file: {
    title: 'Make a backup',
    make: 'Make the backup',
    proof: 'Make the backup?',
    done: 'Your backup is made',
  },
  codes: {
    title: 'Move to another device',
    make: 'Show the codes',
    proof: 'Show the codes?',
    done: '',
  },
  auto: {
    title: 'A file that is always up to date',
    make: 'Choose the file',
    proof: 'Save changes to this file?',
    done: 'Changes are saved from now on',
  },
}

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
      return this.step === 'done' ? WORDS[this.aim].done : WORDS[this.aim].title
    },
    get invalid(): boolean {
      return false
    },
    get makeText(): string {
      return WORDS[this.aim].make
    },
    get whereItIs(): string {
      return this.aim === 'auto' ? 'It lies where you chose.' : 'Your browser has put it with your downloads.'
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
    async make() {
      if (!this.ready || this.busy) return
      this.problem = null
      this.busy = true
      try {
        // Asked first: the browser shows its own dialog only in a click.
        const file = this.aim === 'auto' ? await pickFile('keyhold-backup.keyhold') : null
        if (this.aim === 'auto' && file === null) return
        this.prove(this.takeFilePassphrase(), file)
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
    /** @param file  that is to be kept up to date; null for one that is made once */
    prove(passphrase: Uint8Array, file: FileSystemFileHandle | null) {
      signal('prove', {
        title: WORDS[this.aim].proof,
        text: 'What leaves the vault needs more than an unlocked page.',
        subject: file?.name ?? '',
        action: file === null ? this.makeText : 'Save to this file',
        run: async (proof, signal) => {
          this.opensWith = this.own ? 'the passphrase you chose for it' : 'the six words you wrote down'
          if (file === null) {
            made = await vault().backup(proof, passphrase.slice(), { signal })
            this.fileName = made.name
            await this.hand(made)
          } else {
            const status = await vault().autoSave(proof, passphrase.slice(), file, { signal })
            session().take(status)
            this.fileName = file.name
            this.forget()
            // Where it was not written after all, the view behind the dialog says why.
            if (status.autoSave?.state === 'saved') this.step = 'done'
            else this.close()
          }
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
