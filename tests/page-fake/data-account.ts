// data-account: what an app's server says, and what it signed, to look at the page without one: ?app=open|used|lapsed|paying|away and
// ?receipts=none|some|many|damaged.
import type { AppKeyUse, ReceiptRow, Receipts, ServerAnswer } from '../../web/src/protocol/messages'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

const PLANS = [
  { id: 'free', name: 'Free', price: 0, limit: 30_000, period: 'day', models: { openai: ['gpt-5.2-mini'] } },
  {
    id: 'pro',
    name: 'Pro',
    price: 12_000_000,
    limit: 5_000_000,
    period: 'month',
    models: { openai: ['gpt-5.2', 'gpt-5.2-mini'], anthropic: ['claude-sonnet-5'], google: ['*'] },
    checkout: true,
  },
  { id: 'own', name: 'Only with keys of your own', price: 0, limit: 0, period: 'once', models: {} },
]

/** Parts of the account that ?app names; the rest is as the plan has it. */
const ACCOUNTS: Record<string, object> = {
  open: { plan: 'free', limit: 30_000, settled: 8_420, held: 0, available: 21_580 },
  used: { plan: 'free', limit: 30_000, settled: 29_991, held: 0, available: 9 },
  lapsed: {
    plan: 'pro',
    status: 'lapsed',
    limit: 5_000_000,
    settled: 1_204_310,
    available: 3_795_690,
    subscription: { status: 'unpaid', portal: true },
  },
  paying: {
    plan: 'pro',
    limit: 5_000_000,
    settled: 4_310_000,
    available: 690_000,
    resets_at: Date.now() + 9 * DAY_MS,
    subscription: { status: 'active', renews_at: Date.now() + 9 * DAY_MS, portal: true },
  },
}

export const USES: Record<string, AppKeyUse> = { anthropic: 'ask' }

/** @param wish  of ?app; null: the site has no server */
export function answerOf(wish: string | null, path: string): ServerAnswer {
  const account = ACCOUNTS[wish ?? '']
  if (account === undefined) return { status: 503, body: '{}' }
  const usual = { status: 'active', held: 0, resets_at: Date.now() + 5 * 60 * MINUTE_MS }
  const body = path === 'v1/plans' ? { plans: PLANS } : { ...usual, ...account }
  return { status: 200, body: JSON.stringify(body) }
}

const KEYS = ['K'.repeat(43), 'L'.repeat(43)]
/** Model, counted, charged, state; the newest first. */
const SIGNED: [string, number, number, ReceiptRow[6]][] = [
  ['gpt-5.2-mini', 1_240, 1_240, 'signed'],
  ['gpt-5.2-mini', 980, 1_310, 'signed'],
  ['gpt-5.2-mini', 1_100, -1, 'signature'],
  ['a-model-with-a-remarkably-long-name-2026-11-20-preview', 2_020, -1, 'model'],
  ['gpt-5.2', -1, 24_000, 'signed'],
  ['gpt-5.2-mini', 640, 512, 'signed'],
  ['', 75, 75, 'unchecked'],
]

export function receiptsWished(wish: string | null): Receipts {
  const some = wish === null || wish === 'none' ? [] : SIGNED
  const all = wish === 'many' ? Array.from({ length: 42 }, (_, at) => some[at % some.length] ?? SIGNED[0]) : some
  const entries = all.flatMap((one, at): ReceiptRow[] => {
    if (one === undefined) return []
    const [model, counted, charged, state] = one
    const key = charged < 0 ? '' : (KEYS[at < 5 ? 0 : 1] ?? '')
    const jws = charged < 0 ? '' : `header.${at}.signature`
    return [[Date.now() - at * 47 * MINUTE_MS, `call-${at}`, 'openai', model, counted, charged, state, jws, key]]
  })
  return { entries, unreadable: wish === 'damaged' ? 1 : 0 }
}
