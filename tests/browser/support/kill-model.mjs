// kill-model: what must the vault be after a kill? Holds the state that is on disk for sure and the one that the write under
// way would make, and compares both with what an independent reader finds.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { kdfOf, openVault, recoveryBytes, slotKeyOf, wayInKeyOf } from '../../web/support/vault-reader.mjs'

export const CHEAP = ['add', 'replace', 'delete']
export const KINDS = [...CHEAP, 'passphrase', 'rotate', 'restore']
const ACTIONS = {
  'key-add': ({ label }) => `add ${label}`,
  'key-replace': ({ label }) => `replace ${label}`,
  'key-delete': ({ label }) => `delete ${label}`,
  'passphrase-change': () => 'passphrase',
  'root-rotate': ({ code }) => `rotate ${code}`,
  import: ({ count = 1 }) => `restore ${count}`,
}
const MOST_KEYS = 8

export const any = (list) => list[Math.floor(Math.random() * list.length)]
const sorted = (keys) => keys.map((key) => JSON.stringify(key)).toSorted()

export class Model {
  /** On disk for sure: `keys` of { label, secret, id }, and what opens them. */
  state
  /** { kind, job, entry, state }: may have happened or not. */
  next = null
  /** The changes that the activity must tell of, oldest first; seq as long as it is not known is null. */
  happened = []
  /** Of the backup: { keys, passphrase, file }. */
  backup = null
  /** The passphrase that opens nothing, where the last write decided between two. */
  refused = null
  #root = null
  #count = 0
  /** States from before this one, the latest first, and when it took their place: { state, until }. */
  #earlier = []

  constructor(passphrase) {
    this.state = { keys: [], passphrase, recovery: null }
  }

  copy() {
    const copy = new Model(this.state.passphrase)
    copy.state = structuredClone(this.state)
    copy.happened = structuredClone(this.happened)
    copy.backup = this.backup
    copy.#root = this.#root
    copy.#count = this.#count
    copy.#earlier = structuredClone(this.#earlier)
    return copy
  }

  cheapKind() {
    return this.state.keys.length > MOST_KEYS ? 'delete' : any(CHEAP)
  }

  /** @returns what the page is to do: the rest of restoring and rotating is said by choose() and shown(). */
  plan(wanted) {
    const { keys, passphrase } = this.state
    const kind = keys.length === 0 && ['replace', 'delete'].includes(wanted) ? 'add' : wanted
    const count = String(++this.#count).padStart(5, '0')
    const state = structuredClone(this.state)
    const secret = `secret-number-${count}`
    const at = Math.floor(Math.random() * keys.length)
    const { id = null, label = `key ${count}` } = kind === 'add' ? {} : (keys[at] ?? {})
    const next = { kind, entry: CHEAP.includes(kind) ? `${kind} ${label}` : kind, state }
    if (kind === 'add') state.keys.push({ label, secret })
    if (kind === 'replace') state.keys[at].secret = secret
    if (kind === 'delete') state.keys.splice(at, 1)
    if (kind === 'passphrase') state.passphrase = `amber ladder ${count} sings softly by dawn`
    if (kind === 'rotate') next.entry = 'rotate ok'
    this.next = next
    const { backup } = this
    return {
      kind,
      id,
      label,
      secret,
      passphrase,
      newPassphrase: state.passphrase,
      backup: kind === 'restore' && backup,
    }
  }

  shown(code) {
    this.next.state.recovery = code
  }

  /** @returns a choice for each item of the opened backup, at least one of them not to skip it. */
  choose(items) {
    const { state } = this.next
    const choices = items.map((item, i) =>
      item.key === null
        ? any(i === 0 ? ['add'] : ['add', 'skip'])
        : any(i === 0 ? ['replace'] : ['add', 'replace', 'skip']),
    )
    for (const [i, { label, hint, key }] of items.entries()) {
      const { secret } = this.backup.keys.find((one) => one.label === label)
      assert.equal(hint, secret.slice(-4))
      if (choices[i] === 'add') state.keys.push({ label, secret })
      if (choices[i] === 'replace')
        state.keys[state.keys.findIndex(({ id }) => id === key)] = { label, secret, id: key }
    }
    this.next.entry = `restore ${choices.filter((choice) => choice !== 'skip').length}`
    return choices
  }

  /** The write has been answered, so it is on disk. `found`: the engine's keys. */
  done(found) {
    this.happened.push({ seq: null, text: this.next.entry })
    if (this.next.kind === 'rotate') this.#root = null
    this.#decide(this.next.state, this.state)
    this.knowIds(found)
  }

  /** The engine tells ids, labels and the ends of the keys: all of them must be those of the state. */
  knowIds(found) {
    const names = (keys) => sorted(keys.map(({ label, hint, secret }) => [label, hint ?? secret.slice(-4)]))
    assert.deepEqual(names(found), names(this.state.keys))
    const left = [...found]
    for (const key of this.state.keys) {
      const at = left.findIndex(({ label, hint }) => label === key.label && key.secret.endsWith(hint))
      key.id = left.splice(at, 1)[0].id
    }
  }

  /** Reads all of the vault; throws unless every part of it is as before or every part as after the write under way. */
  look(rows) {
    const { next, state } = this
    const passphrases = [...new Set([state.passphrase, ...(next ? [next.state.passphrase] : [])])]
    const codes = [...new Set([state.recovery, ...(next ? [next.state.recovery] : [])])].filter((code) => code !== null)
    const readings = passphrases.map((one) => attempt(() => openVault(rows, slotKey(rows, one))))
    const reading = readings.find(({ value }) => value)
    if (reading === undefined) throw readings[0].error
    const { opened, manifest, subkeys } = reading.value
    const { first, last } = manifest.info.audit
    const told = [...opened].filter(([key]) => key.startsWith('audit/')).toSorted(([a], [b]) => (a < b ? -1 : 1))
    assert.equal(told.length, last - first + 1, 'as many entries as the manifest says, none left over')
    const entries = told.flatMap(([, { header, info }]) =>
      ACTIONS[info.action] ? [{ seq: header.rev, text: ACTIONS[info.action](info) }] : [],
    )
    const root = Buffer.from(subkeys.record).toString('hex')
    const found = {
      keys: sorted(
        [...opened]
          .filter(([key]) => key.startsWith('record/'))
          .map(([, { info, secret }]) => [info.label, Buffer.from(secret).toString()]),
      ),
      passphrases: passphrases.filter((_, i) => readings[i].value),
      codes: codes.filter(
        (code) => attempt(() => openVault(rows, wayInKeyOf(rows, 'recovery', recoveryBytes(code)), 'recovery')).value,
      ),
      sameRoot: this.#root === null || root === this.#root,
      entries: entries.map(({ text }) => text),
    }
    const kept = this.happened.filter(({ seq }) => seq === null || seq >= first).map(({ text }) => text)
    const expected = ({ keys, passphrase, recovery }, more, sameRoot) => ({
      keys: sorted(keys.map(({ label, secret }) => [label, secret])),
      passphrases: [passphrase],
      codes: recovery === null ? [] : [recovery],
      sameRoot,
      entries: [...kept, ...more],
    })
    const rotates = next?.kind === 'rotate' && this.#root !== null
    const after = next !== null && isDeepStrictEqual(found, expected(next.state, [next.entry], !rotates))
    if (!after) assert.deepEqual(found, expected(state, [], true))
    return { outcome: after ? 'after' : 'before', entries, root, first, last }
  }

  /** What was found is the state from now on. @returns what look() does */
  settle(rows) {
    const seen = this.look(rows)
    if (this.next !== null) {
      if (seen.outcome === 'after') this.#decide(this.next.state, this.state)
      else this.#decide(this.state, this.next.state)
    }
    this.happened = seen.entries
    this.#root = seen.root
    return seen
  }

  /** What may open the vault after its database was lost, the likeliest first. */
  passphrases() {
    const states = [this.state, ...(this.next ? [this.next.state] : []), ...this.#earlier.map(({ state }) => state)]
    return [...new Set(states.map(({ passphrase }) => passphrase))].slice(0, 4)
  }

  /**
   * The database was lost, and the copy beside it is the vault: all of it as after one and the same write. That is the
   * state from now on, and the activity begins anew. @returns for how long before `diedAt` it was not the latest any more
   */
  settleCopy(rows, diedAt) {
    const latest = [...(this.next ? [this.next.state] : []), this.state].map((state) => ({ state, until: diedAt }))
    Object.assign(this, { next: null, happened: [] })
    this.#root = null
    for (const { state, until } of [...latest, ...this.#earlier]) {
      this.state = state
      const { value: seen } = attempt(() => this.look(rows))
      if (seen === undefined) continue
      this.#root = seen.root
      this.refused = null
      this.#earlier = []
      return diedAt - until
    }
    assert.fail('the copy is as after none of the writes')
  }

  #decide(now, other) {
    if (now !== this.state) this.#earlier.unshift({ state: this.state, until: Date.now() })
    this.state = now
    this.next = null
    this.refused = other.passphrase === now.passphrase ? null : other.passphrase
  }
}

function attempt(open) {
  try {
    return { value: open() }
  } catch (error) {
    return { error }
  }
}

const derived = new Map()

/** Each derivation takes a second: once for a salt. */
function slotKey(rows, passphrase) {
  const { salt, passes, memKib } = kdfOf(rows)
  const name = `${Buffer.from(salt).toString('hex')} ${passphrase}`
  if (!derived.has(name)) derived.set(name, slotKeyOf(new TextEncoder().encode(passphrase), salt, passes, memKib))
  return derived.get(name)
}
