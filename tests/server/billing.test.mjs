// billing: plans that are paid for by Stripe: its events signed by its own library, and what the account is after each.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { account, ask, command, startProvider, startServer, token } from './support/server.mjs'
import {
  bring,
  buy,
  checkoutEvent,
  configWith,
  lockDatabase,
  MAX_PRICE,
  OLD_WEBHOOK_SECRET,
  query,
  seconds,
  signature,
  startStripe,
  STRIPE_KEY,
  subscriptionEvent,
  WEBHOOK_SECRET,
} from './support/stripe.mjs'

let provider
let stripe
let server
before(async () => {
  provider = await startProvider()
  stripe = await startStripe()
  server = await startServer(configWith(provider, stripe, {}, { oldWebhookSecretEnv: 'TEST_OLD_WEBHOOK_SECRET' }))
})
after(async () => {
  await server?.stop()
  await stripe?.stop()
  await provider?.stop()
})

const planOf = async (user) => {
  const { plan, status } = await account(server, user)
  return `${plan} ${status}`
}
const taken = { status: 200, received: true }
const brought = async (what, options) => {
  const { status, body } = await bring(server, what, options)
  return { status, received: body.received }
}

test('a signed event is taken, and its user is on the plan of its price', async () => {
  assert.equal(await planOf('ann'), 'free active')
  assert.deepEqual(await brought(subscriptionEvent({ id: 'sub_ann', user: 'ann' })), taken)
  assert.equal(await planOf('ann'), 'pro active')
  const max = subscriptionEvent({ id: 'sub_ann', user: 'ann', price: MAX_PRICE, created: seconds() + 1 })
  assert.deepEqual(await brought(max), taken)
  assert.equal(await planOf('ann'), 'max active')
})

test('under the secret before the last, which is still allowed, it is taken as well', async () => {
  const event = subscriptionEvent({ id: 'sub_old', user: 'old' })
  const header = signature(JSON.stringify(event), { secret: OLD_WEBHOOK_SECRET })
  assert.deepEqual(await brought(event, { header }), taken)
  assert.equal(await planOf('old'), 'pro active')
})

test('what is not signed as it should be is refused, and changes nothing', async () => {
  const event = subscriptionEvent({ id: 'sub_bad', user: 'bad' })
  const text = JSON.stringify(event)
  const good = signature(text)
  const cases = [
    ['no header', { headers: { 'stripe-signature': '' } }, 'missing_signature'],
    ['a header that is none', { header: 'good morning' }, 'missing_signature'],
    ['a header without a v1', { header: good.replace('v1=', 'v0=') }, 'missing_signature'],
    ['a header that is too long', { header: `${good},${'x'.repeat(3000)}=1` }, 'missing_signature'],
    ['another secret', { header: signature(text, { secret: 'whsec_of_somebody_else' }) }, 'wrong_signature'],
    ['a signature of another body', { header: signature(`${text} `) }, 'wrong_signature'],
    ['an old time', { header: signature(text, { timestamp: seconds() - 310 }) }, 'too_old'],
    ['a time to come', { header: signature(text, { timestamp: seconds() + 310 }) }, 'too_early'],
    ['a newer time put in', { header: good.replace(/t=\d+/, `t=${seconds() + 1}`) }, 'wrong_signature'],
  ]
  for (const [what, options, code] of cases) {
    const answer = await bring(server, event, { payload: text, ...options })
    assert.deepEqual([answer.status, answer.type, answer.code], [400, 'bad_signature', code], what)
  }
  for (const at of [0, 5, Math.floor(text.length / 2), text.length - 1]) {
    const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
    const answer = await bring(server, event, { payload: changed, header: good })
    assert.deepEqual([answer.status, answer.code], [400, 'wrong_signature'], `byte ${at}`)
  }
  assert.equal(await planOf('bad'), 'free active')
  assert.equal(query(server, "SELECT COUNT(*) FROM subscriptions WHERE subscription_id = 'sub_bad'"), '0')
  // Positive control: the same bytes with their own header.
  assert.deepEqual(await brought(event, { payload: text, header: good }), taken)
  assert.equal(await planOf('bad'), 'pro active')
})

test('what is signed but cannot be read is refused; what no plan depends on is taken and forgotten', async () => {
  for (const payload of ['', '{', '[]', '{"id":"evt_1"}', '{"id":"a","id":"b"}']) {
    const answer = await bring(server, undefined, { payload })
    assert.deepEqual([answer.status, answer.type], [400, 'malformed_request'], payload)
  }
  const before = query(server, 'SELECT COUNT(*) FROM billing_events')
  const event = { ...subscriptionEvent(), type: 'invoice.paid' }
  assert.deepEqual(await brought(event), taken)
  assert.deepEqual(await brought(checkoutEvent({ id: 'x', user: 'ann', mode: 'payment' })), taken)
  assert.equal(query(server, 'SELECT COUNT(*) FROM billing_events'), before)
})

test('a body over its bound is refused before it is read, by its length and in chunks', async () => {
  const headers = { 'stripe-signature': signature('x') }
  const url = `${server.url}/v1/webhooks/stripe`
  const large = await fetch(url, { method: 'POST', headers, body: 'x'.repeat(300_000) })
  assert.equal(large.status, 413)
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 5; i++) controller.enqueue(new Uint8Array(100_000))
      controller.close()
    },
  })
  const chunked = await fetch(url, { method: 'POST', headers, body, duplex: 'half' })
  assert.equal(chunked.status, 413)
  const long = await buy(server, 'ann', { body: { plan: 'pro', return_url: 'x'.repeat(5000) } })
  assert.deepEqual([long.status, long.type], [413, 'too_large'])
  assert.equal((await fetch(url)).status, 405)
})

test('an event that comes again, and twenty at once, count once', async () => {
  const event = subscriptionEvent({ id: 'sub_twice', user: 'twice' })
  const all = await Promise.all(Array.from({ length: 20 }, () => brought(event)))
  assert.ok(all.every(({ status, received }) => status === 200 && received))
  assert.deepEqual(await brought(event), taken)
  assert.equal(query(server, "SELECT events FROM subscriptions WHERE subscription_id = 'sub_twice'"), '1')
  assert.equal(await planOf('twice'), 'pro active')
})

test('in whatever order events come, the account ends as the last says; one without a user waits for its checkout', async () => {
  const start = seconds() - 100
  const life = (id, user) => [
    subscriptionEvent({ id, verb: 'created', status: 'incomplete', created: start }),
    subscriptionEvent({ id, status: 'active', created: start }),
    checkoutEvent({ id, user, created: start + 1 }),
    subscriptionEvent({ id, status: 'past_due', created: start + 20 }),
    subscriptionEvent({ id, status: 'active', created: start + 30 }),
  ]
  const orders = [
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [4, 2, 0, 3, 1],
    [1, 4, 0, 3, 2],
    [3, 4, 3, 4, 0, 1, 0, 2, 2],
  ]
  for (const [i, order] of orders.entries()) {
    const events = life(`sub_order${i}`, `order${i}`)
    for (const at of order) assert.deepEqual(await brought(events[at]), taken)
    assert.equal(await planOf(`order${i}`), 'pro active', `order ${order}`)
  }
  // Ended, in the same second as its last change, which comes late.
  const id = 'sub_late'
  await brought(subscriptionEvent({ id, user: 'late', verb: 'created', created: start }))
  await brought(subscriptionEvent({ id, user: 'late', verb: 'deleted', status: 'canceled', created: start + 5 }))
  await brought(subscriptionEvent({ id, user: 'late', status: 'active', created: start + 5 }))
  await brought(subscriptionEvent({ id, user: 'late', status: 'active', created: start + 4 }))
  assert.equal(await planOf('late'), 'free active')
})

test('past_due works on, unpaid is 402 plan_lapsed, paid again works again, deleted is the first plan', async () => {
  let created = seconds() - 1000
  const now = async (status, verb = 'updated') => {
    created += 10
    await brought(subscriptionEvent({ id: 'sub_life', user: 'life', status, verb, created }))
    const answer = await ask(server, 'life')
    const { type } = answer.ok ? {} : await answer.json()
    return [await planOf('life'), answer.status, type]
  }
  assert.deepEqual(await now('active', 'created'), ['pro active', 200, undefined])
  assert.deepEqual(await now('past_due'), ['pro active', 200, undefined])
  assert.deepEqual(await now('unpaid'), ['pro lapsed', 402, 'urn:keyhold:plan_lapsed'])
  assert.deepEqual(await now('active'), ['pro active', 200, undefined])
  assert.deepEqual(await now('paused'), ['pro lapsed', 402, 'urn:keyhold:plan_lapsed'])
  assert.deepEqual(await now('canceled', 'deleted'), ['free active', 200, undefined])
})

test('what the operator sets holds until the next change of what is paid for', async () => {
  const event = (more) => subscriptionEvent({ id: 'sub_set', user: 'set', ...more })
  await brought(event({ created: 100 }))
  assert.equal((await command(server.folder, 'plan', 'set', 'set', 'max')).code, 0)
  await brought(event({ created: 101, status: 'past_due' }))
  assert.equal(await planOf('set'), 'max active')
  await brought(event({ created: 102, verb: 'deleted', status: 'canceled' }))
  assert.equal(await planOf('set'), 'free active')
})

test('the account says what is paid for and until when, and the plans which can be bought', async () => {
  const subscriptionOf = async (user) => (await account(server, user)).subscription
  const periodEnd = seconds() + 86_400
  await brought(subscriptionEvent({ id: 'sub_show', user: 'show', created: 10, periodEnd }))
  const renews = { status: 'active', plan: 'pro', renews_at: periodEnd * 1000, portal: true }
  assert.deepEqual(await subscriptionOf('show'), renews)
  const more = { cancel_at_period_end: true }
  await brought(subscriptionEvent({ id: 'sub_show', user: 'show', created: 11, periodEnd, more }))
  const ends = { status: 'active', plan: 'pro', ends_at: periodEnd * 1000, portal: true }
  assert.deepEqual(await subscriptionOf('show'), ends)
  assert.equal(await subscriptionOf('nobody'), undefined)
  const { plans } = await (await fetch(`${server.url}/v1/plans`)).json()
  assert.deepEqual(
    plans.map(({ id, checkout }) => [id, checkout]),
    [
      ['free', false],
      ['pro', true],
      ['max', true],
    ],
  )
})

test('while the database is locked an event is 503, so that Stripe brings it again; then it counts', async () => {
  const event = subscriptionEvent({ id: 'sub_wait', user: 'wait' })
  const unlock = await lockDatabase(server)
  const answer = await bring(server, event)
  assert.deepEqual([answer.status, answer.type], [503, 'unavailable'])
  await unlock()
  assert.deepEqual(await brought(event), taken)
  assert.equal(await planOf('wait'), 'pro active')
})

test('while the database is gone an event is 503 as well, and no empty one is made in its place', async () => {
  const event = subscriptionEvent({ id: 'sub_gone', user: 'gone' })
  const file = join(server.folder, 'keyhold-server.db')
  renameSync(file, `${file}.away`)
  const answer = await bring(server, event)
  const bought = await buy(server, 'gone')
  const managed = await buy(server, 'gone', { route: 'portal' })
  const made = existsSync(file)
  renameSync(`${file}.away`, file)
  assert.deepEqual([answer.status, answer.type, made], [503, 'unavailable', false])
  assert.deepEqual([bought.status, managed.status], [503, 503])
  assert.deepEqual(await brought(event), taken)
  assert.equal(await planOf('gone'), 'pro active')
})

test('neither the key nor the secrets of webhooks are in an answer, the log or the database', async () => {
  stripe.instead = ({ headers }, response) =>
    response.writeHead(401).end(JSON.stringify({ error: { code: 'bad', message: headers.authorization } }))
  const refusedBuy = await buy(server, 'canary')
  stripe.instead = undefined
  const answers = [
    refusedBuy.text,
    (await buy(server, 'canary')).text,
    (await bring(server, subscriptionEvent(), { header: 't=1,v1=00' })).text,
    await (await fetch(`${server.url}/v1/plans`)).text(),
    await (
      await fetch(`${server.url}/v1/account`, { headers: { authorization: `Bearer ${await token('ann')}` } })
    ).text(),
  ].join('\n')
  const files = readdirSync(server.folder).filter((name) => name.includes('.db'))
  const database = files.map((name) => readFileSync(join(server.folder, name), 'latin1')).join('\n')
  for (const secret of [STRIPE_KEY, WEBHOOK_SECRET, OLD_WEBHOOK_SECRET]) {
    for (const [where, text] of Object.entries({ answers, database, log: server.log })) {
      assert.ok(!text.includes(secret), `a secret is in ${where}`)
    }
  }
  // Positive control: each of the three is what is looked at, and the stand-in was shown the key.
  assert.match(answers, /checkout\.stripe\.com/)
  assert.match(database, /sub_ann/)
  assert.match(server.log, /stripe answered 401 bad/)
  assert.ok(stripe.requests.every(({ headers }) => headers.authorization === `Bearer ${STRIPE_KEY}`))
  assert.ok(!server.log.includes('sub_') && !server.log.includes('evt_') && !server.log.includes('cus_'))
})
