// auto-save: the backup file that follows every change: which it is, whether it could be written, and what to do if not.
import type { AutoSaveStatus } from '../../protocol/messages'
import { component, signal } from '../alpine'
import { canPickFile } from '../pick-file'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { ago } from '../time'
import { vault } from '../vault'

const SENTENCES: Record<AutoSaveStatus['state'], string> = {
  saved: 'is up to date.',
  due: 'is being saved…',
  permission: 'waits for your permission: the browser asks again once all tabs of this page were closed.',
  gone: 'was not found. Has it been moved, or is the disk it lies on not connected?',
  failed: 'could not be written. Is there room left, and may you write to it?',
  held: 'is left as it is while something in this vault is damaged: it may have what the vault lost.',
}

export const autoSave = () =>
  component({
    busy: false,
    problem: null as Explained | null,

    get status(): AutoSaveStatus | null {
      return session().status?.autoSave ?? null
    },
    get state(): AutoSaveStatus['state'] | 'off' {
      return this.status?.state ?? 'off'
    },
    /** A file that was chosen elsewhere is shown in any browser. */
    get shown(): boolean {
      return canPickFile() || this.isOn
    },
    get isOn(): boolean {
      return this.status !== null
    },
    /** Nothing to save, or something to repair first. */
    get notNow(): boolean {
      return session().keys.length === 0 || session().findings.length > 0
    },
    get name(): string {
      return this.status?.name || 'The backup file'
    },
    get sentence(): string {
      return this.state === 'off' ? '' : SENTENCES[this.state]
    },
    get when(): string {
      const at = this.status?.at ?? null
      return at === null ? '' : `Last saved ${ago(at, session().now)}.`
    },
    get dot(): string {
      return this.state === 'saved' ? 'dot-good' : this.state === 'due' ? '' : 'dot-warn'
    },
    get canRetry(): boolean {
      return this.status?.name !== '' && ['permission', 'gone', 'failed'].includes(this.state)
    },
    get retryText(): string {
      return this.state === 'permission' ? 'Allow saving' : 'Try again'
    },
    get canChoose(): boolean {
      return canPickFile() && this.state !== 'held'
    },
    get chooseText(): string {
      return this.isOn ? 'Choose another file' : 'Choose a file'
    },

    choose() {
      signal('backup', { aim: 'auto' })
    },
    async again() {
      await this.ask(async () => session().take(await vault().autoSaveAgain()))
    },
    async stop() {
      await this.ask(async () => {
        session().take(await vault().endAutoSave())
        session().say('The file stays as it is; changes from now on are not in it.')
      })
    },
    async ask(work: () => Promise<void>) {
      this.busy = true
      this.problem = null
      try {
        await work()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })
