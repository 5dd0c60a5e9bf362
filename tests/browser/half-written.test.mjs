// half-written: a browser that is killed while it writes can leave half an entry at the end of its database's log. Chromium
// writes on behind it, and at the start after the next deletes all of the site's databases. Does the vault outlive that, and
// if it could not, does the page bring it back from its copy?
import assert from 'node:assert/strict'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { readCopy } from './support/copy.mjs'
import { leaveHalfAnEntry, logOf, loseDatabases } from './support/leveldb.mjs'
import { kill, start } from './support/mortal.mjs'
import { at, keyId, unlock } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'
import { until } from './support/until.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const LABELS = ['first', 'second', 'third']
/** The worker as it would be if it did nothing about half an entry. */
const SAME_LOG = `{
  const open = IDBFactory.prototype.open
  IDBFactory.prototype.open = function (name, ...rest) {
    if (name === 'keyhold-passing') throw new Error('not in this test')
    return open.call(this, name, ...rest)
  }
}`

let demo
let folder
let site
let running = null

before(async () => {
  demo = await startDemo({ fast: true })
  folder = await mkdtemp(join(tmpdir(), 'keyhold-half-'))
})
afterEach(async () => {
  await die()
  await site?.stop()
  site = null
})
after(async () => {
  await demo?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('half an entry in the log: the worker has the browser begin another, and nothing is lost', async () => {
  const { profile, ids } = await vaultWithHalfAnEntry('mended', '')
  await mended(profile)
  // Each start is one at which the browser would find out.
  for (let starts = 0; starts < 3; starts += 1) {
    const page = await open(profile)
    await unlock(page, PASSPHRASE)
    for (const label of LABELS) assert.equal(await keyId(page, label), ids[label])
    await die()
  }
  const page = await open(profile, 'driver.html')
  const { findings, verified, actions } = await page.evaluate(look, PASSPHRASE)
  assert.deepEqual([findings, verified], [[], { ok: true }])
  assert.ok(!actions.includes('trail-restart'), 'the activity is the same one')
  assert.deepEqual(running.noted.wrongs, [])
})

test('control: without that the browser deletes the database; the page offers the copy, and all keys are back', async () => {
  const { profile, ids } = await vaultWithHalfAnEntry('lost', SAME_LOG)
  const log = await logOf(profile)
  // The start at which it writes on behind the half entry: everything is there.
  let page = await open(profile)
  await unlock(page, PASSPHRASE)
  for (const label of LABELS) assert.equal(await keyId(page, label), ids[label])
  await sleep(1_500)
  assert.equal(await logOf(profile), log, 'it goes on in the same log')
  await die()
  // The start at which it finds it unsound.
  page = await open(profile)
  await bringBack(page, ids)
})

test('the file that says where everything begins is empty: the page offers the copy, and all keys are back', async () => {
  const { profile, ids } = await vaultWith('emptied', '')
  await loseDatabases(profile)
  await bringBack(await open(profile), ids)
})

/** A person's way: no error first, the offer, the unlock; then what the engine says of it. */
async function bringBack(page, ids) {
  await page.waitForSelector(`${at('welcome')} ${at('recover')}`)
  await page.click(at('recover-copy'))
  await page.waitForSelector(at('unlock-screen'))
  await unlock(page, PASSPHRASE)
  for (const label of LABELS) assert.equal(await keyId(page, label), ids[label])
  assert.deepEqual(running.noted.wrongs, [])
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => window.keyhold)
  const { findings, verified, actions } = await page.evaluate(look, PASSPHRASE)
  assert.deepEqual([findings, verified], [[], { ok: true }])
  assert.ok(actions.includes('trail-restart'), 'the activity begins anew, and says why')
  for (const label of LABELS) {
    await page.evaluate((id) => window.engine.models(id).catch(() => {}), ids[label])
    assert.equal(demo.seen.findLast(({ method }) => method === 'GET').authorization, `Bearer secret-of-${label}`)
  }
}

async function vaultWithHalfAnEntry(name, prelude) {
  const made = await vaultWith(name, prelude)
  await leaveHalfAnEntry(made.profile)
  return made
}

/** Three keys, the copy beside them, and a browser that was killed. */
async function vaultWith(name, prelude) {
  site = await startTestSite(demoConfig(demo), prelude)
  const profile = join(folder, name)
  const page = await open(profile, 'driver.html')
  const ids = await page.evaluate(makeVault, [PASSPHRASE, LABELS])
  await page.evaluate(() => window.engine.lock())
  await until(page, () => window.engine.status().then(({ state }) => state === 'locked'))
  assert.ok(await readCopy(page, 'files'))
  await die()
  return { profile, ids }
}

/** Starts the browser until the log with the half entry is gone. */
async function mended(profile) {
  const log = await logOf(profile)
  const page = await open(profile)
  await page.waitForSelector(at('unlock-screen'))
  const isThere = () =>
    access(log).then(
      () => true,
      () => false,
    )
  for (const end = Date.now() + 20_000; await isThere(); await sleep(50)) {
    assert.ok(Date.now() < end, 'the log is still the same')
  }
  await die()
}

async function open(profile, path = '') {
  running = await start(profile, site.url + path)
  running.page.setDefaultTimeout(30_000)
  if (path !== '') await running.page.waitForFunction(() => window.keyhold)
  return running.page
}

async function die() {
  const dying = running
  running = null
  if (dying) await kill(dying)
}

/** In the page. @returns the ids of the keys by their labels */
async function makeVault([passphrase, labels]) {
  const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
  window.engine = await KeyholdEngine.connect()
  await window.engine.create(passphraseBytes(passphrase))
  const ids = {}
  for (const label of labels) {
    const secret = keyBytes(`secret-of-${label}`)
    ids[label] = (await window.engine.add({ provider: 'demo', label, secret, unchecked: true })).key.id
  }
  return ids
}

/** In the page: what the engine says of the vault. */
async function look(passphrase) {
  const { KeyholdEngine, passphraseBytes } = window.keyhold
  window.engine = await KeyholdEngine.connect()
  const { state } = await window.engine.status()
  if (state !== 'unlocked') await window.engine.unlock(passphraseBytes(passphrase))
  const { findings } = await window.engine.status()
  const { verified, entries } = await window.engine.audit()
  return { findings, verified, actions: entries.map(({ action }) => action) }
}
