// cap-dialog: what may a key cost in a day and in a month?
import { component, dialog, input } from '../alpine'
import { moneyField, typedMoney } from '../money'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { KeyId } from '../../protocol/messages'

export const capDialog = () =>
  component({
    key: null as KeyId | null,
    subject: '',
    day: '',
    month: '',
    had: false,
    busy: false,
    problem: null as Explained | null,

    get dayWrong(): boolean {
      return typedMoney(this.day) === undefined
    },
    get monthWrong(): boolean {
      return typedMoney(this.month) === undefined
    },
    get canSave(): boolean {
      return !this.busy && !this.dayWrong && !this.monthWrong
    },
    get resets(): string {
      const midnight = new Date()
      midnight.setUTCHours(24, 0, 0, 0)
      const time = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' }).format(midnight)
      return `Days and months are those of UTC, as at the providers: the next day begins at ${time} here.`
    },
    /** A server of one's own has no price list. */
    get unpriced(): boolean {
      const key = this.key === null ? null : session().key(this.key)
      return key !== null && session().provider(key.provider)?.kind !== 'catalogue'
    },

    open({ key }: { key: KeyId }) {
      const found = session().key(key)
      if (found === null) return
      this.key = key
      this.subject = session().keyName(key) ?? found.label
      this.day = moneyField(found.caps.dayMicroUsd)
      this.month = moneyField(found.caps.monthMicroUsd)
      this.had = this.day !== '' || this.month !== ''
      this.problem = null
      dialog('cap-dialog').showModal()
      this.$nextTick(() => input('cap-day')?.select())
    },
    close() {
      dialog('cap-dialog').close()
    },
    async save() {
      if (!this.canSave) return
      await this.set(typedMoney(this.day) ?? null, typedMoney(this.month) ?? null)
    },
    async remove() {
      await this.set(null, null)
    },
    async set(dayMicroUsd: number | null, monthMicroUsd: number | null) {
      if (this.key === null) return
      this.busy = true
      this.problem = null
      try {
        await vault().setCaps(this.key, { dayMicroUsd, monthMicroUsd })
        await session().refresh()
        this.close()
        session().say(dayMicroUsd === null && monthMicroUsd === null ? 'The cap is removed.' : 'The cap is set.')
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })
