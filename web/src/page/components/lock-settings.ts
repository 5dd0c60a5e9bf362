// lock-settings: after how long without use the vault locks itself.
import { component } from '../alpine'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { minutesWords } from '../waiting'

const OFFERED = [1, 5, 15, 30, 60, 240, 720]

export const lockSettings = () =>
  component({
    busy: false,
    problem: null as Explained | null,

    get minutes(): string {
      return String(session().status?.lockAfterMinutes ?? '')
    },
    /** The offered ones, and the present one where it is none of them. */
    get choices(): { value: string; text: string; chosen: boolean }[] {
      const now = session().status?.lockAfterMinutes ?? 0
      return [...new Set([...OFFERED, now])]
        .filter((minutes) => minutes > 0)
        .toSorted((a, b) => a - b)
        .map((minutes) => ({ value: String(minutes), text: minutesWords(minutes), chosen: minutes === now }))
    },
    async choose(event: Event) {
      const field = event.target as HTMLSelectElement
      this.busy = true
      this.problem = null
      try {
        const status = await vault().setLockAfter(Number(field.value))
        session().take(status)
        session().say(`Keyhold locks itself after ${minutesWords(status.lockAfterMinutes)} without use.`)
      } catch (error) {
        this.problem = explainThrown(error)
        field.value = this.minutes
      } finally {
        this.busy = false
        this.$nextTick(() => field.focus())
      }
    },
  })
