// source: a vault as it is in memory, which seals its rows and lists them: what the kit's vaults are made of.
import {
  base64url,
  digestOf,
  headerOf,
  KDF,
  newId,
  random,
  seal,
  slotKeyOf,
  sodium,
  SUBKEYS,
  utf8,
} from './sealing.mjs'

const ZEROS = new Uint8Array(32)
const copy = (value) => structuredClone(value)
/** The row that lists a record. */
export const pageOf = (row) => `page/${row['record/'.length]}`

export class Source {
  constructor() {
    this.id = newId()
    this.root = random(32)
    this.keys = Object.fromEntries(
      Object.entries(SUBKEYS).map(([name, id]) => [
        name,
        sodium.crypto_kdf_derive_from_key(32, id, 'keyhold1', this.root),
      ]),
    )
    this.sealed = new Map()
    /** page/… -> its info, as sealed */
    this.pages = new Map()
    this.generation = 1
    this.audit = { first: 1, last: 0, before: base64url(ZEROS), head: base64url(ZEROS), steps: [] }
  }
  header(purpose, id, rev, more = {}) {
    return { purpose, vault: this.id, id, rev, ...more }
  }
  put(key, bytes) {
    this.sealed.set(key, bytes)
    return bytes
  }
  slotHeader(kdf = KDF) {
    return this.header('slot', this.slot, 1, { kind: 'passphrase', kdf: { ...kdf, salt: base64url(this.salt) } })
  }
  putSlot(passphrase) {
    this.slot = newId()
    this.salt = random(16)
    this.slotKey = slotKeyOf(passphrase, this.salt)
    this.put(`slot/${this.slot}`, seal(this.slotHeader(), {}, this.root, this.slotKey))
  }
  recordHeader(id, rev) {
    return this.header('record', id, rev, {
      provider: 'openai',
      base: 'https://api.openai.com/v1/',
      auth: { header: 'authorization', prefix: 'Bearer ' },
    })
  }
  recordInfo(label) {
    return { label, hint: '', created: 1000, changed: 1000 }
  }
  sealRecord(id, rev, label, secret) {
    return seal(this.recordHeader(id, rev), this.recordInfo(label), utf8(secret), this.keys.record)
  }
  sealSettings(rev, more = {}) {
    const info = { defaults: {}, endpoints: [], order: [], slots: {}, lock: 15, ...more }
    return seal(this.header('settings', 'settings', rev), info, [], this.keys.settings)
  }
  note(action) {
    const seq = ++this.audit.last
    const id = String(seq).padStart(12, '0')
    const header = this.header('audit', id, seq, { before: this.audit.head })
    const bytes = this.put(`audit/${id}`, seal(header, { at: 1000 + seq, action, code: 'ok' }, [], this.keys.audit))
    this.audit.head = digestOf(bytes)
  }
  listed(rows = this.sealed) {
    const entries = {}
    for (const [key, bytes] of rows) {
      if (/^(manifest$|page\/|audit\/|ledger\/)/.test(key)) continue
      const header = headerOf(bytes)
      entries[key] = [header.rev, digestOf(bytes), ...(header.base ? [header.base] : [])]
    }
    return entries
  }
  sealPage(row, info, header = this.header('page', row.slice(5), this.generation)) {
    return seal(header, info, [], this.keys.manifest)
  }
  /**
   * The rows that list `rows`: the manifest, and those of its pages that are not as they were.
   * `page` gets the pages' infos by row, `head` the manifest's info and header, before they are sealed.
   */
  list(rows = this.sealed, { page = () => {}, head = () => {} } = {}) {
    const entries = {}
    const infos = {}
    for (const [key, entry] of Object.entries(this.listed(rows))) {
      if (!key.startsWith('record/')) entries[key] = entry
      else (infos[pageOf(key)] ??= { entries: {} }).entries[key] = entry
    }
    page(infos)
    const pages = {}
    for (const [row, info] of Object.entries(infos)) {
      const same = JSON.stringify(this.pages.get(row)) === JSON.stringify(info)
      const bytes = same ? this.sealed.get(row) : (pages[row] = this.sealPage(row, info))
      entries[row] = [headerOf(bytes).rev, digestOf(bytes)]
    }
    const slots = {}
    for (const [key, [, digest]] of Object.entries(entries)) if (key.startsWith('slot/')) slots[key.slice(5)] = digest
    const header = this.header('manifest', 'manifest', this.generation, {
      generation: this.generation,
      epoch: 1,
      slots,
    })
    const info = { entries, audit: copy(this.audit) }
    head(info, header)
    return { infos, rows: { ...pages, manifest: seal(header, info, [], this.keys.manifest) } }
  }
  putList() {
    const { infos, rows } = this.list()
    for (const row of this.pages.keys()) if (!(row in infos)) this.sealed.delete(row)
    this.pages = new Map(Object.entries(infos))
    for (const [row, bytes] of Object.entries(rows)) this.put(row, bytes)
  }
}
