// dialogs: the three small ones: a key's name and end, confirm what cannot be undone, and what Keyhold protects.
import { component, dialog, input, type Confirmation } from '../alpine'
import { dateField, expiry, fromDateField } from '../key-life'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { KeyInfo } from '../../protocol/messages'

/** Another name for a key, and the day it ends. */
export const renameDialog = () =>
  component({
    key: null as KeyInfo | null,
    subject: '',
    label: '',
    expires: '',
    busy: false,
    problem: null as Explained | null,

    get canSave(): boolean {
      return !this.busy && this.label.trim() !== ''
    },
    get expiresHint(): string {
      const end = expiry(fromDateField(this.expires), session().now)
      return end === null ? 'Keyhold reminds you two weeks before. Leave it empty if it has none.' : `${end.words}.`
    },
    get hasExpiry(): boolean {
      return this.expires !== ''
    },
    open({ key }: { key: string }) {
      this.key = session().key(key)
      if (this.key === null) return
      this.subject = session().keyName(key) ?? this.key.label
      this.label = this.key.label
      this.expires = dateField(this.key.expiresAt)
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
      if (!this.canSave || this.key === null) return
      const { id, label, expiresAt } = this.key
      this.busy = true
      this.problem = null
      try {
        const name = this.label.trim()
        if (name !== label) await vault().setLabel(id, name)
        // The field knows days only: the same day is no change.
        if (this.expires !== dateField(expiresAt)) await vault().setExpiry(id, fromDateField(this.expires))
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
