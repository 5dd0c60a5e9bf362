// grants: a page that was granted something tries for more: past its end or its amount, other providers, models, kinds of call,
// another page's grant. Against the real worker and engine; OpenAI is played by the test.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answered, APP, call, CHAT, codeOf, NOW, SECRET, seen, vault, WISH } from './support/pages.mjs'
import { weakened } from './support/weaken.mjs'

/** A worker that does not tell the engine who asks: every call counts as the vault's own page's. */
const anonymous = {
  'src/worker/calls.ts': [
    [
      'vault.engine.fetch(url, method, headers, body, asker.app, key, vault.now(), app !== null)',
      "vault.engine.fetch(url, method, headers, body, '', key, vault.now(), app !== null)",
    ],
  ],
}
const body = (fields) => ({
  body: new TextEncoder().encode(
    JSON.stringify({ max_tokens: 10, messages: [{ role: 'user', content: 'hi' }], ...fields }),
  ),
})
const MINUTE = 60_000

const IMAGES = 'https://api.openai.com/v1/images/generations'
const HAIKU = 'https://api.anthropic.com/v1/messages'
const anthropic = {
  headers: [
    ['content-type', 'application/json'],
    ['anthropic-version', '2023-06-01'],
  ],
}

/** What is granted; what is tried (with the vault's clock); with what it is refused. */
const ATTACKS = [
  [
    'another provider',
    {},
    ({ page }) => page.ask(call(2, HAIKU, { ...anthropic, ...body({ model: 'claude-haiku-4-5' }) })),
    'ERR_NOT_GRANTED',
  ],
  [
    'another model',
    { models: ['gpt-4o-mini'] },
    ({ page }) => page.ask(call(2, CHAT, body({ model: 'gpt-4o' }))),
    'ERR_NOT_GRANTED',
  ],
  [
    'a model whose name begins alike',
    { models: ['gpt-4o-mini'] },
    ({ page }) => page.ask(call(2, CHAT, body({ model: 'gpt-4o-mini-2' }))),
    'ERR_NOT_GRANTED',
  ],
  ['no model', { models: ['gpt-4o-mini'] }, ({ page }) => page.ask(call(2, CHAT, body({}))), 'ERR_NOT_GRANTED'],
  [
    'another kind of call',
    {},
    ({ page }) => page.ask(call(2, IMAGES, body({ model: 'gpt-image-1', prompt: 'x' }))),
    'ERR_NOT_GRANTED',
  ],
  [
    'after its end',
    { expiresAt: NOW + MINUTE },
    async ({ page, clock, tab }) => {
      clock.now += MINUTE
      await tab.status()
      return page.ask(call(2))
    },
    'ERR_NEEDS_USER',
  ],
  [
    'the grant of another origin',
    {},
    async ({ host }) => (await host('https://evil.example')).ask(call(2)),
    'ERR_NEEDS_USER',
  ],
  [
    'of an origin that only looks like it',
    {},
    async ({ host }) => (await host(`${APP}.evil.example`)).ask(call(2)),
    'ERR_NEEDS_USER',
  ],
  [
    'the same name without its scheme',
    {},
    async ({ host }) => (await host('http://app.example')).ask(call(2)),
    'ERR_NEEDS_USER',
  ],
  ['the same name on another port', {}, async ({ host }) => (await host(`${APP}:444`)).ask(call(2)), 'ERR_NEEDS_USER'],
  [
    'a key by its id',
    {},
    async ({ page, tab }) => page.ask(call(2, CHAT, { key: (await tab.keys())[0].id })),
    'ERR_BAD_INPUT',
  ],
]

describe('a grant is not used', () => {
  test('for more than it says', async (t) => {
    const world = await vault(t)
    for (const [what, terms, attempt, code] of ATTACKS) {
      await t.test(`for ${what}: ${code}, and nothing is sent`, async () => {
        const page = await world.grant(terms)
        const asked = await page.ask(call(9, CHAT, body({ model: 'gpt-4o-mini' })))
        assert.equal(codeOf(asked), 'ok', 'control: what was granted is done')
        const before = world.sent().length
        assert.equal(codeOf(await attempt({ ...world, page })), code)
        assert.equal(world.sent().length, before)
      })
    }
  })

  test('control: where the worker does not say who asks, each of them reaches the provider with the key', async (t) => {
    const weak = await weakened({
      ...anonymous,
      'src/worker/serve.ts': [["(op === 'fetch' && request.key !== null && this.#role.is === 'host')", 'false']],
    })
    const world = await vault(t, { weak })
    const page = await world.grant()
    for (const [what, , attempt] of ATTACKS) {
      const before = world.sent().length
      assert.equal(codeOf(await attempt({ ...world, page })), 'ok', what)
      const [request] = world.sent().slice(before)
      assert.match(request.headers.authorization ?? request.headers['x-api-key'], /sk-/, what)
    }
  })
})

describe('an amount', () => {
  // A call of 10 tokens in and 10 out is priced at 8 millionths of a dollar; the bound of one is some hundreds.
  const spend = async (t, { weak, terms, together = false }) => {
    let open = () => {}
    const opened = new Promise((done) => (open = done))
    const world = await vault(t, { weak, answer: together ? () => opened.then(answered) : answered })
    const page = await world.grant(terms)
    const codes = []
    const one = async (number) => {
      codes.push(codeOf(await page.ask(call(number, CHAT, body({ model: 'gpt-4o-mini' })))))
      if (!together && codes.at(-1) === 'ok')
        await seen(() => page.events.some(({ call: of, part }) => of === number && part.type === 'end'))
    }
    const numbers = Array.from({ length: 40 }, (_, index) => 100 + index)
    if (together) {
      const all = numbers.map(one)
      await seen(() => codes.length >= 38)
      open()
      await Promise.all(all)
    }
    for (const number of together ? [] : numbers) await one(number)
    return { ...world, codes, sent: world.sent().length, page }
  }
  const terms = { dayMicroUsd: 400 }

  test('a page that calls again and again is stopped before it is spent, and asking anew gives nothing back', async (t) => {
    const { codes, sent, page, grant, own } = await spend(t, { terms })
    assert.ok(codes[0] === 'ok' && codes.at(-1) === 'ERR_CAP_REACHED', codes.join())
    const made = codes.filter((code) => code === 'ok').length
    assert.equal(sent, made)
    assert.ok(made * 8 <= 400)
    assert.equal((await own.ask({ op: 'grants' })).value.length, 1)
    const again = await grant(terms)
    assert.equal(codeOf(await again.ask(call(900, CHAT, body({ model: 'gpt-4o-mini' })))), 'ERR_CAP_REACHED')
    assert.equal(codeOf(await page.ask({ op: 'access' })), 'ok')
  })
  test('forty calls at once do not slip past it', async (t) => {
    const { codes, sent } = await spend(t, { terms, together: true })
    assert.equal(sent, codes.filter((code) => code === 'ok').length)
    assert.ok(sent >= 1 && sent <= 2, `${sent} were sent`)
    assert.ok(codes.every((code) => code === 'ok' || code === 'ERR_CAP_REACHED'))
  })
  test('a call whose cost nobody can bound is not made under one', async (t) => {
    const { grant, sent } = await vault(t)
    const page = await grant(terms)
    for (const [fields, code] of [
      [{ model: 'gpt-4o-mini', n: 100 }, /CAP_REACHED|CAP_UNBOUNDED/],
      [{ model: 'gpt-4o-mini', service_tier: 'priority' }, /CAP_UNBOUNDED/],
      [{ model: 'gpt-4o-mini', max_tokens: undefined }, /CAP_REACHED|CAP_UNBOUNDED/],
      [{ model: 'gpt-4o-mini', web_search_options: {} }, /CAP_UNBOUNDED/],
      [{ model: 'gpt-of-no-list' }, /CAP_UNBOUNDED/],
    ]) {
      assert.match(codeOf(await page.ask(call(2, CHAT, body(fields)))), code, JSON.stringify(fields))
    }
    assert.deepEqual(sent(), [])
  })
  test('control: where the worker does not say who asks, all forty are made', async (t) => {
    const { codes, sent } = await spend(t, { weak: await weakened(anonymous), terms })
    assert.deepEqual([codes.filter((code) => code === 'ok').length, sent], [40, 40])
  })
})

test('a page does not raise what it was allowed: what the user decided counts, not what was asked', async (t) => {
  const { own, host, sent } = await vault(t)
  const page = await host()
  const asked = page.ask({ op: 'requestAccess', call: 1, wish: { ...WISH, providers: ['openai', 'anthropic'] } })
  let question
  while (question === undefined) [question] = (await own.ask({ op: 'questions' })).value
  await own.ask({ op: 'decide', question: question.id, terms: { ...WISH, dayMicroUsd: 0 } })
  assert.deepEqual((await asked).value.providers, [{ id: 'openai', ready: true }])
  assert.equal(codeOf(await page.ask(call(2, CHAT, body({ model: 'gpt-4o-mini' })))), 'ERR_CAP_REACHED')
  assert.deepEqual(sent(), [])
  // Control: with an amount that has room the same call goes out.
  const again = page.ask({ op: 'requestAccess', call: 3, wish: { ...WISH, scopes: ['files'] } })
  question = undefined
  while (question === undefined) [question] = (await own.ask({ op: 'questions' })).value
  await own.ask({ op: 'decide', question: question.id, terms: { ...WISH, dayMicroUsd: 1_000_000 } })
  await again
  assert.equal(codeOf(await page.ask(call(4, CHAT, body({ model: 'gpt-4o-mini' })))), 'ok')
  assert.equal(sent()[0].headers.authorization, `Bearer ${SECRET}`)
})
