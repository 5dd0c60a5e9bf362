// dialogs: the three small ones: edit a key's name and date, confirm what cannot be undone, and what Keyhold protects.
import { component, dialog, input, type Confirmation } from '../alpine'
import { dateField, expiry, fromDateField } from '../key-life'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

/** Another name for a key, and the day it ends. */
export const renameDialog = () =>
  component({
    key: '',
    subject: '',
    label: '',
    expires: '',
    busy: false,
    problem: null as Explained | null,

    get canSave(): boolean {
      return !this.busy && this.label.trim() !== ''
    },
    get expiresHint(): string {
      const at = fromDateField(this.expires)
      const end = expiry(at, session().now)
      return end === null ? 'Keyhold reminds you two weeks before. Leave it empty if it has none.' : `${end.words}.`
    },
    get hasExpiry(): boolean {
      return this.expires !== ''
    },
    open({ key }: { key: string }) {
      const found = session().key(key)
      if (found === null) return
      this.key = key
      this.label = found.label
      this.expires = dateField(found.expiresAt)
      this.subject = session().keyName(key) ?? found.label
      this.problem = null
      dialog('rename-dialog').showModal()
      this.$nextTick(() => input('new-label')?.select())
    },
    clearExpiry() {
      this.expires = ''
      input('new-expiry')?.focus()
    },
    close() {
      dialog('rename-dialog').close()
    },
    async save() {
      const found = session().key(this.key)
      if (!this.canSave || found === null) return
      this.busy = true
      this.problem = null
      try {
        const label = this.label.trim()
        const at = fromDateField(this.expires)
        if (label !== found.label) await vault().setLabel(this.key, label)
        // The field knows days only: the same day is no change.
        if (dateField(at) !== dateField(found.expiresAt)) await vault().setExpiry(this.key, at)
        await session().refresh()
        this.close()
        session().say('Saved.')
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
