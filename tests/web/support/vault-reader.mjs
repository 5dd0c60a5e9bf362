// vault-reader: vault format 1 read and written from docs/vault-format.md alone, with libsodium.js and no line of ours:
// the oracle for what the engine writes and reads.
const { default: sodium } = await import('libsodium-wrappers-sumo')
await sodium.ready
const MAGIC = 'KH1'
const SUBKEYS = {
  record: 1,
  manifest: 2,
  page: 2,
  audit: 3,
  ledger: 4,
  usage: 4,
  spend: 4,
  late: 4,
  settings: 5,
  backup: 8,
}
const NONCE_BYTES = 24
const BLOCK = 256
const text = (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
const utf8 = (string) => new TextEncoder().encode(string)
const fromBase64url = (string) => sodium.from_base64(string, sodium.base64_variants.URLSAFE_NO_PADDING)
const digestOf = (bytes) =>
  sodium.to_base64(sodium.crypto_generichash(32, bytes, null), sodium.base64_variants.URLSAFE_NO_PADDING)

/** @returns {Uint8Array} Argon2id of the passphrase's bytes, 32 bytes. */
export function slotKeyOf(passphrase, salt, passes, memKib) {
  return sodium.crypto_pwhash(32, passphrase, salt, passes, memKib * 1024, sodium.crypto_pwhash_ALG_ARGON2ID13)
}

export function parseEnvelope(bytes) {
  if (text(bytes.subarray(0, 3)) !== MAGIC) throw new Error('not an envelope of format 1')
  const end = 5 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(3, true)
  const header = JSON.parse(text(bytes.subarray(5, end)))
  return { header, associated: bytes.subarray(0, end), sealed: bytes.subarray(end) }
}

function openEnvelope({ associated, sealed }, key) {
  const [nonce, ciphertext] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)]
  const padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, associated, nonce, key)
  const body = sodium.unpad(padded, BLOCK)
  const end = 4 + new DataView(body.buffer, body.byteOffset).getUint32(0, true)
  return { info: JSON.parse(text(body.subarray(4, end))), secret: body.slice(end) }
}

function sealEnvelope(header, info, secret, key) {
  const head = utf8(JSON.stringify(header))
  const inner = utf8(JSON.stringify(info))
  const associated = new Uint8Array([...utf8(MAGIC), head.length & 255, head.length >> 8, ...head])
  const length = new Uint8Array(new Uint32Array([inner.length]).buffer)
  const body = sodium.pad(new Uint8Array([...length, ...inner, ...secret]), BLOCK)
  const nonce = sodium.randombytes_buf(NONCE_BYTES)
  const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(body, associated, null, nonce, key)
  return new Uint8Array([...associated, ...nonce, ...sealed])
}

const slotOf = (rows, kind) => {
  const [[row, bytes]] = [...rows].filter(
    ([key, bytes]) => key.startsWith('slot/') && parseEnvelope(bytes).header.kind === kind,
  )
  return { row, header: parseEnvelope(bytes).header }
}

/** What the slot's header says: the input of slotKeyOf() beside the passphrase. */
export function kdfOf(rows) {
  const { salt, t, m } = slotOf(rows, 'passphrase').header.kdf
  return { salt: fromBase64url(salt), passes: t, memKib: m }
}

/** @returns {Uint8Array} of what a passkey or a recovery code gives: keyed BLAKE2b over a label and the place. */
export function wayInKeyOf(rows, kind, secret) {
  const { vault, id } = slotOf(rows, kind).header
  return sodium.crypto_generichash(32, utf8(`keyhold/1/${kind}\0${vault}\0${id}\0`), secret)
}

/** The 16 bytes of a recovery code in Crockford's base 32; the four after them only check. */
export function recoveryBytes(code) {
  const symbols = code.toUpperCase().replace(/[^0-9A-Z]/g, '')
  const bits = [...symbols].map((symbol) =>
    '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(symbol).toString(2).padStart(5, '0'),
  )
  const bytes = bits
    .join('')
    .match(/.{8}/g)
    .map((byte) => Number.parseInt(byte, 2))
  return new Uint8Array(bytes.slice(0, 16))
}

/** Opens every row and checks it against the manifest; throws at the first thing that is not as it should be. */
export function openVault(rows, slotKey, kind = 'passphrase') {
  const parsed = new Map([...rows].map(([key, bytes]) => [key, parseEnvelope(bytes)]))
  const vault = parsed.get('manifest').header.vault
  const slotRow = slotOf(rows, kind).row
  const root = openEnvelope(parsed.get(slotRow), slotKey).secret
  const subkeys = Object.fromEntries(
    Object.entries(SUBKEYS).map(([name, id]) => [name, sodium.crypto_kdf_derive_from_key(32, id, 'keyhold1', root)]),
  )
  const opened = new Map()
  for (const [key, envelope] of parsed) {
    const { purpose, id } = envelope.header
    if (envelope.header.vault !== vault || (id === purpose ? id : `${purpose}/${id}`) !== key)
      throw new Error('swapped')
    if (purpose !== 'slot') opened.set(key, { header: envelope.header, ...openEnvelope(envelope, subkeys[purpose]) })
  }
  const { audit } = opened.get('manifest').info
  const entries = { ...opened.get('manifest').info.entries }
  for (const [page, { header, info }] of opened) if (header.purpose === 'page') addPage(entries, page, info.entries)
  const listed = [...rows.keys()].filter((key) => !/^(manifest|audit|ledger|usage|spend|late)(\/|$)/.test(key)).sort()
  if (JSON.stringify(Object.keys(entries).sort()) !== JSON.stringify(listed))
    throw new Error('missing or unexpected row')
  for (const [key, [rev, digest, base]] of Object.entries(entries)) {
    const { header } = parsed.get(key)
    if (rev !== header.rev || base !== header.base || digest !== digestOf(rows.get(key)))
      throw new Error(`not as listed`)
  }
  checkChain(rows, opened, audit)
  return { root, subkeys, opened, manifest: opened.get('manifest') }
}

/**
 * A file that the vault keeps up to date, opened by way of the vault: without the file's passphrase.
 * @returns {{ labels: string[], secrets: string }}
 */
export function openKeptFile(file, { subkeys, opened }) {
  const { slot, key } = opened.get('settings').info.autosave
  const end = 8 + new DataView(file.buffer, file.byteOffset).getUint32(4, true)
  if (!Buffer.from(fromBase64url(slot)).equals(file.subarray(8, end))) throw new Error('another slot')
  const { secret: root } = openEnvelope(parseEnvelope(fromBase64url(key)), subkeys.backup)
  const contentKey = sodium.crypto_kdf_derive_from_key(32, SUBKEYS.backup, 'keyhold1', root)
  const { info, secret } = openEnvelope(parseEnvelope(file.subarray(end)), contentKey)
  return { labels: info.keys.map(({ label }) => label), secrets: text(secret) }
}

/** Records are listed by the page of their id's first character, pages by the manifest. */
function addPage(entries, page, records) {
  if (entries[page] === undefined || Object.keys(records).length === 0)
    throw new Error(`${page} is not listed, or empty`)
  for (const [row, entry] of Object.entries(records)) {
    if (row.slice(0, 8) !== `record/${page[5]}`) throw new Error(`${row} on ${page}`)
    entries[row] = entry
  }
}

/** The activity: each entry names the one before it, and the manifest the last. */
function checkChain(rows, opened, { first, last, before, head }) {
  let digest = before
  for (let seq = first; seq <= last; seq++) {
    const key = `audit/${String(seq).padStart(12, '0')}`
    const entry = opened.get(key)
    if (entry.header.rev !== seq || entry.header.before !== digest || typeof entry.info.action !== 'string')
      throw new Error(`activity is broken at ${seq}`)
    digest = digestOf(rows.get(key))
  }
  if (digest !== head) throw new Error('activity does not end as listed')
}

/** A copy of the rows in which one record holds another secret and label, as a second program of this format would write it. */
export function resealRecord(rows, { subkeys, opened, manifest }, id, label, secret) {
  const row = `record/${id}`
  const { header, info } = opened.get(row)
  const bytes = sealEnvelope({ ...header, rev: header.rev + 1 }, { ...info, label }, secret, subkeys.record)
  const generation = manifest.header.generation + 1
  const entry = [header.rev + 1, digestOf(bytes), header.base]
  const page = `page/${id[0]}`
  const old = opened.get(page)
  const records = { ...old.info.entries, [row]: entry }
  const newPage = sealEnvelope({ ...old.header, rev: generation }, { entries: records }, [], subkeys.page)
  const entries = { ...manifest.info.entries, [page]: [generation, digestOf(newPage)] }
  const { audit } = manifest.info
  const newManifest = sealEnvelope(
    { ...manifest.header, rev: generation, generation },
    { entries, audit },
    [],
    subkeys.manifest,
  )
  return new Map([...rows, [row, bytes], [page, newPage], ['manifest', newManifest]])
}
