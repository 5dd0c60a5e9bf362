// account: the plan with the app, what it costs, and when the app's key is used in place of one's own.
import { component } from '../alpine'
import { providersOf, type Plan } from '../app-key'
import { money } from '../money'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { AppKeyUse, ProviderId } from '../../protocol/messages'

interface PlanRow {
  id: string
  name: string
  price: string
  quota: string
  current: boolean
  choosable: boolean
}
interface UseRow {
  provider: ProviderId
  name: string
  use: AppKeyUse | ''
}

const PERIODS: Record<Plan['period'], string> = { day: 'a day', month: 'a month', once: 'in all' }
const STATUSES = {
  active: '',
  lapsed: 'This plan has lapsed: payment did not come through.',
  suspended: 'This account is suspended.',
}

export const account = () =>
  component({
    uses: {} as Record<ProviderId, AppKeyUse>,
    problem: null as Explained | null,
    loading: true,
    leaving: false,

    get known(): boolean {
      return session().app !== null
    },
    get statusText(): string {
      const { app } = session()
      return app === null ? '' : STATUSES[app.account.status]
    },
    get plans(): PlanRow[] {
      const { app } = session()
      return (app?.plans ?? []).map((plan) => ({
        id: plan.id,
        name: plan.name,
        price: plan.price === 0 ? 'Free' : `${money(plan.price)} a month`,
        quota:
          plan.limit === 0 ? 'With keys of your own' : `${money(plan.limit)} ${PERIODS[plan.period]} of this app's key`,
        current: plan.id === app?.account.plan,
        choosable: plan.checkout === true && plan.id !== app?.account.plan,
      }))
    },
    get hasPortal(): boolean {
      return session().app?.account.subscription?.portal === true
    },
    get useRows(): UseRow[] {
      const { app, providers } = session()
      return providersOf(app, providers).map(({ id, name }) => ({ provider: id, name, use: this.uses[id] ?? '' }))
    },

    async init() {
      try {
        this.uses = await vault().appKeyUses()
        await session().lookAtApp()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.loading = false
      }
    },
    async again() {
      this.loading = true
      await session().lookAtApp()
      this.loading = false
    },
    async choose(provider: ProviderId, event: globalThis.Event) {
      const box = event.target as HTMLSelectElement
      this.problem = null
      try {
        await vault().setAppKeyUse(provider, box.value as AppKeyUse)
        this.uses = await vault().appKeyUses()
        session().say(`Noted for ${session().providerName(provider)}.`)
      } catch (error) {
        box.value = this.uses[provider] ?? ''
        this.problem = explainThrown(error)
      }
    },
    buy(plan: string) {
      void this.leave('v1/checkout', { plan, return_url: here() })
    },
    manage() {
      void this.leave('v1/portal', { return_url: here() })
    },
    /** To the page where payment is made, and back from there. */
    async leave(path: 'v1/checkout' | 'v1/portal', body: object) {
      this.problem = null
      this.leaving = true
      try {
        const { status, body: answer } = await vault().askServer(path, body)
        const { url = '' } = (status === 200 ? JSON.parse(answer) : {}) as { url?: string }
        if (!/^https:\/\/|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(url)) {
          this.problem = {
            code: 'ERR_PROVIDER_REFUSED',
            sentence: 'The page for payment could not be opened.',
            next: 'Try again in a few minutes.',
          }
          return
        }
        location.assign(url)
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.leaving = false
      }
    },
  })

function here(): string {
  return new URL(location.pathname, location.origin).href
}
