// subscriptions: which plan a user has after Stripe's events, by the rules of docs/server.md, written down once more: for tests to hold
// the server against. And random events for it, of which many are of the same second.
import { checkoutEvent, MAX_PRICE, PRICE, subscriptionEvent } from './stripe.mjs'

const PLANS = ['free', 'pro', 'max']
/** Nearer to `active` the further on. */
const STATUSES = ['incomplete', 'trialing', 'unpaid', 'paused', 'past_due', 'active', 'incomplete_expired', 'canceled']
const OVER = ['incomplete_expired', 'canceled']
const PAID = ['active', 'trialing', 'past_due']
const VERBS = ['created', 'updated', 'deleted']
const NOTHING = { plan: 'free', status: 'active' }

/** What is compared of an event, the first difference counts. */
const rankOf = ({ created, verb, status, periodEnd, id }) => [
  created,
  OVER.includes(status),
  VERBS.indexOf(verb),
  periodEnd,
  STATUSES.indexOf(status),
  id,
]
function isNewer(a, b) {
  const [left, right] = [rankOf(a), rankOf(b)]
  const at = left.findIndex((value, i) => value !== right[i])
  return at >= 0 && left[at] > right[at]
}

/** All subscriptions and what their users have by them. Accounts are { plan, status }. */
export class Subscriptions {
  constructor(subscriptions = new Map(), accounts = new Map()) {
    Object.assign(this, { subscriptions, accounts })
  }
  copy() {
    return new Subscriptions(new Map(this.subscriptions), new Map(this.accounts))
  }
  account(user) {
    return this.accounts.get(user) ?? NOTHING
  }
  ownerOf({ change, checkout }) {
    return change?.user ?? checkout?.user
  }
  /** By all subscriptions of this user; undefined: none gives anything. */
  entitled(user) {
    const all = [...this.subscriptions.values()]
      .filter((one) => this.ownerOf(one) === user && one.change && !OVER.includes(one.change.status))
      .filter(({ change }) => change.status !== 'incomplete')
      .map(({ change: { plan, status } }) => ({ plan, paid: PAID.includes(status) }))
      .sort((a, b) => a.paid - b.paid || PLANS.indexOf(a.plan) - PLANS.indexOf(b.plan))
    return all.at(-1)
  }
  /** An event that comes for the first time. */
  take(said) {
    const before = this.subscriptions.get(said.subscription) ?? {}
    const after = { ...before }
    if (said.kind === 'checkout') {
      if (!before.checkout || said.created > before.checkout.created) after.checkout = said
    } else if (!before.change || isNewer(said, before.change)) after.change = said
    for (const user of new Set([this.ownerOf(before), this.ownerOf(after)])) {
      if (user === undefined) continue
      this.subscriptions.set(said.subscription, before)
      const had = this.entitled(user)
      this.subscriptions.set(said.subscription, after)
      const has = this.entitled(user)
      if (had?.plan === has?.plan && had?.paid === has?.paid) continue
      const { status } = this.account(user)
      const due = has && !has.paid ? 'lapsed' : 'active'
      this.accounts.set(user, { plan: has?.plan ?? 'free', status: status === 'suspended' ? status : due })
    }
    this.subscriptions.set(said.subscription, after)
    return this
  }
  /** What may have become of it if these came all at once: one for each order. */
  afterAll(list) {
    if (list.length === 0) return [this]
    return list.flatMap((one, i) => this.copy().take(one).afterAll(list.toSpliced(i, 1)))
  }
}

/**
 * A random event of one of a user's subscriptions: `event`, as Stripe brings it, and `said`, what `take` needs of it.
 * @param now  about when it was made: some seconds before or after, so that they come in any order
 */
export function randomEvent({ below, any }, user, now) {
  const which = below(3)
  const subscription = `sub_${user}_${which}`
  // One of them says never whose it is: only its checkout does.
  const named = which > 0
  const created = now + below(3)
  if (!named && below(4) === 0) {
    return {
      event: checkoutEvent({ id: subscription, user, created }),
      said: { kind: 'checkout', subscription, user, created },
    }
  }
  const verb = any(['created', 'updated', 'updated', 'updated', 'deleted'])
  const status = verb === 'deleted' ? 'canceled' : any([...STATUSES, 'active', 'active', 'active'])
  const plan = any(['pro', 'max'])
  const periodEnd = 1_900_000_000 + below(3)
  const price = plan === 'pro' ? PRICE : MAX_PRICE
  const event = subscriptionEvent({
    id: subscription,
    user: named ? user : undefined,
    verb,
    status,
    created,
    periodEnd,
    price,
  })
  const said = { kind: 'change', subscription, verb, status, created, periodEnd: periodEnd * 1000, plan, id: event.id }
  return { event, said: named ? { ...said, user } : said }
}
