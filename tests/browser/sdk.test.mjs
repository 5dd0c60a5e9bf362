// sdk: the SDKs that apps use, with the fetch of a vault of the page's own, in Chromium; docs/sdks.md is the list of it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { FIXTURES } from '../sdks/fixtures.mjs'
import { table } from '../sdks/table.mjs'
import { openChromium } from './support/chromium.mjs'
import { fillVault } from './support/fill-vault.mjs'
import { compareSdks, only, PROVIDER_IDS, script } from './support/sdk-comparison.mjs'
import { sdkPage } from './support/sdks.mjs'
import { startTestSite } from './support/site.mjs'
import { KEY, startStandIn, WRONG_KEY } from './support/stand-in.mjs'

const documentation = new URL('../../docs/sdks.md', import.meta.url)

let standIn
let site
let without
let browser
let keys
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
  keys = await pages.vault.evaluate(fillVault, {
    keys: PROVIDER_IDS.map((provider) => ({ provider, keys: [KEY, WRONG_KEY] })),
  })
  pages.direct = await browser.newPage()
  await pages.direct.goto(without.url)
  await pages.direct.waitForFunction(() => globalThis.sdks)
})
after(async () => {
  await browser?.close()
  await Promise.all([site?.stop(), without?.stop(), standIn?.stop()])
})

const compared = compareSdks({
  standIn: () => standIn,
  both: (asked) => Promise.all([ours(asked), theirs(asked)]),
  ours,
  lock: () => pages.vault.evaluate(() => globalThis.engine.lock()),
  noKey: [402, 'ERR_NO_KEY'],
  locked: 'ERR_LOCKED',
})

test('docs/sdks.md says what was compared here', { skip: only && 'only one SDK was tried' }, () => {
  const made = table(compared.inOrder())
  if (process.env.KEYHOLD_WRITE_DOCS) writeFileSync(documentation, made)
  assert.equal(readFileSync(documentation, 'utf8'), made, 'write it anew with scripts/sdk-table')
})

function ours({ sdk, feature, provider, more = {} }) {
  return pages.vault.evaluate(run, { sdk, feature, wrong: keys[provider][1], more })
}
function theirs({ sdk, feature, more = {} }) {
  return pages.direct.evaluate(runWithout, { sdk, feature, KEY, WRONG_KEY, more })
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

/** `more`: options that README.md does not show. */
function run({ sdk, feature, wrong: key, more }) {
  const { engine, sdks } = globalThis
  const [right, wrong] = [engine.fetch, engine.fetchWith(key)]
  if (Object.keys(more).length === 0) return sdks.runThrough(sdk, feature, { right, wrong })
  const through = { apiKey: 'keyhold', ...more }
  return sdks.run(sdk, feature, { right: { ...through, fetch: right }, wrong: { ...through, fetch: wrong } })
}

function runWithout({ sdk, feature, KEY: key, WRONG_KEY: wrong, more }) {
  return globalThis.sdks.run(sdk, feature, { right: { apiKey: key, ...more }, wrong: { apiKey: wrong, ...more } })
}
