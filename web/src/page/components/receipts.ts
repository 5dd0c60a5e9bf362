// receipts: what this app's server signed that calls by its key cost, beside what was counted here.
import { component } from '../alpine'
import { dated, download } from '../download'
import { money } from '../money'
import { chargedInAll, markOf, proofFile, withNewKey, type ReceiptMark } from '../receipt-words'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { Receipts } from '../../protocol/messages'

/** At first; more when they are asked for. */
const SHOWN = 20

interface Row extends ReceiptMark {
  id: string
  what: string
  at: string
  iso: string
  amount: string
  newKey: boolean
}

const TIME = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })

export const receipts = () => {
  // Kept out of Alpine's data: it would watch every one of them.
  let known: Receipts = { entries: [], unreadable: 0 }
  return component({
    rows: [] as Row[],
    count: 0,
    unreadable: 0,
    total: '',
    shown: SHOWN,
    loaded: false,
    problem: null as Explained | null,

    get more(): boolean {
      return this.count > this.rows.length
    },

    async init() {
      await this.load()
      this.$watch('$store.session.now', () => void this.load())
    },
    async load() {
      try {
        known = await vault().receipts()
        this.show()
      } catch (error) {
        if (session().isOpen) this.problem = explainThrown(error)
      }
      this.loaded = true
    },
    show() {
      const { entries, unreadable } = known
      const changed = withNewKey(entries)
      this.rows = entries.slice(0, this.shown).map((one, place) => {
        const [at, call, provider, model, , charged] = one
        return {
          id: `${at}-${call}-${place}`,
          what: `${session().providerName(provider)}${model && `, ${model}`}`,
          at: TIME.format(at),
          iso: new Date(at).toISOString(),
          amount: charged < 0 ? '' : money(charged),
          newKey: changed.has(one),
          ...markOf(one),
        }
      })
      this.count = entries.length
      this.unreadable = unreadable
      const settled = session().app?.account.settled
      const server = settled === undefined ? '' : ` The server counts ${money(settled)} in this period of your plan.`
      this.total = `${entries.length} kept, ${money(chargedInAll(entries))} in all.${server}`
    },
    showAll() {
      this.shown = known.entries.length
      this.show()
    },
    save() {
      download(dated('receipts', 'json', new Date()), proofFile(known.entries), 'application/json')
    },
  })
}
