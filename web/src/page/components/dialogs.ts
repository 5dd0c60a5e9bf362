// dialogs: the three small ones: rename a key, confirm what cannot be undone, and what Keyhold protects.
import { component, dialog, input, type Confirmation } from '../alpine'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const renameDialog = () =>
  component({
    key: '',
    subject: '',
    label: '',
    busy: false,
    problem: null as Explained | null,

    get canSave(): boolean {
      return !this.busy && this.label.trim() !== ''
    },
    open({ key }: { key: string }) {
      const found = session().key(key)
      if (found === null) return
      this.key = key
      this.label = found.label
      this.subject = `New name for ${session().keyName(key) ?? found.label}`
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
        await vault().setLabel(this.key, this.label.trim())
        await session().refresh()
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
