// sdk: the SDKs that apps use, each with the vault's fetch beside the same SDK with the browser's own: the same calls of
// the same stand-in, under the providers' own names, in Chromium. What each gave and what each asked is compared, value by
// value; docs/sdks.md is the list of it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { FIXTURES } from '../sdks/fixtures.mjs'
import { plainer } from '../sdks/plain.mjs'
import { table } from '../sdks/table.mjs'
import { openChromium } from './support/chromium.mjs'
import { listOf, sdkPage, sdkScript } from './support/sdks.mjs'
import { startTestSite } from './support/site.mjs'
import { comparable, KEY, startStandIn, WRONG_KEY } from './support/stand-in.mjs'

const documentation = new URL('../../docs/sdks.md', import.meta.url)
const PROVIDERS = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  aiOpenai: 'openai',
  aiAnthropic: 'anthropic',
  aiGoogle: 'google',
  aiMistral: 'mistral',
  aiGroq: 'groq',
  aiXai: 'xai',
}
/** To try one while working: KEYHOLD_SDK=aiGroq. */
const only = process.env.KEYHOLD_SDK
const script = await sdkScript()
const list = await listOf(script)
const results = []

let standIn
let site
let without
let browser
const pages = {}

before(async () => {
  standIn = await startStandIn(FIXTURES)
  site = await startTestSite({}, '', { 'sdks.js': script, 'sdks.html': sdkPage('driver.js', 'sdks.js') })
  without = await startPlainSite()
  browser = await openChromium({
    args: [
      `--host-resolver-rules=MAP * 127.0.0.1:${standIn.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      '--ignore-certificate-errors',
    ],
  })
  standIn.setVault(new URL(site.url).origin)
  pages.vault = await browser.newPage()
  await pages.vault.goto(`${site.url}sdks.html`)
  await pages.vault.waitForFunction(() => globalThis.keyhold && globalThis.sdks)
  await pages.vault.evaluate(openVault, { providers: [...new Set(Object.values(PROVIDERS))], KEY, WRONG_KEY })
  pages.direct = await browser.newPage()
  await pages.direct.goto(without.url)
  await pages.direct.waitForFunction(() => globalThis.sdks)
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.stop(), without?.stop(), standIn?.stop()])
})

for (const [sdk, provider] of Object.entries(PROVIDERS).filter(([name]) => [undefined, name].includes(only))) {
  describe(sdk, () => {
    for (const one of list.filter((each) => each.sdk === sdk)) {
      test(one.feature, { timeout: 60_000 }, async () => {
        standIn.begin(`${sdk} ${one.feature}`)
        const [ours, theirs] = await both(sdk, one.feature, provider)
        assert.deepEqual(ours, theirs)
        await standIn.settled()
        assert.deepEqual(await asked('vault'), await asked('direct'))
        const { thrown } = theirs
        results.push({
          ...one,
          requests: standIn.seen('direct').length,
          thrown: thrown && [thrown.class, thrown.status],
        })
      })
    }
  })
}

describe('beside the comparison', () => {
  test('headers of an SDK that fail a provider’s preflight in life fail here without the vault, and not with it', async () => {
    standIn.begin('preflight', { strict: true })
    const options = { baseURL: 'https://api.mistral.ai/v1', maxRetries: 0 }
    const [ours, theirs] = await both('openai', 'chat, streamed', 'mistral', options)
    assert.equal(theirs.thrown?.class, 'APIConnectionError')
    assert.equal(standIn.seen('direct').length, 0)
    assert.ok(ours.gave.length > 3)
  })

  test('what the vault refuses is an answer with its reason, and no SDK repeats it', async () => {
    const of = { sdk: 'openai', feature: 'chat, whole' }
    for (const [name, baseURL, status, code] of [
      ['no-key', 'https://api.deepseek.com', 402, 'ERR_NO_KEY'],
      ['unknown', 'https://api.nowhere.example/v1', 403, 'ERR_UNKNOWN_ENDPOINT'],
    ]) {
      standIn.begin(name)
      const { thrown } = await pages.vault.evaluate(run, { ...of, provider: 'openai', more: { baseURL } })
      assert.deepEqual([thrown.status, thrown.code], [status, code])
      assert.match(thrown.message, /^40[23] /)
      assert.deepEqual(standIn.seen('vault'), [])
    }
  })

  test('where the network fails, `ai` says why and tries again: the vault’s TypeError has a cause', async () => {
    standIn.begin('no answer')
    const [ours, theirs] = await both('aiOpenai', 'no answer at all', 'openai')
    assert.equal(theirs.thrown.class, 'TypeError')
    assert.equal(ours.thrown.class, 'RetryError')
    assert.match(ours.thrown.message, /Cannot connect to API: .*\w{3}/)
    await standIn.settled()
    assert.deepEqual([standIn.seen('vault').length, standIn.seen('direct').length], [2, 1])
  })
})

// Last: a locked vault stays so.
test('a locked vault answers 423, once', async () => {
  standIn.begin('locked')
  await pages.vault.evaluate(() => globalThis.engine.lock())
  const { thrown } = await pages.vault.evaluate(run, { sdk: 'openai', feature: 'chat, whole', provider: 'openai' })
  assert.deepEqual([thrown.status, thrown.code], [423, 'ERR_LOCKED'])
  assert.deepEqual(standIn.seen('vault'), [])
})

test('docs/sdks.md says what was compared here', { skip: only && 'only one SDK was tried' }, () => {
  const made = table(results)
  if (process.env.KEYHOLD_WRITE_DOCS) writeFileSync(documentation, made)
  assert.equal(readFileSync(documentation, 'utf8'), made, 'write it anew with scripts/sdk-table')
})

function both(sdk, feature, provider, more = {}) {
  return Promise.all([
    pages.vault.evaluate(run, { sdk, feature, provider, more }),
    pages.direct.evaluate(runWithout, { sdk, feature, KEY, WRONG_KEY, more }),
  ])
}

/** Which ids were made anew for each answer is no difference between two who asked. */
async function asked(lane) {
  return plainer()(await Promise.all(standIn.seen(lane).map(comparable)))
}

async function startPlainSite() {
  const server = createServer(({ url }, response) => {
    const [type, content] = url === '/sdks.js' ? ['text/javascript', script] : ['text/html', sdkPage('sdks.js')]
    response.writeHead(200, { 'content-type': type }).end(content)
  })
  await listen(server, 0)
  return { url: `http://localhost:${server.address().port}/`, stop: () => stop(server) }
}

// In the pages.

/** A vault with two keys for each provider; the first, which is the default, opens. */
async function openVault({ providers, KEY: key, WRONG_KEY: wrong }) {
  const { KeyholdEngine, passphraseBytes, keyBytes } = globalThis.keyhold
  const engine = await KeyholdEngine.connect()
  await engine.create(passphraseBytes('violet tractor hums quietly at noon'))
  globalThis.wrongKeys = {}
  for (const provider of providers) {
    const add = (label, secret) => engine.add({ provider, label, secret: keyBytes(secret), unchecked: true })
    await add('right', key)
    globalThis.wrongKeys[provider] = (await add('wrong', wrong)).key.id
  }
  globalThis.engine = engine
}

/** `more`: options that README.md does not show. */
function run({ sdk, feature, provider, more = {} }) {
  const { engine, wrongKeys, sdks } = globalThis
  const [right, wrong] = [engine.fetch, engine.fetchWith(wrongKeys[provider])]
  if (Object.keys(more).length === 0) return sdks.runThrough(sdk, feature, { right, wrong })
  const through = { apiKey: 'keyhold', ...more }
  return sdks.run(sdk, feature, { right: { ...through, fetch: right }, wrong: { ...through, fetch: wrong } })
}

function runWithout({ sdk, feature, KEY: key, WRONG_KEY: wrong, more }) {
  return globalThis.sdks.run(sdk, feature, { right: { apiKey: key, ...more }, wrong: { apiKey: wrong, ...more } })
}
