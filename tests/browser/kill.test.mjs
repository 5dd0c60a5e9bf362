// kill: does the vault survive the death of the browser at any moment? Writes of every kind are begun, the whole browser is
// killed while one reaches the disk, and the same profile is opened again: everything must be as before or as after that
// write, and the activity whole, with one entry for each write that happened. Should the browser have lost its database, the
// copy is taken, as its owner would: then it may be as it was a second before.
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { readCopy } from './support/copy.mjs'
import { readDisk, writeDisk } from './support/disk.mjs'
import { KINDS, Model } from './support/kill-model.mjs'
import { TELL_WRITES, backUp, connect, open, writeOn } from './support/kill-writes.mjs'
import { loseDatabases } from './support/leveldb.mjs'
import { grown } from './support/long-activity.mjs'
import { kill, start } from './support/mortal.mjs'
import { startTestSite } from './support/site.mjs'

/** KEYHOLD_KILLS: any other number. */
const KILLS = Number(process.env.KEYHOLD_KILLS ?? (process.env.KEYHOLD_EFFORT === 'full' ? 200 : 10))
/** Of these, those in a vault whose oldest activity goes with the write: each needs a profile of its own. */
const TRIMMING = Math.ceil(KILLS / 8)
const MAX_ENTRIES = 10_000
/** By then the copy has what was written, and what a machine with much to do may need for it. */
const COPIED_MS = 1_000
const BUSY_MS = 4_000
const PASSPHRASE = 'violet tractor hums quietly at noon'
const BACKUP_PASSPHRASE = 'cedar window keeps seven winters'

let demo
let site
let folder
let running = null
let diedAt = 0

before(async () => {
  demo = await startDemo({ fast: true })
  site = await startTestSite(demoConfig(demo), TELL_WRITES)
  folder = await mkdtemp(join(tmpdir(), 'keyhold-killed-'))
})
after(async () => {
  if (running) await kill(running)
  await site?.stop()
  await demo?.stop()
  await rm(folder, { recursive: true, force: true })
})

test(`${KILLS - TRIMMING} kills during writes of every kind: the state before or after, in every part`, async () => {
  const profile = join(folder, 'short')
  const model = await makeVault(profile)
  const tally = new Tally()
  for (let round = 0; round < KILLS - TRIMMING; round += 1) {
    await visit(profile, model, tally, async (page) => {
      await assertSecrets(page, model)
      await writeAndDie(page, model, KINDS[round % KINDS.length], tally)
    })
  }
  await visit(profile, model, tally, (page) => controls(page, model))
  tally.print(`${KILLS - TRIMMING} kills`)
  // What happens when a database is lost, seldom as that is, is tried each time.
  const before = tally.lost.length
  await loseDatabases(profile)
  await visit(profile, model, tally, (page) => assertSecrets(page, model))
  assert.equal(tally.lost.length, before + 1, 'control: a lost database is noticed')
  assert.deepEqual(site.broken(), [])
})

test(`${TRIMMING} kills while a write drops the oldest thousand of ${MAX_ENTRIES} entries: all of them or none`, async () => {
  const long = join(folder, 'long')
  const made = await makeVault(long)
  const untrimmed = await growActivity(long)
  const tally = new Tally()
  let trimmedOnce = false
  for (let round = 0; round < TRIMMING; round += 1) {
    const profile = join(folder, `long-${round}`)
    // Without the lock of the browser that was killed in it.
    await cp(long, profile, { recursive: true, filter: (name) => !basename(name).startsWith('Singleton') })
    const model = made.copy()
    const kind = KINDS.at(-1 - (round % KINDS.length))
    await visit(profile, model, tally, (page) =>
      writeAndDie(page, model, kind, tally, { warmUp: false, withinMs: 350 }),
    )
    const { seen, happened } = await visit(profile, model, tally, async (page) => {
      const trimmed = await rowsOf(page)
      if (!trimmedOnce && model.look(trimmed).first === 1_001) {
        assertGapsFail(untrimmed, trimmed, model)
        trimmedOnce = true
      }
    })
    if (seen) assert.deepEqual([seen.first, seen.last], happened ? [1_001, MAX_ENTRIES + 1] : [1, MAX_ENTRIES])
    await rm(profile, { recursive: true, force: true })
  }
  tally.print(`${TRIMMING} kills with trimming`)
  assert.deepEqual(site.broken(), [])
})

/** A new vault with three keys, backed up. @returns {Promise<Model>} */
async function makeVault(profile) {
  const model = new Model(PASSPHRASE)
  running = await start(profile, `${site.url}driver.html`)
  const { page } = running
  await page.waitForFunction(() => window.keyhold)
  assert.equal((await page.evaluate(connect)).state, 'absent')
  await page.evaluate((one) => window.engine.create(window.keyhold.passphraseBytes(one)), PASSPHRASE)
  for (let i = 0; i < 3; i += 1) {
    const job = model.plan('add')
    model.done(
      await page.evaluate(async ({ label, secret }) => {
        const bytes = new TextEncoder().encode(secret)
        await window.engine.add({ provider: 'demo', label, secret: bytes, unchecked: true })
        return window.engine.keys()
      }, job),
    )
  }
  const file = await page.evaluate(backUp, [PASSPHRASE, BACKUP_PASSPHRASE])
  model.backup = { keys: structuredClone(model.state.keys), passphrase: BACKUP_PASSPHRASE, file }
  await die()
  return model
}

/** So long that the first write after the next unlock is one entry too many. @returns all rows */
async function growActivity(profile) {
  running = await start(profile, `${site.url}driver.html`)
  const rows = await grown(await rowsOf(running.page), PASSPHRASE, MAX_ENTRIES - 1)
  await writeDisk(running.page, Object.fromEntries([...rows].map(([key, bytes]) => [key, Buffer.from(bytes)])))
  await die()
  return rows
}

/**
 * Looks at what lies on disk; opens the vault as its owner would, and looks at all that the engine says of it; then `use`.
 * The worker comes first, as for every owner. `seen` is null when there was no database any more.
 */
async function visit(profile, model, tally, use) {
  running = await start(profile, `${site.url}driver.html`)
  const { page, noted } = running
  await page.waitForFunction(() => window.keyhold)
  const { state, copy } = await page.evaluate(connect)
  const lost = state === 'absent'
  if (lost) {
    assert.ok(copy, 'the copy is offered')
    tally.broughtBack(await bringBack(page, model))
  } else if ((await readCopy(page, 'files')) === null) {
    tally.withoutCopy += 1
  }
  const seen = lost ? null : model.settle(await rowsOf(page))
  const happened = seen !== null && tally.settled(seen)
  if (model.refused !== null) assert.equal(await page.evaluate(open, model.refused), 'ERR_CANNOT_UNLOCK')
  model.refused = null
  const status = await page.evaluate(open, model.state.passphrase)
  assert.deepEqual([status.state, status.findings], ['unlocked', []])
  const found = await page.evaluate(async () => {
    const keys = await window.engine.keys()
    const { state, waitS, failedAttempts } = await window.engine.status()
    return { keys, state, waitS, failedAttempts, told: window.told }
  })
  // A vault that is locked has no keys to tell of: that is not the same as having lost them.
  assert.equal(found.state, 'unlocked', `locked by itself: ${JSON.stringify({ ...found, noted: noted.all })}`)
  model.knowIds(found.keys)
  const { verified, firstSeq, entries } = await page.evaluate(() => window.engine.audit())
  assert.deepEqual(verified, { ok: true })
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    entries.map((_, i) => firstSeq + i),
  )
  assert.equal(
    entries.some(({ action }) => action === 'trail-restart'),
    lost,
    'the activity says that it began anew',
  )
  assert.deepEqual(noted.wrongs, [])
  await use(page)
  if (running !== null) await die()
  return { seen, happened }
}

/** As the page offers it. @returns how long before the kill another state took the place of the one in the copy */
async function bringBack(page, model) {
  assert.equal((await page.evaluate(() => window.engine.recoverCopy())).state, 'locked')
  for (const passphrase of model.passphrases()) {
    if ((await page.evaluate(open, passphrase)).state === 'unlocked') break
  }
  const olderMs = model.settleCopy(await rowsOf(page), diedAt)
  assert.ok(olderMs <= COPIED_MS + BUSY_MS, `the copy had been out of date for ${olderMs} ms`)
  return olderMs
}

/** Begins a write of `kind`, sometimes after another, and kills the browser as it is about to reach the disk, or soon after. */
async function writeAndDie(page, model, kind, tally, { warmUp = Math.random() < 0.5, withinMs = 30 } = {}) {
  const moment = deferred()
  let fatal = null
  let warm = !warmUp
  await offer(page, moment, 'nextWrite', () => {
    // Told that the fatal one is done: there is nothing to do but to die.
    if (fatal !== null) return never
    const job = model.plan(warm ? kind : model.cheapKind())
    if (warm) fatal = job.kind
    warm = true
    return job
  })
  await offer(page, moment, 'shown', (code) => model.shown(code))
  await offer(page, moment, 'choose', (items) => model.choose(items))
  await offer(page, moment, 'aboutToWrite', () => {
    if (fatal !== null) setTimeout(moment.resolve, Math.random() * withinMs)
  })
  await offer(page, moment, 'written', (found) => {
    tally.written(fatal)
    model.done(found)
  })
  const writing = page.evaluate(writeOn)
  writing.catch(moment.reject)
  await moment.promise
  tally.under(fatal)
  await die()
}

/** Each key still holds the secret it should: it is used once, and the provider looks. */
async function assertSecrets(page, model) {
  for (const { id, secret } of model.state.keys) {
    await page.evaluate((id) => window.engine.models(id).catch(() => {}), id)
    assert.equal(demo.seen.findLast(({ method }) => method === 'GET').authorization, `Bearer ${secret}`)
  }
  // Written now, so that the next plan that reaches the disk is the one that is waited for.
  await page.evaluate(() => window.engine.audit())
}

/** That the checks can fail: half a write of any kind, and a vault in a state that no write makes, are noticed. */
async function controls(page, model) {
  const kinds = [...KINDS]
  const done = deferred()
  let old
  await offer(page, done, 'nextWrite', async () => {
    if (kinds.length === 0) done.resolve()
    if (kinds.length === 0) return never
    old = await rowsOf(page)
    return model.plan(kinds[0])
  })
  await offer(page, done, 'shown', (code) => model.shown(code))
  await offer(page, done, 'choose', (items) => model.choose(items))
  await offer(page, done, 'aboutToWrite', () => {})
  await offer(page, done, 'written', async (found) => {
    model.done(found)
    const rows = await rowsOf(page)
    assertHalvesFail(kinds.shift(), old, rows, model)
    model.settle(rows)
  })
  page.evaluate(writeOn).catch(done.reject)
  await done.promise
  const rows = await rowsOf(page)
  const other = model.copy()
  other.state.keys[0].secret = 'secret-that-never-was'
  assert.throws(() => other.look(rows), 'control: another secret')
  other.state = { ...model.state, passphrase: 'no passphrase of this vault' }
  assert.throws(() => other.look(rows), 'control: another passphrase')
}

function assertHalvesFail(kind, old, rows, model) {
  const changed = [...new Set([...old.keys(), ...rows.keys()])].filter(
    (key) => !/^(ledger|usage|spend|late)\//.test(key) && !isDeepStrictEqual(old.get(key), rows.get(key)),
  )
  assert.ok(changed.length >= 3, `${kind} changes a row, the activity and the manifest`)
  for (const key of changed) {
    const half = new Map(rows)
    if (old.has(key)) half.set(key, old.get(key))
    else half.delete(key)
    assert.throws(() => model.look(half), `control: ${kind} without ${key}`)
  }
  assert.throws(() => model.look(old), `control: ${kind} is gone after it was answered`)
}

/** The same for the long activity. This visit's unlock was one entry too many, had the write not been. */
function assertGapsFail(untrimmed, rows, model) {
  const { first, last } = model.look(rows)
  assert.ok(first === 1_001 && last > MAX_ENTRIES)
  const row = (seq) => `audit/${String(seq).padStart(12, '0')}`
  for (const seq of [first, (first + last) >> 1, last]) {
    const fewer = new Map(rows)
    fewer.delete(row(seq))
    assert.throws(() => model.look(fewer), `control: ${seq} is missing`)
  }
  const more = new Map(rows).set(row(first - 1), untrimmed.get(row(first - 1)))
  assert.throws(() => model.look(more), /none left over/, 'control: one that should have gone is still there')
}

/** How often which kind of write was under way, and how it came out. */
class Tally {
  #counts = new Map()
  #finished = 0
  #kind = null
  #told = false
  /** How often the vault was there and the copy beside it was not. */
  withoutCopy = 0
  /** For each database that was lost, how long the copy had been out of date; 0: not at all. */
  lost = []

  written(fatal) {
    if (fatal === null) this.#finished += 1
    else this.#told = true
  }

  under(kind) {
    this.#kind = kind
  }

  broughtBack(olderMs) {
    this.lost.push(olderMs)
    this.#kind = null
    this.#told = false
  }

  /** @returns whether the write under way at the last kill happened */
  settled({ outcome }) {
    if (this.#kind === null) return false
    const counts = this.#counts.get(this.#kind) ?? { before: 0, after: 0, answered: 0 }
    counts[this.#told ? 'answered' : outcome] += 1
    this.#counts.set(this.#kind, counts)
    const happened = this.#told || outcome === 'after'
    this.#kind = null
    this.#told = false
    return happened
  }

  print(title) {
    console.log(`${title}, ${this.#finished} other writes finished; the state found, by the write under way:`)
    for (const [kind, { before, after, answered }] of this.#counts) {
      console.log(`  ${kind.padEnd(10)} ${before} before, ${after} after, ${answered} after and already answered`)
    }
    const older = this.lost.filter((ms) => ms > 0)
    console.log(
      `  ${this.lost.length} times the browser had lost its database; the copy brought back all that was written ` +
        `${this.lost.length - older.length} times, all but what was written in the last ${COPIED_MS} ms ${older.length} times`,
    )
    console.log(`  ${this.withoutCopy} times the database was whole and the copy beside it could not be read`)
  }
}

/** Handed to a page: it waits for ever. */
const never = new Promise(() => {})
const rowsOf = async (page) => new Map(Object.entries((await readDisk(page)).rows))

/** A function for the page; what goes wrong in it is the test's failure. */
function offer(page, { reject }, name, work) {
  return page.exposeFunction(name, async (value) => {
    try {
      return await work(value)
    } catch (error) {
      reject(error)
      throw error
    }
  })
}

function deferred() {
  const all = {}
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }))
  all.promise.catch(() => {})
  return all
}

async function die() {
  const dying = running
  running = null
  diedAt = Date.now()
  await kill(dying)
}
