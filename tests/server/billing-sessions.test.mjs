// billing-sessions: where a user pays and manages what they pay for: what is asked of Stripe, and every refusal.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, test } from 'node:test'
import Stripe from 'stripe'
import { command, configOf, makeFolder, ORIGIN, startProvider, startServer } from './support/server.mjs'
import {
  bring,
  buy,
  configWith,
  DELETED_CUSTOMER,
  MAX_PRICE,
  PRICE,
  RETURN_URL,
  startStripe,
  STRIPE_KEY,
  subscriptionEvent,
} from './support/stripe.mjs'

let provider
let stripe
let server
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  server = await startServer(configWith(provider, stripe))
})
after(async () => {
  await server?.stop()
  await stripe?.stop()
  await provider?.stop()
})

const last = () => stripe.requests.at(-1)
const official = () =>
  new Stripe(STRIPE_KEY, { host: '127.0.0.1', port: stripe.port, protocol: 'http', maxNetworkRetries: 0 })
const wrong = ({ status, type }) => [status, type]

test('a checkout is a subscription to the price of the plan, and both ways back are where the page said', async () => {
  const { status, url } = await buy(server, 'ann & bob=ü')
  assert.equal(status, 200)
  assert.match(url, /^https:\/\/checkout\.stripe\.com\/c\/pay\/cs_test_\d+#/)
  const { method, path, headers, form } = last()
  assert.deepEqual([method, path], ['POST', '/v1/checkout/sessions'])
  const user = 'ann & bob=ü'
  assert.deepEqual(form, {
    mode: 'subscription',
    line_items: [{ price: PRICE, quantity: '1' }],
    client_reference_id: user,
    metadata: { user, plan: 'pro' },
    subscription_data: { metadata: { user, plan: 'pro' } },
    success_url: `${RETURN_URL}&checkout=done`,
    cancel_url: `${RETURN_URL}&checkout=cancelled`,
  })
  assert.equal(headers.authorization, `Bearer ${STRIPE_KEY}`)
  assert.match(headers['idempotency-key'], /^keyhold-[\w-]{22}$/)
  assert.equal(headers.origin, undefined)
})

test("the stand-in reads the official client's form of the same session to the same fields, and wants the same version", async () => {
  await buy(server, 'same', { body: { plan: 'max', return_url: RETURN_URL } })
  const ours = last()
  assert.equal(ours.form.line_items[0].price, MAX_PRICE)
  const session = await official().checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: MAX_PRICE, quantity: 1 }],
    client_reference_id: 'same',
    metadata: { user: 'same', plan: 'max' },
    subscription_data: { metadata: { user: 'same', plan: 'max' } },
    success_url: `${RETURN_URL}&checkout=done`,
    cancel_url: `${RETURN_URL}&checkout=cancelled`,
  })
  assert.match(session.url, /^https:\/\/checkout\.stripe\.com\//)
  assert.deepEqual(last().form, ours.form)
  assert.equal(last().headers['stripe-version'], ours.headers['stripe-version'])
  assert.equal(last().headers['content-type'], ours.headers['content-type'])
})

test('with the same Idempotency-Key of the same user there is one session; of another user there is another', async () => {
  const headers = { 'idempotency-key': 'the-button' }
  const first = await buy(server, 'click', { headers })
  const second = await buy(server, 'click', { headers })
  const other = await buy(server, 'clack', { headers })
  assert.equal(first.url, second.url)
  assert.notEqual(first.url, other.url)
})

test('who has a subscription is sent to the portal, not to pay a second time; who had one is the same customer', async () => {
  const event = (more) => subscriptionEvent({ id: 'sub_has', user: 'has', ...more })
  await bring(server, event({ created: 10 }))
  assert.deepEqual(wrong(await buy(server, 'has')), [409, 'already_subscribed'])
  const other = await buy(server, 'has', { body: { plan: 'max', return_url: RETURN_URL } })
  assert.deepEqual(wrong(other), [409, 'already_subscribed'])
  const managed = await buy(server, 'has', { route: 'portal' })
  assert.equal(managed.status, 200)
  assert.match(managed.url, /^https:\/\/billing\.stripe\.com\//)
  const ours = last()
  assert.deepEqual(
    [ours.path, ours.form],
    ['/v1/billing_portal/sessions', { customer: 'cus_of_sub_has', return_url: RETURN_URL }],
  )
  await official().billingPortal.sessions.create({ customer: 'cus_of_sub_has', return_url: RETURN_URL })
  assert.deepEqual(last().form, ours.form)

  await bring(server, event({ created: 11, verb: 'deleted', status: 'canceled' }))
  assert.equal((await buy(server, 'has')).status, 200)
  assert.equal(last().form.customer, 'cus_of_sub_has')
  // Deleted at Stripe: they become a new one.
  await bring(server, subscriptionEvent({ id: 'sub_was', user: 'was', status: 'canceled', customer: DELETED_CUSTOMER }))
  assert.equal((await buy(server, 'was')).status, 200)
  assert.deepEqual([stripe.requests.at(-2).form.customer, last().form.customer], [DELETED_CUSTOMER, undefined])
})

test('what cannot be bought, and where nobody may be sent, is refused before Stripe hears of it', async () => {
  const before = stripe.requests.length
  const at = (return_url) => ({ plan: 'pro', return_url })
  for (const [body, status, type] of [
    [{ plan: 'free', return_url: RETURN_URL }, 400, 'plan_not_for_sale'],
    [{ plan: 'gold', return_url: RETURN_URL }, 400, 'plan_not_for_sale'],
    [at('https://evil.example/'), 400, 'return_url_not_allowed'],
    [at(`${ORIGIN}.evil.example/`), 400, 'return_url_not_allowed'],
    [at('javascript:alert(1)'), 400, 'return_url_not_allowed'],
    [at('/account'), 400, 'return_url_not_allowed'],
    [{ plan: 'pro' }, 400, 'malformed_request'],
    [{ ...at(RETURN_URL), customer: 'cus_of_bob' }, 400, 'malformed_request'],
    ['not json', 400, 'malformed_request'],
    ['', 400, 'malformed_request'],
  ]) {
    assert.deepEqual(wrong(await buy(server, 'eve', { body })), [status, type], JSON.stringify(body))
  }
  const away = await buy(server, 'eve', { route: 'portal', body: { return_url: 'https://evil.example/' } })
  assert.deepEqual(wrong(away), [400, 'return_url_not_allowed'])
  assert.deepEqual(wrong(await buy(server, 'eve', { route: 'portal' })), [409, 'no_subscription'])
  for (const route of ['checkout', 'portal']) {
    const none = await fetch(`${server.url}/v1/${route}`, { method: 'POST', body: '{}' })
    assert.equal(none.status, 401)
  }
  assert.equal((await fetch(`${server.url}/v1/checkout`)).status, 405)
  assert.equal(stripe.requests.length, before)
})

test('whatever Stripe answers that is no session is 502 billing_failed, and nobody is sent anywhere', async () => {
  const json = (status, body) => (_, response) => response.writeHead(status).end(JSON.stringify(body))
  const answers = {
    'a refusal': json(400, { error: { type: 'invalid_request_error', code: 'resource_missing' } }),
    'a failure': json(500, {}),
    'no address': json(200, { id: 'cs_1' }),
    'a script': json(200, { url: 'javascript:alert(1)' }),
    'a plain address elsewhere': json(200, { url: 'http://checkout.stripe.com/x' }),
    'no JSON': (_, response) => response.end('hello'),
    'too much': (_, response) => response.end('x'.repeat(1 << 20)),
    'a connection that breaks': (_, response) => response.destroy(),
    'a redirect': (_, response) => response.writeHead(302, { location: 'https://evil.example/' }).end(),
  }
  try {
    await bring(server, subscriptionEvent({ id: 'sub_managed', user: 'managed' }))
    for (const [i, [what, instead]] of Object.entries(answers).entries()) {
      stripe.instead = instead
      assert.deepEqual(wrong(await buy(server, `fails${i}`)), [502, 'billing_failed'], what)
      assert.deepEqual(wrong(await buy(server, 'managed', { route: 'portal' })), [502, 'billing_failed'], what)
    }
  } finally {
    stripe.instead = undefined
  }
  assert.equal((await buy(server, 'fails')).status, 200)
})

test('a Stripe that says nothing is waited for a bounded time; one that is not there not at all', async () => {
  stripe.instead = () => {}
  const started = Date.now()
  const answer = await buy(server, 'silent')
  stripe.instead = undefined
  assert.deepEqual(wrong(answer), [502, 'billing_failed'])
  assert.ok(Date.now() - started < 25_000)
  const alone = await startServer(configWith(provider, { base: 'http://127.0.0.1:1/' }))
  assert.deepEqual(wrong(await buy(alone, 'alone')), [502, 'billing_failed'])
  await alone.stop()
})

test('one user can ask for ten sessions in a minute, and their calls are counted apart', async () => {
  const statuses = []
  for (let i = 0; i < 12; i++) statuses.push((await buy(server, 'many')).status)
  assert.deepEqual(new Set(statuses.slice(0, 10)), new Set([200]))
  assert.equal(statuses[11], 429)
  await bring(server, subscriptionEvent({ id: 'sub_often', user: 'often' }))
  for (let i = 0; i < 12; i++) statuses.push((await buy(server, 'often', { route: 'portal' })).status)
  assert.deepEqual([statuses[12], statuses[23]], [200, 429])
  assert.equal((await buy(server, 'another')).status, 200)
})

test('a page of another origin may not ask; one of ours may, and its preflight is answered', async () => {
  const evil = await buy(server, 'page', { headers: { origin: 'https://evil.example' } })
  assert.deepEqual(wrong(evil), [403, 'origin_not_allowed'])
  const headers = { origin: 'https://evil.example' }
  assert.deepEqual(wrong(await buy(server, 'page', { route: 'portal', headers })), [403, 'origin_not_allowed'])
  const event = subscriptionEvent({ id: 'sub_page', user: 'page' })
  assert.deepEqual(wrong(await bring(server, event, { headers })), [403, 'origin_not_allowed'])
  const preflight = await fetch(`${server.url}/v1/checkout`, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-methods'), /POST/)
  assert.equal((await buy(server, 'page', { headers: { origin: ORIGIN } })).status, 200)
})

test('where billing is not configured, its routes say so, before any body is read', async () => {
  const off = await startServer(configOf(provider))
  assert.deepEqual(wrong(await buy(off, 'ann')), [404, 'billing_off'])
  assert.deepEqual(wrong(await buy(off, 'ann', { route: 'portal' })), [404, 'billing_off'])
  assert.deepEqual(wrong(await bring(off, subscriptionEvent())), [404, 'billing_off'])
  const { plans } = await (await fetch(`${off.url}/v1/plans`)).json()
  assert.equal(plans[0].checkout, false)
  await off.stop()
})

for (const [what, billing, expected] of [
  ['a setting that is not there', { key: 'x' }, /billing\.key: there is no such setting/],
  ['no key', { stripeKeyEnv: 'NO_SUCH_VARIABLE' }, /billing\.stripeKeyEnv: the environment has no such/],
  ['no secret', { webhookSecretEnv: undefined }, /billing\.webhookSecretEnv: a text of 1 to/],
  ['a key with a line end', { stripeKeyEnv: 'TEST_BROKEN_KEY' }, /billing\.stripeKeyEnv: the variable has a space/],
  ['no prices', { prices: {} }, /billing\.prices: at least one plan/],
  ['a plan nobody has', { prices: { gold: PRICE } }, /billing\.prices\.gold: there is no such plan/],
  ['a price that is none', { prices: { pro: 7 } }, /billing\.prices\.pro: .* is expected/],
  ['a price with a space', { prices: { pro: ['a b'] } }, /billing\.prices\.pro\[0\]: the id of a price/],
  ['one price for two plans', { prices: { pro: PRICE, max: PRICE } }, /billing\.prices\.\w+: another plan has this/],
  ['the first plan for sale', { prices: { free: PRICE } }, /billing\.prices: the first plan/],
  ['an address by http', { apiBase: 'http://api.stripe.com/' }, /billing\.apiBase: an https address/],
  ['a way back that is no origin', { returnUrls: [RETURN_URL] }, /billing\.returnUrls\[0\]: an origin is expected/],
  ['no way back', { returnUrls: [] }, /billing\.returnUrls: at least one origin/],
]) {
  test(`a configuration with ${what} is refused, with its place`, async () => {
    const folder = makeFolder(configWith(provider, stripe, {}, billing))
    const { code, output } = await command(folder, 'check-config')
    rmSync(folder, { recursive: true })
    assert.equal(code, 1)
    assert.match(output, expected)
    assert.ok(!output.includes(STRIPE_KEY))
  })
}

test('a good configuration says which plans are sold', async () => {
  const folder = makeFolder(configWith(provider, stripe))
  const { code, output } = await command(folder, 'check-config')
  rmSync(folder, { recursive: true })
  assert.equal(code, 0)
  assert.match(output, /Plan max is sold by Stripe\.\nPlan pro is sold by Stripe\./)
})
