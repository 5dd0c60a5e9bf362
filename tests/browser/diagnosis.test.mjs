// diagnosis: each way in which a call can fail, made to happen, in each of the three engines: is it called by its name, and
// does the page say so, with the next step? The table is printed; at least 95 of 100 cells must be right. What an engine
// cannot show at all counts as wrong.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer as createTlsServer } from 'node:tls'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startDemo } from '../../scripts/demo.mjs'
import { listen } from '../../scripts/local-server.mjs'
import { bundle } from '../web/support/bundle.mjs'
import { ENGINES, freePort } from './support/engines.mjs'
import { at } from './support/page.mjs'
import { allowReading, ANSWERED, certificate, startProviders } from './support/providers.mjs'
import { startProxy } from './support/proxy.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const SECRET = 'a-key-that-must-not-travel-0001'
const RIGHT_PERCENT = 95
const RETRY_AFTER_S = 7
/** A check's own limit is 20 s. */
const ROUND_MS = 150_000

const { ERROR_TEXT } = await bundle(`export { ERROR_TEXT } from './web/src/protocol/errors'`)

const error = (fields) => ({ error: { message: 'no', ...fields } })
/** Class -> the provider that shows it, what a check of its key meets, and the code it must be given. */
const CHECKED = {
  valid: { code: 'ok', answer: [200, { data: [] }] },
  'bad key': { code: 'ERR_BAD_KEY', answer: [401, error({ code: 'invalid_api_key' })] },
  'bad key, hidden from pages': { code: 'ERR_BAD_KEY_LIKELY', provider: 'openai', hidden: true, answer: [401, {}] },
  'no permission': { code: 'ERR_NO_PERMISSION', answer: [403, error({ type: 'permission_error' })] },
  'no credit': { code: 'ERR_NO_CREDIT', answer: [402, error({})] },
  'rate limited': { code: 'ERR_RATE_LIMITED', answer: [429, error({ code: 'rate_limit_exceeded' })] },
  'not served in this country': {
    code: 'ERR_REGION',
    provider: 'google',
    answer: [400, error({ status: 'FAILED_PRECONDITION', message: 'User location is not supported for the API use.' })],
  },
  'organisation forbids browsers': {
    code: 'ERR_BROWSER_FORBIDDEN',
    provider: 'anthropic',
    answer: [
      401,
      error({
        type: 'authentication_error',
        message: 'CORS requests are not allowed for this Organization because of its settings.',
      }),
    ],
  },
  'allows no browser calls': { code: 'ERR_NO_CORS', hidden: true, refusesPreflight: true, answer: [200, {}] },
  'provider down': { code: 'ERR_PROVIDER_DOWN', answer: [503, {}] },
  'not reached: blocked, or no such host': { code: 'ERR_BLOCKED', gone: true },
  'reached, but something takes the answer away': {
    code: 'ERR_BLOCKED',
    provider: 'mistral',
    hidden: true,
    refusesPreflight: true,
    answer: [200, {}],
  },
  'local server not running': { code: 'ERR_LOCAL_NOT_RUNNING', base: 'closed' },
  'local server without CORS': { code: 'ERR_LOCAL_CORS', base: 'walled' },
  'not permitted by the site': { code: 'ERR_NOT_PERMITTED_BY_SITE', unlisted: true, answer: [200, { data: [] }] },
  'key sent back': { code: 'ERR_KEY_REFLECTED', answer: [200, { data: [{ id: SECRET }] }] },
  'no answer in time': { code: 'ERR_TIMEOUT', silent: true },
  'a sign-in page answers': { code: 'ERR_BAD_ANSWER', answer: [200, '<!doctype html><p>Please sign in</p>'] },
  'connection breaks': { code: 'ERR_CONNECTION_CUT', cut: true },
}
const OTHERS = {
  'model not found': 'ERR_MODEL_NOT_FOUND',
  offline: 'ERR_OFFLINE',
  'local network not allowed': 'ERR_LOCAL_PERMISSION',
}
const HOSTS = {
  openai: 'api.openai.com',
  anthropic: 'api.anthropic.com',
  google: 'generativelanguage.googleapis.com',
  mistral: 'api.mistral.ai',
}
const idOf = (name) => CHECKED[name].provider ?? name.replace(/[^a-z]+/g, '-').slice(0, 32)
const hostOf = (name) => HOSTS[idOf(name)] ?? `${idOf(name)}.example`
const EXPECTED = { ...Object.fromEntries(Object.entries(CHECKED).map(([name, { code }]) => [name, code])), ...OTHERS }

/** engine -> class -> code */
const table = Object.fromEntries(Object.keys(ENGINES).map((name) => [name, {}]))
/** Engine -> what the page said. */
const said = {}

let providers
let proxy
let walled
let site
let local

before(async () => {
  providers = await startProviders(misbehave)
  const byHost = new Map(Object.keys(CHECKED).map((name) => [hostOf(name), CHECKED[name]]))
  proxy = await startProxy(providers.port, (host) => byHost.get(host)?.gone === true)
  walled = await startDemo({ cors: 'none', fast: true })
  const bases = { closed: `http://127.0.0.1:${await freePort()}/v1/`, walled: walled.base }
  const own = Object.keys(CHECKED).filter((name) => CHECKED[name].provider === undefined)
  site = await startTestSite(
    {
      // Else any https address is permitted, and none could be shown that is not.
      customEndpoints: false,
      providers: own.map((name) => {
        const base = bases[CHECKED[name].base] ?? `https://${hostOf(name)}/v1/`
        return { id: idOf(name), name: idOf(name), base }
      }),
    },
    '',
    {},
    // As on a host whose header file was not made anew after keyhold.config.json was changed.
    (policy) => own.reduce((text, name) => (CHECKED[name].unlisted ? without(text, hostOf(name)) : text), policy),
  )
  local = await startLocalSite()
})
after(async () => {
  await local?.stop()
  await site?.stop()
  await walled?.stop()
  await proxy?.stop()
  await providers?.stop()
})

const without = (policy, host) => policy.replace(` https://${host}`, '')

for (const [name, open] of Object.entries(ENGINES)) {
  describe(name, () => {
    test('every key checked from the page, and a model asked for', { timeout: 400_000 }, async () => {
      const engine = await open({ proxy: proxy.port })
      try {
        await engine.open(`${site.url}driver.html`)
        const names = Object.keys(CHECKED)
        table[name]['model not found'] = await engine.run(fillVault, names.map(idOf), SECRET, PASSPHRASE)
        // Leaving the page need not lock: some engines keep a page that was left, and the worker with it, for a while.
        await engine.run(() => window.engine.lock())
        await engine.open(site.url)
        await engine.type('#passphrase', PASSPHRASE)
        await engine.click(at('unlock'))
        await engine.click(`${at('check-all')}`)
        await engine.see(at('check-all-row'))
        const rows = await engine.run(checkedRows, ROUND_MS)
        for (const one of names) table[name][one] = rows[idOf(one)]?.code ?? 'not checked'
        said[name] = rows
      } finally {
        await engine.close()
      }
    })

    test('a server on this computer, asked by a page from elsewhere', { timeout: 180_000 }, async () => {
      const engine = await open({
        chromiumArgs: [
          '--host-resolver-rules=MAP vault.example 127.0.0.1',
          `--ip-address-space-overrides=127.0.0.1:${local.port}=public`,
          '--ignore-certificate-errors',
        ],
        firefoxPrefs: {
          'network.lna.enabled': true,
          'network.lna.blocking': true,
          'network.lna.address_space.public.override': `127.0.0.1:${local.port}`,
          'network.dns.localDomains': 'vault.example',
        },
      })
      try {
        const shown = 'local network not allowed'
        // WebKit 2.50 has no such permission: there is nothing to be denied, and nothing to be told apart.
        if (engine.permit === undefined) return void (table[name][shown] = 'no such permission')
        const origin = `https://vault.example:${local.port}`
        await engine.open(`${origin}/driver.html`)
        await engine.run(fillVault, ['local'], local.key, PASSPHRASE)
        const states = {}
        for (const state of ['prompt', 'denied', 'granted']) {
          if (state !== 'prompt') await engine.permit(origin, 'loopback-network', state)
          states[state] = await engine.run(checkOne, 'local')
        }
        table[name][shown] = states.prompt === states.denied ? states.denied : `${states.prompt}, ${states.denied}`
        assert.equal(states.granted, 'ok', 'control: allowed, it answers')
      } finally {
        await engine.close()
      }
    })
  })
}

test('offline: every engine in a network of its own, with nothing in it', { timeout: 400_000 }, async () => {
  const script = fileURLToPath(new URL('support/offline.mjs', import.meta.url))
  const args = ['--user', '--map-root-user', '--net', process.execPath, script]
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 390_000 })
  for (const [name, outcomes] of Object.entries(JSON.parse(stdout))) {
    const { local, ...remote } = outcomes
    assert.equal(local, 'ok', `${name}: this computer needs no network`)
    assert.ok(Object.keys(remote).length > 7)
    for (const code of Object.values(remote)) assert.doesNotMatch(code, /BAD_KEY/, name)
    const codes = [...new Set(Object.values(remote))]
    table[name].offline = codes.join(', ')
  }
})

test('the table', () => {
  const width = Math.max(...Object.keys(EXPECTED).map((name) => name.length))
  const line = (name, cells) => [name.padEnd(width), ...cells.map((cell) => cell.padEnd(26))].join('  ').trimEnd()
  const cell = (engine, name) => {
    const code = table[engine][name] ?? 'not seen'
    return `${code === EXPECTED[name] ? ' ' : '✗'} ${code}`
  }
  const engines = Object.keys(ENGINES)
  const lines = Object.keys(EXPECTED).map((name) =>
    line(
      name,
      engines.map((engine) => cell(engine, name)),
    ),
  )
  const cells = engines.flatMap((engine) => Object.keys(EXPECTED).map((name) => table[engine][name] === EXPECTED[name]))
  const right = cells.filter(Boolean).length
  console.log(
    [
      line(
        '',
        engines.map((name) => `  ${name}`),
      ),
      ...lines,
    ].join('\n'),
  )
  console.log(`${right} of ${cells.length} right: ${((100 * right) / cells.length).toFixed(1)} %`)
  assert.ok(Object.keys(EXPECTED).length >= 20)
  assert.ok((100 * right) / cells.length >= RIGHT_PERCENT)
})

test('the page says each with the sentence and the next step of its code', () => {
  for (const [engine, rows] of Object.entries(said)) {
    for (const [id, { code, sentence, next }] of Object.entries(rows)) {
      if (code === 'ok') continue
      assert.ok(code in ERROR_TEXT, `${engine}: ${id}`)
      assert.equal(sentence, ERROR_TEXT[code].sentence, `${engine}: ${id}`)
      const waits = code === 'ERR_RATE_LIMITED' ? `You can try again in ${RETRY_AFTER_S} seconds.` : null
      assert.equal(next, waits ?? ERROR_TEXT[code].next, `${engine}: ${id}`)
    }
  }
  assert.equal(Object.keys(said).length, Object.keys(ENGINES).length)
})

// In the page.

/** A vault with a key of each provider, and what asking for an unknown model is called. */
async function fillVault(ids, secret, passphrase) {
  while (!window.keyhold) await new Promise((resolve) => setTimeout(resolve, 20))
  const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
  window.engine = await KeyholdEngine.connect()
  await window.engine.create(passphraseBytes(passphrase))
  for (const id of ids) {
    await window.engine.add({ provider: id, label: id, secret: keyBytes(secret), unchecked: true })
  }
  const valid = (await window.engine.keys()).find(({ provider }) => provider === 'valid')
  if (valid === undefined) return null
  const question = { key: valid.id, model: 'nobody', messages: [{ role: 'user', text: 'hello' }] }
  try {
    for await (const part of window.engine.chat(question)) void part
    return 'ok'
  } catch (thrown) {
    return thrown.code
  }
}

async function checkOne(id) {
  const key = (await window.engine.keys()).find(({ provider }) => provider === id)
  const { ok, error } = await window.engine.check(key.id)
  return ok ? 'ok' : error.code
}

/** By the key's name, which is its provider's id. */
async function checkedRows(withinMs) {
  const rows = () => [...document.querySelectorAll('[data-test=check-all-row]')]
  const begun = performance.now()
  while (rows().some(({ dataset }) => dataset.code === '') && performance.now() - begun < withinMs) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const text = (row, name) => row.querySelector(`[data-test=${name}]`)?.textContent ?? ''
  return Object.fromEntries(
    rows().map((row) => [
      text(row, 'check-all-label'),
      { code: row.dataset.code, sentence: text(row, 'check-all-sentence'), next: text(row, 'check-all-next') },
    ]),
  )
}

// The stand-in.

function misbehave({ method, host, url }, outgoing) {
  const name = Object.keys(CHECKED).find((one) => hostOf(one) === host)
  if (name === undefined) return null
  const { answer, hidden, refusesPreflight, silent, cut } = CHECKED[name]
  if (method === 'OPTIONS') {
    if (!refusesPreflight) return null
    outgoing.writeHead(204).end()
    return ANSWERED
  }
  if (silent) return ANSWERED
  if (hidden !== true) allowReading(outgoing)
  if (cut) {
    outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    outgoing.write('{"data":', () => setTimeout(() => outgoing.destroy(), 50))
    return ANSWERED
  }
  if (url.endsWith('/chat/completions')) {
    outgoing.writeHead(404, { 'content-type': 'application/json' })
    outgoing.end(JSON.stringify(error({ code: 'model_not_found' })))
    return ANSWERED
  }
  const [status, body] = answer
  if (status === 429) outgoing.setHeader('retry-after', String(RETRY_AFTER_S))
  outgoing.setHeader('access-control-expose-headers', 'retry-after')
  outgoing.writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' })
  outgoing.end(typeof body === 'string' ? body : JSON.stringify(body))
  return ANSWERED
}

/** The site as one from elsewhere, over TLS, with a provider on this computer. */
async function startLocalSite() {
  const demo = await startDemo({ fast: true })
  const own = await startTestSite({ providers: [{ id: 'local', name: 'Local', base: demo.base }] })
  const server = createTlsServer(certificate(), (socket) => {
    const onward = connect(own.port, '127.0.0.1')
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await listen(server, 0)
  return {
    port: server.address().port,
    key: demo.key,
    stop: async () => {
      server.close()
      await Promise.all([own.stop(), demo.stop()])
    },
  }
}
