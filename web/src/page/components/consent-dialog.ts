// consent-dialog: may a page of another origin use keys here, which ones, for how much and for how long?
import { component, dialog, signal } from '../alpine'
import { whenLookedAt } from '../attention'
import { dateField, fromDateField } from '../key-life'
import { money, moneyField, typedMoney } from '../money'
import { session } from '../session'
import { callsWords, modelsWords } from '../terms'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { isWindow } from '../window'
import type { AccessQuestion, AccessTerms } from '../../protocol/messages'

/** Offered where the page named no limit: enough to try, too little to hurt. */
const SUGGESTED_DAY_MICRO_USD = 1_000_000

interface Payer {
  id: string
  name: string
  has: boolean
}

export const consentDialog = () => {
  let stopLooking = () => {}
  /** The dialog for a key is open in between. */
  let away = false
  return component({
    question: null as AccessQuestion | null,
    day: '',
    month: '',
    until: '',
    ready: false,
    busy: false,
    problem: null as Explained | null,

    get origin(): string {
      return this.question?.origin ?? ''
    },
    get providers(): Payer[] {
      return (this.question?.wish.providers ?? []).map((id) => ({
        id,
        name: session().providerName(id),
        has: session().keys.some(({ provider }) => provider === id) || session().provider(id)?.keyOptional === true,
      }))
    },
    get lacking(): Payer[] {
      return this.providers.filter(({ has }) => !has)
    },
    /** Nothing would come of it yet. */
    get lacksAll(): boolean {
      return this.lacking.length === this.providers.length
    },
    get lackingText(): string {
      return this.lacksAll
        ? 'Add a key first: there is none here that it could use.'
        : 'For these there is no key here:'
    },
    get calls(): string {
      return callsWords(this.question?.wish.scopes ?? [])
    },
    get models(): string {
      return modelsWords(this.question?.wish.models ?? [])
    },
    get dayWrong(): string {
      return wrongAmount(this.day, this.question?.wish.dayMicroUsd ?? null)
    },
    get monthWrong(): string {
      return wrongAmount(this.month, this.question?.wish.monthMicroUsd ?? null)
    },
    get untilWrong(): string {
      const asked = this.question?.wish.expiresAt ?? null
      const at = fromDateField(this.until)
      if (this.until === '')
        return asked === null ? '' : `It asked until ${dateField(asked)}: choose that day or an earlier one.`
      if (at === null || at <= Date.now()) return 'Choose a day that is not over, or leave the field empty.'
      return asked !== null && this.until > dateField(asked) ? `It asked until ${dateField(asked)}, not longer.` : ''
    },
    get unlimited(): boolean {
      return this.day.trim() === '' && this.month.trim() === ''
    },
    /** Without a price nobody can tell what a call costs: with a limit none is made. */
    get unpricedText(): string {
      const without = this.providers.filter(({ id }) => !hasPrices(id))
      if (this.unlimited || without.length === 0) return ''
      return `Keyhold has no prices for ${without.map(({ name }) => name).join(', ')}: with a limit, every call there is refused.`
    },
    get canAnswer(): boolean {
      return this.ready && !this.busy
    },
    get canAllow(): boolean {
      return (
        this.canAnswer && !this.lacksAll && this.dayWrong === '' && this.monthWrong === '' && this.untilWrong === ''
      )
    },

    open({ questions }: { questions: AccessQuestion[] }) {
      const asked = this.question
      if (asked !== null) {
        if (questions.some(({ id }) => id === asked.id)) return
        session().say('The page took its question back.')
        this.leave()
      }
      const [next] = questions
      if (next === undefined || away) return
      this.question = next
      const { dayMicroUsd, monthMicroUsd, expiresAt } = next.wish
      const suggest = monthMicroUsd === null && next.wish.providers.some(hasPrices)
      this.day = moneyField(dayMicroUsd ?? (suggest ? SUGGESTED_DAY_MICRO_USD : null))
      this.month = moneyField(monthMicroUsd)
      this.until = dateField(expiresAt)
      this.problem = null
      this.show()
    },
    show() {
      this.ready = false
      dialog('consent-dialog').showModal()
      stopLooking()
      stopLooking = whenLookedAt(() => {
        this.ready = true
        this.$nextTick(() => {
          const title = document.getElementById('consent-title')
          if (document.activeElement === title) document.getElementById('consent-cancel')?.focus()
        })
      })
    },
    leave() {
      stopLooking()
      this.question = null
      dialog('consent-dialog').close()
    },
    addKey(provider: string) {
      this.leaveFor('key-dialog', () => signal('add', { provider }))
    },
    get canTakeMine(): boolean {
      return isWindow
    },
    takeMine() {
      this.leaveFor('restore-dialog', () => signal('restore', { scan: false, mine: true }))
    },
    /** Another dialog first; the question is still there after it. */
    leaveFor(other: string, open: () => void) {
      stopLooking()
      away = true
      dialog('consent-dialog').close()
      open()
      dialog(other).addEventListener(
        'close',
        () => {
          away = false
          if (this.question !== null) this.show()
        },
        { once: true },
      )
    },
    cancel() {
      if (this.canAnswer) void this.decide(null)
    },
    allow() {
      const wish = this.question?.wish
      if (!this.canAllow || wish === undefined) return
      const { providers, models, scopes } = wish
      void this.decide({
        providers: [...providers],
        models: [...models],
        scopes: [...scopes],
        dayMicroUsd: typedMoney(this.day) ?? null,
        monthMicroUsd: typedMoney(this.month) ?? null,
        expiresAt: this.expiry(wish),
      })
    },
    /** The field knows days only; not past the moment that was asked for. */
    expiry({ expiresAt }: AccessTerms): number | null {
      const at = fromDateField(this.until)
      return at === null || expiresAt === null ? at : Math.min(at, expiresAt)
    },
    async decide(terms: AccessTerms | null) {
      const { question } = this
      if (question === null) return
      this.busy = true
      this.problem = null
      try {
        await vault().decide(question.id, terms)
        this.leave()
        const more = await vault().questions()
        if (more.length > 0) this.open({ questions: more })
        // What would keep a new vault from being lost is still to be read.
        else if (session().isNew)
          session().say(terms === null ? 'The page may not.' : 'The page may now. You can close this window.')
        else close()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })
}

/** A server of one's own, and one that only this site knows, has no price list. */
function hasPrices(provider: string): boolean {
  return session().provider(provider)?.kind === 'catalogue'
}

/** '' where it may stand. */
function wrongAmount(typed: string, asked: number | null): string {
  const amount = typedMoney(typed)
  if (amount === undefined) return 'Type an amount such as 5 or 0.50.'
  if (asked !== null && (amount === null || amount > asked)) return `It asked for at most ${money(asked)}.`
  return ''
}
