// lost-data: the browser lost the vault's database, or flipped a byte in one of its rows: does the sealed copy bring it
// back, and does everything else go on working meanwhile? With the copy in the origin's private files, and where an
// engine has none, in a second database.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { PLACES, readCopy, writeCopy } from './support/copy.mjs'
import { readDisk, writeDisk } from './support/disk.mjs'
import { at, keyId, unlock } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const FULL = process.env.KEYHOLD_EFFORT === 'full'
const LABELS = ['first', 'second', 'third']
const NO_FILES = `Object.defineProperty(navigator.storage, 'getDirectory', { value: undefined })`
/** Where in a row a byte is flipped; each row has one of them, and at full effort all. */
const SPOTS = {
  'in what is sealed': (bytes) => bytes.length - 20,
  'in its header': () => 40,
  'in its first byte': () => 0,
  'in its last byte': (bytes) => bytes.length - 1,
}

let demo
let browser

before(async () => {
  demo = await startDemo({ fast: true })
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await demo?.stop()
})

for (const [place, prelude] of Object.entries({ files: '', database: NO_FILES })) {
  describe(`with the copy in ${place === 'files' ? 'private files' : 'a second database'}`, () => {
    let site
    let context
    let page
    let noted
    /** Everything as Keyhold left it. */
    let rows
    let copy
    let code
    let ids
    let slots

    before(async () => {
      site = await startTestSite(demoConfig(demo), prelude)
      context = await browser.newContext()
      noted = await watch(context)
      page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await visit()
      ;({ code, ids, slots } = await page.evaluate(makeVault, [PASSPHRASE, LABELS, demo.key]))
      for (const label of LABELS) assert.ok(await works(ids[label]))
      // The last uses reach the disk, and the copy is as late as the rest.
      await page.waitForTimeout(2_500)
      await lock()
      await leave()
      rows = (await readDisk(page)).rows
      copy = await readCopy(page, place)
    })
    after(async () => {
      await context?.close()
      await site?.stop()
    })

    test('the copy lies there and nowhere else', async () => {
      assert.ok(copy?.length > 0)
      const [other] = PLACES.filter((one) => one !== place)
      assert.equal(await readCopy(page, other), null)
    })

    test('a byte flipped in every row: it is named, all else works, and the copy repairs what belongs to the vault', async () => {
      const stores = { envelopes: 0, ledger: 0, audit: 0 }
      const spots = Object.entries(SPOTS)
      // What is no part of the copy is the same wherever the copy lies.
      const all = FULL || place === 'files'
      const keys = Object.keys(rows).filter((key) => all || !/^(audit|ledger)\//.test(key))
      for (const [n, key] of keys.toSorted().entries()) {
        const chosen = FULL ? spots : [spots[n % spots.length]]
        for (const [where, spot] of chosen) await damaged(key, where, spot)
        stores[key.startsWith('audit/') ? 'audit' : key.startsWith('ledger/') ? 'ledger' : 'envelopes'] += 1
      }
      console.log(`${place}: rows damaged one after the other: ${JSON.stringify(stores)}`)
      // Manifest, settings, two ways in, the keys and the pages that list them; a key's uses; making the vault, and each
      // change since.
      const pages = new Set(Object.values(ids).map(([character]) => character))
      assert.deepEqual(stores.envelopes, 4 + LABELS.length + pages.size)
      assert.equal(stores.ledger, all ? LABELS.length : 0)
      assert.equal(stores.audit, all ? 3 + LABELS.length : 0)
    })

    test('damage is repaired from the page, too', async () => {
      const key = `record/${ids.second}`
      await putBack({ ...rows, [key]: flipped(rows[key], rows[key].length - 20) })
      await page.goto(site.url)
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(`${at('finding')}:visible`)
      assert.equal(await page.locator(`${at('finding')}:visible`).count(), 1)
      await page.click(`${at('repair')}:visible`)
      await page.waitForSelector(at('findings'), { state: 'detached' })
      assert.equal(await keyId(page, 'second'), ids.second)
    })

    test('the database is gone: the page offers the copy, and all keys are back', async () => {
      await putBack(rows)
      await deleteDatabase()
      await page.goto(site.url)
      await page.waitForSelector(`${at('welcome')} ${at('recover')}`)
      await page.click(at('recover-copy'))
      await page.waitForSelector(at('unlock-screen'))
      await unlock(page, PASSPHRASE)
      for (const label of LABELS) assert.equal(await keyId(page, label), ids[label])
      assert.equal(await page.locator(`${at('finding')}:visible`).count(), 0)
      await visit()
      assert.deepEqual((await open()).findings, [])
      for (const label of LABELS) assert.ok(await works(ids[label]), label)
      const { entries, verified } = await page.evaluate(() => window.engine.audit())
      assert.deepEqual(verified, { ok: true })
      assert.ok(entries.some(({ action }) => action === 'trail-restart'))
      await lock()
    })

    test('the copy is gone as well: none is offered', async () => {
      await leave()
      await writeCopy(page, place, null)
      await deleteDatabase()
      await page.goto(site.url)
      await page.waitForSelector(at('welcome'))
      assert.equal(await page.locator(at('recover')).count(), 0)
      assert.deepEqual(noted.wrongs, [])
      assert.deepEqual(site.broken(), [])
    })

    /** One row with one byte flipped, from the visit that meets it to the visit after its repair. */
    async function damaged(key, where, spot) {
      const about = `${key} ${where}`
      const [purpose, id = purpose] = key.split('/')
      await putBack({ ...rows, [key]: flipped(rows[key], spot(rows[key])) })
      await connect()
      const kind = slots[id]
      if (kind !== undefined) assert.match((await open(kind)).code, /^ERR_(SLOT_DAMAGED|BAD_FORMAT|SWAPPED)$/, about)
      const { findings } = await open(kind === 'recovery' ? 'passphrase' : 'recovery')
      const trail = async () => (await page.evaluate(() => window.engine.audit())).verified
      for (const label of LABELS) {
        assert.equal(await works(ids[label]), ids[label] !== id || purpose !== 'record', `${about}: ${label}`)
      }
      if (purpose === 'audit') {
        assert.deepEqual(findings, [], about)
        assert.deepEqual(await trail(), { ok: false, broken: Number(id) }, about)
        return lock()
      }
      assert.deepEqual(
        findings.map((one) => [one.purpose, one.id]),
        [[purpose, id]],
        about,
      )
      assert.match(findings[0].code, /^ERR_(TAMPERED|BAD_FORMAT|SWAPPED|STALE_RECORD|ENDPOINT_MISMATCH)$/, about)
      if (purpose === 'ledger') {
        // It is no part of the copy; the key's next use, just now, has written it anew.
        await page.waitForTimeout(1_300)
      } else {
        assert.deepEqual((await page.evaluate(() => window.engine.repair())).findings, [], about)
        assert.deepEqual(await trail(), { ok: true }, about)
      }
      await lock()
      await visit()
      assert.deepEqual((await open(kind)).findings, [], about)
      const keys = await page.evaluate(() => window.engine.keys())
      assert.deepEqual(keys.map(({ label }) => label).toSorted(), LABELS, about)
      assert.equal(keys.find(({ isDefault }) => isDefault).label, LABELS[1], about)
      if (purpose === 'record') assert.ok(await works(id), about)
      await lock()
    }

    async function visit() {
      await leave()
      await connect()
    }

    async function connect() {
      await page.evaluate(async () => (window.engine = await window.keyhold.KeyholdEngine.connect()) && null)
    }

    /** The page anew, without a worker: none is started before somebody connects. */
    async function leave() {
      await page.goto('about:blank')
      await page.goto(`${site.url}driver.html`)
      await page.waitForFunction(() => window.keyhold)
    }

    async function lock() {
      await page.evaluate(() => window.engine.lock())
    }

    async function putBack(all) {
      await leave()
      await writeDisk(page, all)
      await writeCopy(page, place, copy)
    }

    function deleteDatabase() {
      return page.evaluate(() =>
        new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase('keyhold')
          request.addEventListener('success', resolve)
          request.addEventListener('blocked', () => reject(new Error('a worker still has it open')))
        }).then(() => null),
      )
    }

    /** @returns the status, or the code of a refusal */
    function open(way = 'recovery') {
      return page.evaluate(
        ([way, passphrase, code]) =>
          window.engine
            .unlock(
              way === 'passphrase'
                ? window.keyhold.passphraseBytes(passphrase)
                : { recovery: new TextEncoder().encode(code) },
            )
            .catch(({ code }) => ({ code })),
        [way, PASSPHRASE, code],
      )
    }

    /** Only a provider that was shown the key lists its models. */
    function works(id) {
      return page.evaluate(
        (id) =>
          window.engine.models(id).then(
            (names) => names.includes('demo-small'),
            () => false,
          ),
        id,
      )
    }
  })
}

/** In the page: two ways in, the keys, and a default, so that there is a row of every kind. */
async function makeVault([passphrase, labels, key]) {
  const { engine, keyhold } = window
  await engine.create(keyhold.passphraseBytes(passphrase))
  const code = new TextDecoder().decode(await engine.newRecovery())
  const end = new TextEncoder().encode(code.replaceAll('-', '').slice(-8))
  const { slots } = await engine.addRecovery({ passphrase: keyhold.passphraseBytes(passphrase) }, end)
  const ids = {}
  for (const label of labels) {
    ids[label] = (await engine.add({ provider: 'demo', label, secret: keyhold.keyBytes(key), unchecked: true })).key.id
  }
  await engine.setDefault(ids[labels[1]])
  return { code, ids, slots: Object.fromEntries(slots.map(({ id, kind }) => [id, kind])) }
}

function flipped(bytes, spot) {
  const changed = Buffer.from(bytes)
  changed[spot] ^= 1
  return changed
}
