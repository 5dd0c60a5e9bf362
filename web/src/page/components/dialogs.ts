// dialogs: the three small ones: name a key or a way in, confirm what cannot be undone, and what Keyhold protects.
import { component, dialog, input, type Confirmation, type Signals } from '../alpine'
import { dateField, expiry, fromDateField } from '../key-life'
import { session } from '../session'
import { slotTitle } from '../slots'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { UnixMs } from '../../protocol/messages'

interface Naming {
  title: string
  subject: string
  label: string
  /** Absent for what has no end. */
  expiresAt?: UnixMs | null
  keep: (name: string, expiresAt: UnixMs | null) => Promise<void>
}

/** Another name for a key or a way in; and the day a key ends. */
export const renameDialog = () =>
  component({
    title: '',
    subject: '',
    label: '',
    expires: '',
    /** A key ends some day; a way in does not. */
    ends: false,
    keep: async (_name: string, _expiresAt: UnixMs | null) => {},
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
    open(what: Signals['rename']) {
      if ('key' in what) this.openKey(what.key)
      else this.openSlot(what.slot)
    },
    openKey(id: string) {
      const found = session().key(id)
      if (found === null) return
      const { label, expiresAt } = found
      this.begin({
        title: 'Name and expiry',
        subject: session().keyName(id) ?? label,
        label,
        expiresAt,
        keep: async (name, at) => {
          if (name !== label) await vault().setLabel(id, name)
          // The field knows days only: the same day is no change.
          if (dateField(at) !== dateField(expiresAt)) await vault().setExpiry(id, at)
          await session().refresh()
        },
      })
    },
    openSlot(id: string) {
      const found = session().slots.find((slot) => slot.id === id)
      if (found === undefined) return
      this.begin({
        title: 'Rename',
        subject: 'A name by which you will know it',
        label: slotTitle(found),
        keep: async (name) => session().take(await vault().nameSlot(id, name)),
      })
    },
    begin({ title, subject, label, expiresAt, keep }: Naming) {
      this.title = title
      this.subject = subject
      this.label = label
      this.ends = expiresAt !== undefined
      this.expires = dateField(expiresAt ?? null)
      this.keep = keep
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
      if (!this.canSave) return
      this.busy = true
      this.problem = null
      try {
        await this.keep(this.label.trim(), fromDateField(this.expires))
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
