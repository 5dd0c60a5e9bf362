// dialogs: the three small ones: rename a key or a way in, confirm what cannot be undone, and what Keyhold protects.
import { component, dialog, input, type Confirmation, type Signals } from '../alpine'
import { session } from '../session'
import { slotTitle } from '../slots'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const renameDialog = () =>
  component({
    title: '',
    subject: '',
    label: '',
    keep: async (_name: string) => {},
    busy: false,
    problem: null as Explained | null,

    get canSave(): boolean {
      return !this.busy && this.label.trim() !== ''
    },
    open(what: Signals['rename']) {
      if ('key' in what) this.openKey(what.key)
      else this.openSlot(what.slot)
    },
    openKey(id: string) {
      const found = session().key(id)
      if (found === null) return
      this.begin('Rename key', `New name for ${session().keyName(id) ?? found.label}`, found.label, async (name) => {
        await vault().setLabel(id, name)
        await session().refresh()
      })
    },
    openSlot(id: string) {
      const found = session().slots.find((slot) => slot.id === id)
      if (found === undefined) return
      this.begin('Rename', 'A name by which you will know it', slotTitle(found), async (name) => {
        session().take(await vault().nameSlot(id, name))
      })
    },
    begin(title: string, subject: string, label: string, keep: (name: string) => Promise<void>) {
      this.title = title
      this.subject = subject
      this.label = label
      this.keep = keep
      this.problem = null
      dialog('rename-dialog').showModal()
      this.$nextTick(() => input('new-label')?.select())
    },
    close() {
      dialog('rename-dialog').close()
    },
    async save() {
      if (!this.canSave) return
      this.busy = true
      try {
        await this.keep(this.label.trim())
        this.close()
        session().say('Renamed.')
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })

export const confirmDialog = () =>
  component({
    title: '',
    text: '',
    subject: '',
    action: '',
    busy: false,
    problem: null as Explained | null,
    run: async () => {},

    open({ title, text, subject, action, run }: Confirmation) {
      this.title = title
      this.text = text
      this.subject = subject
      this.action = action
      this.run = run
      this.problem = null
      dialog('confirm-dialog').showModal()
    },
    close() {
      dialog('confirm-dialog').close()
    },
    async act() {
      this.busy = true
      this.problem = null
      try {
        await this.run()
        this.close()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })

export const securityDialog = () =>
  component({
    open() {
      dialog('security-dialog').showModal()
    },
    close() {
      dialog('security-dialog').close()
    },
  })
