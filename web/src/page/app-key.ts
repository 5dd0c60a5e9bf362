// app-key: the app's own key, as far as the page knows of it: which models its plan opens, and what is left of it.
import type { ProviderId, ProviderInfo } from '../protocol/messages'
import { money } from './money'
import { vault } from './vault'

/** How a choice of the app's key is told from a key's id. */
const CHOICE = 'app:'

/** What docs/server.md says of /v1/plans and /v1/account. Amounts in millionths of a US dollar. */
export interface Plan {
  id: string
  name: string
  price: number
  limit: number
  period: 'day' | 'month' | 'once'
  models: Record<ProviderId, string[]>
  checkout?: boolean
}
export interface Account {
  plan: string
  status: 'active' | 'lapsed' | 'suspended'
  limit: number
  settled: number
  held: number
  available: number
  resets_at?: number
  subscription?: { status: string; renews_at?: number; ends_at?: number; portal?: boolean }
}
export interface AppKey {
  account: Account
  plans: Plan[]
  plan: Plan
}

/** Null where the server cannot be reached, or does not know this user: then the page is as one without. */
export async function lookAtAppKey(): Promise<AppKey | null> {
  try {
    const [plans, account] = await Promise.all([asked<{ plans: Plan[] }>('v1/plans'), asked<Account>('v1/account')])
    const plan = plans.plans.find(({ id }) => id === account.plan)
    return plan === undefined ? null : { account, plans: plans.plans, plan }
  } catch {
    return null
  }
}

async function asked<T>(path: 'v1/plans' | 'v1/account'): Promise<T> {
  const { status, body } = await vault().askServer(path)
  if (status !== 200) throw new Error('refused')
  return JSON.parse(body) as T
}

export const choiceOf = (provider: ProviderId) => `${CHOICE}${provider}`
/** Of a choice of the app's key; null for a key's id. */
export const providerChosen = (choice: string): ProviderId | null =>
  choice.startsWith(CHOICE) ? choice.slice(CHOICE.length) : null

/** Whose models the plan opens, of those that the vault knows how to call. */
export function providersOf(app: AppKey | null, known: ProviderInfo[]): ProviderInfo[] {
  return app === null ? [] : known.filter(({ id }) => Object.hasOwn(app.plan.models, id))
}

/** Names that can be chosen; patterns leave it to the one who types. */
export const modelsOf = (app: AppKey | null, provider: ProviderId): string[] =>
  (app?.plan.models[provider] ?? []).filter((name) => !name.endsWith('*'))

/** How much of the quota is gone, in percent. */
export function percentUsed({ limit, available }: Account): number {
  return limit === 0 ? 100 : Math.min(100, Math.round(((limit - available) / limit) * 100))
}

/** "$0.021 of $0.03 left until 28 Nov". */
export function leftWords({ limit, available, resets_at: resetsAt }: Account): string {
  const left = `${money(available)} of ${money(limit)} left`
  return resetsAt === undefined ? left : `${left} until ${when(resetsAt)}`
}

const time = new Intl.DateTimeFormat('en', { hour: 'numeric', minute: '2-digit' })
const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' })
const DAY_MS = 86_400_000

function when(at: number): string {
  return at - Date.now() < DAY_MS ? time.format(at) : date.format(at)
}
