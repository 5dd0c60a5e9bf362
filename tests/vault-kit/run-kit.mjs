// run-kit: what an engine makes of each case of the kit, in the words of its `expect`. In Node and in a browser alike.

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
const rowKey = ({ purpose, id }) => (id === purpose ? id : `${purpose}/${id}`)
const byKey = (a, b) => (a.key < b.key ? -1 : 1)
const code = ({ error }) => error ?? 'ok'

function withZeros({ bytes, zeros = 0 }) {
  const given = bytesOf(bytes)
  const all = new Uint8Array(given.length + zeros)
  all.set(given)
  return all
}

function withBuffer(module, bytes, use) {
  const buffer = new module.Buffer(bytes.length)
  try {
    buffer.view().set(bytes)
    return use(buffer)
  } finally {
    buffer.delete()
  }
}

function rowsOf(kit, { put = {}, drop = [] }) {
  const rows = new Map(Object.entries(kit.rows).map(([key, bytes]) => [key, bytesOf(bytes)]))
  for (const key of drop) rows.delete(key)
  for (const [key, row] of Object.entries(put)) rows.set(key, withZeros(row))
  const all = [...rows].map(([key, bytes]) => ({ key, bytes }))
  const of = (wanted) => all.filter(({ key }) => wanted(key.split('/')[0]))
  return {
    envelopes: of((kind) => kind !== 'ledger' && kind !== 'audit'),
    ledger: of((kind) => kind === 'ledger'),
    audit: of((kind) => kind === 'audit'),
  }
}

const unlock = (module, engine, key) => code(withBuffer(module, bytesOf(key), (held) => engine.unlock(held, 0, 0)))

function looked(engine, audit) {
  const findings = engine.findings().map((one) => ({ key: rowKey(one), kind: one.kind, code: one.code }))
  const keys = engine.keys().map(({ id }) => id)
  // Without a sound manifest nothing is known of the trail.
  const blind = findings.some(({ key }) => key === 'manifest')
  const { verified } = engine.audit(audit).value
  return { findings: findings.sort(byKey), keys: keys.sort(), audit: blind ? null : (verified.broken ?? null) }
}

function runVault(module, engine, kit, one) {
  const { envelopes, ledger, audit } = rowsOf(kit, one)
  const state = engine.load(envelopes, ledger).value
  if (state !== 'locked') throw new Error(`taken for ${state}`)
  const outcome = unlock(module, engine, kit.slotKey)
  if (engine.state() !== (outcome === 'ok' ? 'unlocked' : 'locked')) throw new Error(`${outcome}: ${engine.state()}`)
  return outcome === 'ok' ? { unlock: 'ok', ...looked(engine, audit) } : { unlock: outcome }
}

/** A file is opened beside the sound vault, which must be as it was afterwards. */
function runBackup(module, engine, kit, one) {
  const { envelopes, ledger, audit } = rowsOf(kit, {})
  engine.load(envelopes, ledger)
  if (unlock(module, engine, kit.slotKey) !== 'ok') throw new Error('the sound vault does not open')
  const before = JSON.stringify([looked(engine, audit), engine.keys(), engine.settings()])
  const file = withZeros(one.file)
  let open = code(engine.backupKdf(file, one.large ? 1 : 0))
  if (open === 'ok') {
    const key = bytesOf(one.slotKey ?? kit.backup.slotKey)
    open = code(withBuffer(module, key, (held) => engine.openBackup(file, held)))
  }
  if (JSON.stringify([looked(engine, audit), engine.keys(), engine.settings()]) !== before) {
    throw new Error('the vault changed')
  }
  const preview = engine.preview()
  if (open !== 'ok') {
    if (!preview.error) throw new Error('something waits to be taken over')
    return { open }
  }
  const items = preview.value.items.map(({ provider, label, unknownProvider, state }) => {
    return { provider, label, usable: !unknownProvider, state }
  })
  return { open, items }
}

const RUNNERS = { vault: runVault, backup: runBackup }

/** Deep-equal to `one.expect` if all is well. Throws when what must hold of every case does not. */
export function runCase(module, kit, one) {
  const engine = new module.Engine()
  try {
    return RUNNERS[one.kind](module, engine, kit, one)
  } finally {
    engine.delete()
  }
}

/** The cases, as `expect` must be compared: lists in one order. */
export function expected({ expect }) {
  return expect.keys === undefined ? expect : { ...expect, keys: expect.keys.toSorted() }
}

/** Does the passphrase give the slot key? The strength is in the slot's header. */
export function derived(module, passphrase, { salt, t, m }) {
  const spec = { salt: bytesOf(salt), passes: t, memKib: m }
  return withBuffer(module, bytesOf(passphrase), (text) => module.deriveSlotKey(text, spec).value)
}
