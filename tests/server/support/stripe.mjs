// stripe: a stand-in for Stripe's API that reads forms as Stripe does, and events signed by Stripe's own library.
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { join } from 'node:path'
import Stripe from 'stripe'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { configOf, ENVIRONMENT, ORIGIN, plan, token } from './server.mjs'

export const STRIPE_KEY = 'rk_test_keyhold_0123456789abcdefghijklmnopqrstuvwxyz'
export const WEBHOOK_SECRET = 'whsec_keyhold_0123456789abcdefghijklmnopqrstuv'
export const OLD_WEBHOOK_SECRET = 'whsec_before_0123456789abcdefghijklmnopqrstuvw'
export const PRICE = 'price_1KeyholdPro'
export const MAX_PRICE = 'price_1KeyholdMax'
export const DELETED_CUSTOMER = 'cus_deleted'
export const RETURN_URL = `${ORIGIN}/account?tab=plan`
Object.assign(ENVIRONMENT, {
  TEST_STRIPE_KEY: STRIPE_KEY,
  TEST_WEBHOOK_SECRET: WEBHOOK_SECRET,
  TEST_OLD_WEBHOOK_SECRET: OLD_WEBHOOK_SECRET,
  TEST_BROKEN_KEY: `${STRIPE_KEY}\n`,
})

export const PLANS = [
  plan(),
  plan({ id: 'pro', name: 'Pro', limitUsd: 5 }),
  plan({ id: 'max', name: 'Max', limitUsd: 50 }),
]

/** Of a server that sells plans by this stand-in. */
export function configWith(provider, stripe, over = {}, billing = {}) {
  return configOf(provider, {
    plans: PLANS,
    billing: {
      stripeKeyEnv: 'TEST_STRIPE_KEY',
      webhookSecretEnv: 'TEST_WEBHOOK_SECRET',
      apiBase: stripe.base,
      prices: { pro: PRICE, max: [MAX_PRICE, 'price_1KeyholdMaxOfLastYear'] },
      ...billing,
    },
    ...over,
  })
}

/** "a[b][0][c]=1" -> { a: { b: [{ c: '1' }] } } */
export function readForm(text) {
  const root = {}
  for (const [name, value] of new URLSearchParams(text)) {
    const path = [...name.matchAll(/^[^[\]]+|\[([^[\]]+)\]/g)].map((part) => part[1] ?? part[0])
    let at = root
    path.forEach((key, i) => {
      if (i === path.length - 1) {
        if (key in at) throw new Error(`${name} is there twice`)
        at[key] = value
      } else {
        at[key] ??= {}
        at = at[key]
      }
    })
  }
  const listed = (value) => {
    if (typeof value !== 'object') return value
    const entries = Object.entries(value).map(([key, one]) => [key, listed(one)])
    return entries.every(([key], i) => key === String(i)) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
  }
  return Object.fromEntries(Object.entries(root).map(([key, value]) => [key, listed(value)]))
}

const refusal = (response, status, error) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }))

/** @returns what came in `requests`, each { path, headers, form }; `instead`, if set, answers in its place. */
export async function startStripe() {
  const stripe = { requests: [], instead: undefined, sessions: 0 }
  const kept = new Map()
  const server = createServer(async (request, response) => {
    let text = ''
    request.on('error', () => {})
    response.on('error', () => {})
    for await (const chunk of request) text += chunk
    const seen = { method: request.method, path: request.url, headers: request.headers, form: readForm(text), text }
    stripe.requests.push(seen)
    if (stripe.instead) return stripe.instead(seen, response)
    answer(stripe, kept, seen, response)
  })
  await listen(server, 0)
  const { port } = server.address()
  return Object.assign(stripe, { base: `http://127.0.0.1:${port}/`, port, stop: () => stop(server) })
}

function answer(stripe, kept, { method, path, headers, form, text }, response) {
  if (headers.authorization !== `Bearer ${STRIPE_KEY}`) {
    return refusal(response, 401, {
      type: 'invalid_request_error',
      message: `Invalid API Key: ${headers.authorization}`,
    })
  }
  if (method !== 'POST' || headers['content-type'] !== 'application/x-www-form-urlencoded') {
    return refusal(response, 400, { type: 'invalid_request_error' })
  }
  const before = kept.get(headers['idempotency-key'])
  if (before && before.text !== text) return refusal(response, 400, { type: 'idempotency_error' })
  let body = before?.body
  if (!body && path === '/v1/checkout/sessions') {
    const [item] = form.line_items ?? []
    if (form.mode !== 'subscription' || !form.success_url || item?.quantity !== '1') {
      return refusal(response, 400, { type: 'invalid_request_error', code: 'parameter_missing' })
    }
    if (![PRICE, MAX_PRICE].includes(item.price) || form.customer === DELETED_CUSTOMER) {
      return refusal(response, 400, { type: 'invalid_request_error', code: 'resource_missing' })
    }
    const id = `cs_test_${++stripe.sessions}`
    body = { id, object: 'checkout.session', url: `https://checkout.stripe.com/c/pay/${id}#fidkdWxOYHwnPyd1blpxYHZxWj` }
  } else if (!body && path === '/v1/billing_portal/sessions') {
    if (!form.customer || !form.return_url) return refusal(response, 400, { type: 'invalid_request_error' })
    const id = `bps_${++stripe.sessions}`
    body = { id, object: 'billing_portal.session', url: `https://billing.stripe.com/p/session/${id}` }
  } else if (!body) {
    return refusal(response, 404, { type: 'invalid_request_error' })
  }
  kept.set(headers['idempotency-key'], { text, body })
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const official = new Stripe(STRIPE_KEY)
/** Now, as Stripe counts. */
export const seconds = () => Math.floor(Date.now() / 1000)

/** A header by Stripe's own library. */
export const signature = (payload, { secret = WEBHOOK_SECRET, timestamp = seconds() } = {}) =>
  official.webhooks.generateTestHeaderString({ payload, secret, timestamp })

let events = 0
const event = (type, created, object) => ({
  id: `evt_${process.pid}_${++events}`,
  object: 'event',
  api_version: '2026-10-28.endive',
  created,
  livemode: false,
  pending_webhooks: 1,
  request: { id: null, idempotency_key: null },
  type,
  data: { object },
})

/** @param of  verb, created, id, status, price, user (of its metadata), customer, periodEnd, and what else its object has in `more` */
export function subscriptionEvent(of = {}) {
  const at = of.created ?? seconds()
  const periodEnd = of.periodEnd ?? 1_900_000_000
  return event(`customer.subscription.${of.verb ?? 'updated'}`, at, {
    id: of.id ?? 'sub_1',
    object: 'subscription',
    customer: of.customer ?? `cus_of_${of.id ?? 'sub_1'}`,
    status: of.status ?? 'active',
    cancel_at: null,
    cancel_at_period_end: false,
    ended_at: null,
    metadata: of.user ? { user: of.user, plan: 'pro' } : {},
    items: {
      object: 'list',
      has_more: false,
      data: [
        { id: 'si_1', object: 'subscription_item', current_period_end: periodEnd, price: { id: of.price ?? PRICE } },
      ],
    },
    ...of.more,
  })
}

export const checkoutEvent = ({ id = 'sub_1', user, created = seconds(), mode = 'subscription' }) =>
  event('checkout.session.completed', created, {
    id: `cs_of_${id}`,
    object: 'checkout.session',
    mode,
    client_reference_id: user,
    customer: `cus_of_${id}`,
    subscription: mode === 'subscription' ? id : null,
  })

/** Brings an event to the server, as Stripe does. @returns status, and the problem's type and code */
export async function bring(server, what, { header, headers = {}, payload = JSON.stringify(what) } = {}) {
  const response = await fetch(`${server.url}/v1/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': header ?? signature(payload), ...headers },
    body: payload,
  })
  return read(response)
}

/** Asks for a session as a page does. */
export async function buy(server, user, { route = 'checkout', body, headers = {} } = {}) {
  const asked = body ?? (route === 'checkout' ? { plan: 'pro', return_url: RETURN_URL } : { return_url: RETURN_URL })
  const response = await fetch(`${server.url}/v1/${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token(user)}`, 'content-type': 'application/json', ...headers },
    body: typeof asked === 'string' ? asked : JSON.stringify(asked),
  })
  return read(response)
}

async function read(response) {
  const body = await response.json()
  const type = body.type?.replace('urn:keyhold:', '')
  return { status: response.status, type, code: body.code, url: body.url, body, text: JSON.stringify(body) }
}

const databaseOf = (server) => join(server.folder, 'keyhold-server.db')

/** The first column of the first row. */
export const query = (server, sql) =>
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', databaseOf(server), sql])
    .toString()
    .trim()

/** Keeps everybody else from writing, until the returned function is called. */
export async function lockDatabase(server) {
  const child = spawn('sqlite3', ['-cmd', '.timeout 10000', databaseOf(server)])
  child.stdin.write("BEGIN EXCLUSIVE;\nSELECT 'locked';\n")
  await new Promise((done) => child.stdout.once('data', done))
  return async () => {
    child.stdin.end('ROLLBACK;\n')
    await new Promise((done) => child.once('close', done))
  }
}
