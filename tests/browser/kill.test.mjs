// kill: does the vault survive the death of the browser at any moment? Writes follow one another without a pause, the
// whole browser is killed, and the same profile is opened again: everything must be as before or after the last write, and
// the activity whole, with one entry for each write that happened.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { demoConfig, startDemo } from '../../scripts/demo.mjs'
import { kdfOf, openVault, slotKeyOf } from '../web/support/vault-reader.mjs'
import { ARGS, onPath, watch } from './support/chromium.mjs'
import { readDisk } from './support/disk.mjs'
import { startTestSite } from './support/site.mjs'

const KILLS = process.env.KEYHOLD_EFFORT === 'full' ? 50 : 10
const KILL_WITHIN_MS = 500
const ACTIONS = { add: 'key-add', replace: 'key-replace', delete: 'key-delete' }
const PASSPHRASE = 'violet tractor hums quietly at noon'

let demo
let site
let profile
let running = null

before(async () => {
  demo = await startDemo({ fast: true })
  site = await startTestSite(demoConfig(demo))
  profile = await mkdtemp(join(tmpdir(), 'keyhold-killed-'))
})
after(async () => {
  if (running) await kill(running)
  await site?.stop()
  await demo?.stop()
  await rm(profile, { recursive: true, force: true })
})

test(`${KILLS} kills: the vault opens every time, in the state before or after the write under way`, async () => {
  const model = new Model()
  let lastRows
  const counts = { writes: 0, before: 0, after: 0, between: 0 }
  for (let round = 0; round <= KILLS; round += 1) {
    running = await start()
    const { page, noted } = running
    const status = await open(page)
    assert.equal(status.state, 'unlocked')
    assert.deepEqual(status.findings, [])
    const found = await page.evaluate(() => window.engine.keys())
    counts[model.settle(found)] += round === 0 ? 0 : 1
    lastRows = await sealedRows(page)
    assert.deepEqual(writesIn(lastRows), model.happened)
    const { verified } = await page.evaluate(() => window.engine.audit())
    assert.deepEqual(verified, { ok: true })
    await assertSecrets(page, found, model)
    assert.deepEqual(noted.wrongs, [])
    if (round === KILLS) break

    await page.exposeFunction('nextWrite', () => model.next())
    await page.exposeFunction('written', (id) => {
      counts.writes += 1
      model.done(id)
    })
    const writing = page.evaluate(writeOn).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, Math.random() * KILL_WITHIN_MS))
    await kill(running)
    running = null
    await writing
  }
  console.log(
    `${KILLS} kills during ${counts.writes} finished writes; afterwards ${counts.before} times the state before the ` +
      `write under way, ${counts.after} times the one after it, ${counts.between} times none was under way`,
  )
  assert.ok(counts.writes > 0)
  const activity = [...lastRows.keys()].filter((key) => key.startsWith('audit/')).toSorted()
  for (const key of [activity[0], activity[activity.length >> 1], activity.at(-1)]) {
    const rows = new Map(lastRows)
    rows.delete(key)
    assert.throws(() => writesIn(rows), `control: ${key} is missed`)
  }
  assert.deepEqual(site.broken(), [])
})

/** All of the vault but the hot rows, which may be a second behind. */
async function sealedRows(page) {
  const { rows } = await readDisk(page)
  return new Map(Object.entries(rows).filter(([key]) => !key.startsWith('ledger/')))
}

let slotKey = null

/** Reads the whole vault, its chain of activity included. @returns the keys' changes it tells of, oldest first */
function writesIn(rows) {
  const { salt, passes, memKib } = kdfOf(rows)
  // Always the same passphrase, and a second for each derivation.
  slotKey ??= slotKeyOf(new TextEncoder().encode(PASSPHRASE), salt, passes, memKib)
  const { opened } = openVault(rows, slotKey)
  return [...opened.keys()]
    .filter((key) => key.startsWith('audit/'))
    .toSorted()
    .map((key) => opened.get(key).info)
    .filter(({ action }) => Object.values(ACTIONS).includes(action))
    .map(({ action, label }) => `${action} ${label}`)
}

/** What the vault must hold: label -> secret, and the write that may or may not have happened. */
class Model {
  #held = new Map()
  #ids = new Map()
  #next = null
  #count = 0
  /** Every write that is on disk, oldest first. */
  happened = []

  next() {
    const labels = [...this.#held.keys()]
    const kinds = labels.length < 3 ? ['add'] : labels.length > 8 ? ['delete'] : ['add', 'replace', 'delete']
    const kind = any(kinds)
    const count = ++this.#count
    const label = kind === 'add' ? `key ${count}` : any(labels)
    const secret = kind === 'delete' ? null : `secret-number-${String(count).padStart(5, '0')}`
    this.#next = { kind, label, secret }
    return { kind, label, secret, id: this.#ids.get(label) ?? null }
  }

  done(id) {
    const { label } = this.#next
    this.#happen()
    this.#next = null
    if (id !== null) this.#ids.set(label, id)
  }

  /** Compares with the keys found and takes them over. */
  settle(found) {
    const actual = states(found.map(({ label, hint }) => [label, hint]))
    const expected = (held) => states([...held].map(([label, secret]) => [label, secret.slice(-4)]))
    const after = this.#next === null ? null : this.#after()
    const outcome = after === null ? 'between' : actual === expected(after) ? 'after' : 'before'
    if (outcome === 'after') this.#happen()
    assert.equal(actual, expected(this.#held))
    this.#next = null
    this.#ids = new Map(found.map(({ label, id }) => [label, id]))
    return outcome
  }

  secret(label) {
    return this.#held.get(label)
  }

  #happen() {
    const { kind, label } = this.#next
    this.happened.push(`${ACTIONS[kind]} ${label}`)
    this.#held = this.#after()
  }

  #after() {
    const { label, secret } = this.#next
    const after = new Map(this.#held)
    if (secret === null) after.delete(label)
    else after.set(label, secret)
    return after
  }
}

function states(pairs) {
  return JSON.stringify(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function any(list) {
  return list[Math.floor(Math.random() * list.length)]
}

/** Runs in the page until the browser dies. */
async function writeOn() {
  const bytes = (text) => new TextEncoder().encode(text)
  for (;;) {
    const { kind, label, secret, id } = await window.nextWrite()
    let stored = null
    if (kind === 'add') {
      stored = await window.engine.add({ provider: 'demo', label, secret: bytes(secret), unchecked: true })
    } else if (kind === 'replace') stored = await window.engine.replace(id, bytes(secret), { unchecked: true })
    else await window.engine.delete(id)
    await window.written(stored?.key.id ?? null)
  }
}

/** Opens the vault, or makes it the first time. */
function open(page) {
  return page.evaluate(async (passphrase) => {
    const { KeyholdEngine, passphraseBytes } = window.keyhold
    window.engine = await KeyholdEngine.connect()
    const { state } = window.engine.hello.status
    return window.engine[state === 'absent' ? 'create' : 'unlock'](passphraseBytes(passphrase))
  }, PASSPHRASE)
}

/** Each key still holds the secret it should: it is used once, and the provider looks. */
async function assertSecrets(page, keys, model) {
  for (const { id, label } of keys) {
    await page.evaluate((id) => window.engine.models(id).catch(() => {}), id)
    assert.equal(demo.seen.findLast(({ method }) => method === 'GET').authorization, `Bearer ${model.secret(label)}`)
  }
}

/** A browser of our own in a process group of its own, so that all of it can be killed at once. */
async function start() {
  const args = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
  const child = spawn(onPath('chromium'), [...ARGS, ...args], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  const address = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const [, found] = /listening on (ws:\S+)/.exec(said) ?? []
      if (found) resolve(found)
    })
    child.once('exit', () => reject(new Error(said)))
  })
  const browser = await chromium.connectOverCDP(address)
  const [context] = browser.contexts()
  const noted = await watch(context)
  const page = await context.newPage()
  await page.goto(`${site.url}driver.html`)
  await page.waitForFunction(() => window.keyhold)
  return { child, browser, page, noted }
}

async function kill({ child, browser }) {
  const gone = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await gone
  await browser.close().catch(() => {})
}
