// canary: does a key go anywhere but into one header of requests to its own provider? With a unique key for each provider
// of the catalogue, everything the browser sends, shows, says or leaves on disk is searched for them, the passphrase and the recovery code.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listen, stop } from '../../scripts/local-server.mjs'
import { dumpOf, formsIn, newMarker, searchDump, searchFiles } from './support/canary.mjs'
import { openChromium, openProfile, watch } from './support/chromium.mjs'
import { at, beginKey, createOwn, inKey, keyId, unlock } from './support/page.mjs'
import { ANSWER_TEXT, asksForKey, record, startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'
import { until } from './support/until.mjs'

const root = new URL('../../', import.meta.url)
// Those that a key can be stored for as they stand there; the others need an address of one's own.
const catalogue = JSON.parse(readFileSync(new URL('wasm/catalogue/providers.json', root), 'utf8')).providers.filter(
  ({ example_base: example, browser }) => !example && browser !== 'no',
)
const HEADER = { anthropic: 'x-api-key: ', gemini: 'x-goog-api-key: ' }
const headerOf = ({ wire }) => HEADER[wire] ?? 'authorization: Bearer '

const inKeys = newMarker()
const inPassphrase = newMarker()
const planted = newMarker()
const SECRETS = [inKeys, inPassphrase]
const PASSPHRASE = `violet ${inPassphrase} hums quietly`
const keyOf = ({ id, key_prefixes: [prefix = ''] = [] }) => `${prefix}${inKeys}${id}0123456789`

let profile
let providers
let site
let context

before(async () => {
  profile = await mkdtemp(join(tmpdir(), 'keyhold-profile-'))
  const refused = new Set()
  // The first check of each provider that says so readably is refused: an error is where a key likes to show up.
  providers = await startProviders((request) => {
    const { host } = request
    if (!asksForKey(request) || refused.has(host) || host === 'never.example') return null
    refused.add(host)
    return { status: 401, body: { error: { message: 'Incorrect API key provided.' } } }
  })
  site = await startServedSite()
})
after(async () => {
  await context?.close()
  await site?.stop()
  await providers?.stop()
  await rm(profile, { recursive: true, force: true })
})

test('each key is in one header of requests to its provider, and nowhere else', { timeout: 480_000 }, async () => {
  context = await openProfile(profile, {
    args: [
      `--host-resolver-rules=MAP * 127.0.0.1:${providers.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      '--ignore-certificate-errors',
    ],
  })
  const noted = await watch(context)
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(site.url)
  const code = await createOwn(page, PASSPHRASE, { recovery: true })
  // As it was shown, and as it is typed.
  SECRETS.push(code, code.replaceAll('-', ''))
  const left = []
  const look = async (when) => left.push(...searchDump(await dumpOf(page), SECRETS).map((one) => `${when}: ${one}`))

  for (const provider of catalogue) {
    const { id } = provider
    await beginKey(page, id, { key: keyOf(provider), label: `The ${id}` })
    await page.click(at('save'))
    await page.waitForSelector(at('key-dialog-problem'))
    // The key is still in its field, as the only place.
    const dump = await dumpOf(page)
    assert.deepEqual(formsIn(Buffer.from(dump.typed), inKeys), ['raw'])
    left.push(...searchDump({ ...dump, typed: '' }, SECRETS).map((one) => `${id} refused: ${one}`))
    await page.click(at('save'))
    const key = await keyId(page, `The ${id}`)
    await look(`${id} stored`)
    await page.click(inKey(key, 'try'))
    await page.waitForFunction(() => document.querySelector('#model')?.value)
    const before = await page.locator(at('answer')).count()
    await page.fill(at('message'), 'A line about keys, please.')
    await page.keyboard.press('Enter')
    const answer = page.locator(at('answer')).nth(before)
    await answer.locator(at('tokens-in')).waitFor()
    assert.equal(await answer.locator(at('answer-text')).textContent(), ANSWER_TEXT)
    await look(`${id} answered`)
    await page.click(at('nav-keys'))
  }
  await page.click(at('lock'))
  await page.waitForSelector(at('passphrase'))
  await look('locked')
  const unlocking = Date.now()
  await unlock(page, PASSPHRASE)
  await page.waitForSelector(at('keys'))
  await look('unlocked')
  await until(page, copyIsWritten, unlocking)
  await look('copied')
  const { rows, places } = await dumpOf(page)
  assert.ok(rows > 3 * catalogue.length, 'the dump has the vault in it: keys, their use, activity')
  for (const place of ['file keyhold.copy', ...['audit', 'envelopes', 'ledger', 'meta'].map((one) => `keyhold ${one}`)])
    assert.ok(places.includes(place), `${place} is searched`)
  assert.deepEqual(left, [])
  assert.deepEqual(
    noted.all.flatMap((text) => SECRETS.flatMap((marker) => formsIn(Buffer.from(text), marker))),
    [],
  )
  assert.deepEqual(noted.wrongs, [])

  await control(page, noted)
  await context.close()
  context = null
})

test('where no private file can be written, the copy is in a database, and no secret in it', async () => {
  const noFiles = await startTestSite({}, 'delete FileSystemFileHandle.prototype.createWritable')
  const browser = await openChromium()
  try {
    const page = await browser.newPage()
    await page.goto(`${noFiles.url}driver.html`)
    await page.waitForFunction(() => window.keyhold)
    await page.evaluate(
      async ([passphrase, secret]) => {
        const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
        window.engine = await KeyholdEngine.connect()
        await window.engine.create(passphraseBytes(passphrase))
        await window.engine.add({ provider: 'openai', label: 'One', secret: keyBytes(secret), unchecked: true })
      },
      [PASSPHRASE, keyOf(catalogue.find(({ id }) => id === 'openai'))],
    )
    let dump = await dumpOf(page)
    for (const until = Date.now() + 10_000; !dump.places.includes('keyhold-copy copy'); dump = await dumpOf(page)) {
      assert.ok(Date.now() < until, `no copy in a database: ${dump.places}`)
    }
    assert.ok(
      dump.places.every((place) => !place.startsWith('file ')),
      dump.places.join(),
    )
    assert.deepEqual(searchDump(dump, SECRETS), [])
    await page.evaluate(plantInCopy, planted)
    assert.match(
      searchDump(await dumpOf(page), [planted]).join(),
      /raw in indexedDB/,
      'control: a row of the copy is found',
    )
  } finally {
    await browser.close()
    await noFiles.stop()
  }
})

test('every request carried its own key in the one header, or none', () => {
  const all = [...providers.requests, ...site.requests]
  const counts = new Map(catalogue.map(({ id }) => [id, 0]))
  for (const request of all) {
    const expected = catalogue.find(({ base }) => new URL(base).host === request.host)
    const credential = expected && headerOf(expected) + keyOf(expected)
    const rest = { ...request, headers: request.headers.filter((line) => line !== credential) }
    if (rest.headers.length < request.headers.length) counts.set(expected.id, counts.get(expected.id) + 1)
    const text = Buffer.from(JSON.stringify(rest))
    for (const marker of SECRETS)
      assert.deepEqual(formsIn(text, marker), [], `${request.method} ${request.host}${request.url}`)
  }
  for (const [id, count] of counts) assert.ok(count >= 3, `${id}: ${count} requests with its key`)
  console.log(
    `requests: ${all.length}, of which with a key: ${[...counts].map(([id, count]) => `${id} ${count}`).join(', ')}`,
  )
  assert.ok(
    all.some((request) => formsIn(Buffer.from(JSON.stringify(request)), planted).length > 0),
    'control: a key sent elsewhere is found',
  )
})

test('what the server printed has no secret in it', () => {
  assert.match(site.printed(), /Keyhold is at/)
  for (const marker of SECRETS) assert.deepEqual(formsIn(Buffer.from(site.printed()), marker), [])
})

test('the profile on disk has no secret in it, in any form', async () => {
  const { files, bytes, found } = await searchFiles(profile, [...SECRETS, planted])
  console.log(`searched ${files} files of the profile, ${(bytes / 2 ** 20).toFixed(1)} MiB`)
  assert.deepEqual(
    found.filter((one) => !one.startsWith(planted)),
    [],
  )
  for (const form of ['raw', 'reversed', 'UTF-16', 'base64', 'hex', 'percent'])
    assert.ok(
      found.some((one) => one.startsWith(`${planted} as ${form}`)),
      `control: ${form} is found on disk`,
    )
})

/** Runs in the page. */
async function copyIsWritten(since) {
  const root = await navigator.storage.getDirectory()
  const file = await (await root.getFileHandle('keyhold.copy')).getFile()
  return file.size > 0 && file.lastModified > since
}

/** Runs in the page. */
async function plantInCopy(marker) {
  const opening = indexedDB.open('keyhold-copy')
  await new Promise((resolve) => opening.addEventListener('success', resolve))
  const transaction = opening.result.transaction('copy', 'readwrite')
  transaction.objectStore('copy').put(new TextEncoder().encode(marker), 'control')
  await new Promise((resolve) => transaction.addEventListener('complete', resolve))
  opening.result.close()
}

/** What is left in each place on purpose is found by the same means. */
async function control(page, noted) {
  await page.evaluate(async (marker) => {
    const bytes = new TextEncoder().encode(`a secret ${marker} among others`)
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
    localStorage.setItem('control', marker)
    // Not Latin-1 as a whole: Chromium then writes UTF-16.
    localStorage.setItem('control-wide', `\u2713 ${marker}`)
    sessionStorage.setItem('control', marker)
    document.body.dataset.control = marker
    console.info(marker)
    const opening = indexedDB.open('control', 1)
    opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('rows'))
    await new Promise((resolve) => opening.addEventListener('success', resolve))
    const transaction = opening.result.transaction('rows', 'readwrite', { durability: 'strict' })
    const rows = transaction.objectStore('rows')
    rows.put(bytes, 'raw')
    rows.put(btoa(String.fromCharCode(...bytes)), 'base64')
    rows.put(hex.join(''), 'hex')
    rows.put(hex.map((pair) => `%${pair}`).join(''), 'percent')
    await new Promise((resolve) => transaction.addEventListener('complete', resolve))
    opening.result.close()
    // In a form of its own, so that the search of the disk shows whether it looked here.
    const file = await (await navigator.storage.getDirectory()).getFileHandle('control', { create: true })
    const out = await file.createWritable()
    await out.write(Array.from(marker).toReversed().join(''))
    await out.close()
    await fetch(`./nowhere?${marker}`)
  }, planted)
  const found = searchDump(await dumpOf(page), [planted]).join('\n')
  for (const place of ['indexedDB', 'localStorage', 'sessionStorage', 'document'])
    assert.match(found, new RegExp(`raw in ${place}`))
  assert.match(found, /reversed in files/)
  for (const form of ['base64', 'hex', 'percent']) assert.match(found, new RegExp(`${form} in indexedDB`))
  assert.ok(
    noted.all.some((text) => formsIn(Buffer.from(text), planted).length > 0),
    'control: the console',
  )
}

/** scripts/serve.mjs as people start it, with what it prints, behind a proxy that records what it is asked. */
async function startServedSite() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('scripts/serve.mjs', root)), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (printed += chunk))
  while (!/http:\/\/localhost:\d+\//.test(printed)) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit').then(() => Promise.reject(new Error(printed)))])
  }
  const port = Number(/localhost:(\d+)/.exec(printed)[1])
  const requests = []
  const proxy = createServer(async (incoming, outgoing) => {
    const recorded = await record(incoming)
    requests.push(recorded)
    const { method, url, headers } = incoming
    const onward = httpRequest({ host: '127.0.0.1', port, method, path: url, headers }, (answered) => {
      outgoing.writeHead(answered.statusCode, answered.headers)
      answered.pipe(outgoing)
    })
    onward.end(recorded.body)
  })
  await listen(proxy, 0)
  return {
    url: `http://localhost:${proxy.address().port}/`,
    requests,
    printed: () => printed,
    async stop() {
      await stop(proxy)
      child.kill()
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
