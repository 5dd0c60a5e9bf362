// oracles: the built engine.wasm gives the answers that other people's programs give, and what it writes can be read
// without it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { argon2id } from 'hash-wasm'
import { keepingBinary, startEngine, taken, wasmBinary, withBuffer } from '../support/engine.mjs'
import { kdfOf, openVault, recoveryBytes, resealRecord, slotKeyOf, wayInKeyOf } from './support/vault-reader.mjs'

const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const golden = JSON.parse(readFileSync(file('tests/vectors/vault-v1.json'), 'utf8'))
const RUNS = 200
// Three times Argon2id each.
const KDF_RUNS = process.env.KEYHOLD_EFFORT === 'full' ? 200 : 40
const CHEAPEST = { passes: 2, memKib: 19 * 1024 }
const PROVIDERS = ['openai', 'anthropic', 'google', 'openrouter', 'mistral', 'groq', 'deepseek', 'xai']
// Beyond the usual: beyond the basic plane, right to left, joined, combining, looks like JSON, a NUL's neighbour.
const LETTERS = [...'aZ09 -_.,\'"\\/{}[]:äßéñçøЖщλΩ漢字かなกขعرבית한글🔑👩‍💻🇩🇪e\u0301\u2028\ufeff\uffff\u{10ffff}']
const KEY_LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']

let module
before(async () => {
  module = await startEngine()
})

const pick = (list) => list[randomInt(list.length)]
const word = (letters, length) => Array.from({ length }, () => pick(letters)).join('')
const flipped = (bytes, bit) => bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const equalBytes = (actual, expected) =>
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(expected).toString('hex'))

function withEngine(use) {
  const engine = new module.Engine()
  try {
    return use(engine)
  } finally {
    engine.delete()
  }
}

/** A vault of the engine's making with random contents: its rows, its slot key, its keys with their secrets. */
function makeVault() {
  const rows = new Map()
  const slotKey = randomBytes(32)
  const keys = new Map()
  withEngine((engine) => {
    const write = ({ puts, deletes, id }) => {
      for (const { key, bytes } of puts) rows.set(key, bytes)
      for (const key of deletes) rows.delete(key)
      taken(engine.commit())
      return id
    }
    taken(engine.load([], []))
    write(
      withBuffer(module, slotKey, (key) =>
        taken(engine.planCreate({ salt: randomBytes(16), ...CHEAPEST }, key, Date.now())),
      ),
    )
    for (let i = randomInt(1, 6); i > 0; i--) {
      const facts = { provider: pick(PROVIDERS), label: label(), secret: `sk-${word(KEY_LETTERS, randomInt(13, 500))}` }
      const plan = withBuffer(module, Buffer.from(facts.secret), (secret) =>
        taken(engine.planAdd(facts.provider, facts.label, secret, Date.now())),
      )
      keys.set(write(plan), facts)
    }
    if (randomInt(2) === 1) write(taken(engine.planAddEndpoint(label(), 'http://localhost:11434/v1/', '', Date.now())))
    if (randomInt(2) === 1) write(taken(engine.planDefault(pick([...keys.keys()]), Date.now())))
    if (keys.size > 1 && randomInt(2) === 1) {
      const id = pick([...keys.keys()])
      write(taken(engine.planDelete(id, Date.now())))
      keys.delete(id)
    }
  })
  return { rows, slotKey, keys }
}

function label() {
  let text = ''
  while (text === '') text = word(LETTERS, randomInt(1, 40))
  return text
}

/** What the engine says of rows: null if it opens them and finds nothing wrong, else what it found. */
function engineRefusal(rows, slotKey, look = () => {}) {
  return withEngine((engine) => {
    const all = [...rows].map(([key, bytes]) => ({ key, bytes }))
    const isAudit = ({ key }) => key.startsWith('audit/')
    const loaded = engine.load(
      all.filter((row) => !isAudit(row)),
      [],
    )
    if (loaded.error) return loaded.error
    const { error } = withBuffer(module, slotKey, (key) => engine.unlock(key, Date.now(), 0))
    if (error) return error
    look(engine)
    const finding = engine.findings()[0]?.code
    if (finding) return finding
    const { verified } = taken(engine.audit(all.filter(isAudit)))
    return verified.ok ? null : `ERR_TAMPERED: entry ${verified.broken}`
  })
}

/** A stored key as the engine would send it, without what its provider wants before it. */
function sentSecret(engine, id, now) {
  const call = taken(engine.checkStored(id, now))
  const { secret } = call.request()
  call.delete()
  return Buffer.from(secret.value)
    .toString()
    .replace(/^Bearer /, '')
}

test('self-test: the published vectors of Argon2id (RFC 9106), XChaCha20-Poly1305 and BLAKE2b', () => {
  assert.deepEqual(module.selfTest(), { value: null })
})

test('the files that are served are the files that were tested', { skip: !existsSync(file('dist/assets')) }, () => {
  const served = readdirSync(file('dist/assets')).filter((name) => name.endsWith('.wasm'))
  const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
  const inDist = served.map((name) => sha256(readFileSync(file(`dist/assets/${name}`))))
  const tested = [wasmBinary, keepingBinary].map(sha256)
  assert.deepEqual(inDist.sort(), tested.sort(), 'dist/ was built from another engine: run scripts/build')
})

test(`Argon2id equals hash-wasm's and libsodium.js's on ${KDF_RUNS} random inputs, Unicode and NUL included`, async () => {
  const { passes, memKib } = CHEAPEST
  for (let run = 0; run < KDF_RUNS; run++) {
    const passphrase = randomPassphrase(run)
    const salt = randomBytes(16)
    const ours = withBuffer(module, passphrase, (buffer) =>
      taken(module.deriveSlotKey(buffer, { salt, passes, memKib })),
    )
    const why = `passphrase ${passphrase.toString('hex')}, salt ${salt.toString('hex')}`
    const input = { password: passphrase, salt, iterations: passes, memorySize: memKib, parallelism: 1, hashLength: 32 }
    assert.equal(Buffer.from(ours).toString('hex'), await argon2id({ ...input, outputType: 'hex' }), why)
    assert.equal(
      Buffer.from(ours).toString('hex'),
      Buffer.from(slotKeyOf(passphrase, salt, passes, memKib)).toString('hex'),
      why,
    )
  }
})

// Every length from 1 to 200 bytes, evenly: any bytes at all, text of many scripts, text with NULs in and around it.
function randomPassphrase(run) {
  const length = 1 + Math.round((run * 199) / (KDF_RUNS - 1))
  if (run % 3 === 0) return randomBytes(length)
  const bytes = Buffer.from(word(LETTERS, length)).subarray(0, length)
  if (run % 3 === 1) bytes[randomInt(bytes.length)] = 0
  return bytes
}

function goldenRows() {
  return new Map([...golden.envelopes, ...golden.audit].map(({ key, bytes }) => [key, Buffer.from(bytes, 'base64url')]))
}

describe('the independent reader', () => {
  test('golden vault: opens from its passphrase to its two keys, and every digest of the manifest is right', () => {
    const rows = goldenRows()
    const kdf = kdfOf(rows)
    const slotKey = slotKeyOf(Buffer.from(golden.passphrase, 'base64url'), kdf.salt, kdf.passes, kdf.memKib)
    const { opened } = openVault(rows, slotKey)
    const found = [...opened.values()]
      .filter(({ header }) => header.purpose === 'record')
      .map(({ header: { id, provider, base }, info, secret }) => ({
        id,
        provider,
        label: info.label,
        base,
        secret: Buffer.from(secret).toString(),
      }))
    assert.equal(found.length, 2)
    const byId = (a, b) => (a.id < b.id ? -1 : 1)
    assert.deepEqual(found.sort(byId), golden.records.toSorted(byId))
    assert.equal(engineRefusal(rows, slotKey), null)
  })

  test('golden vault: its passkey and its recovery code open it, too', () => {
    const rows = goldenRows()
    const ways = { passkey: Buffer.from(golden.prf, 'base64url'), recovery: recoveryBytes(golden.recovery) }
    for (const [kind, secret] of Object.entries(ways)) {
      const slotKey = wayInKeyOf(rows, kind, secret)
      assert.ok(openVault(rows, slotKey, kind).opened.size > 0)
      assert.equal(engineRefusal(rows, slotKey), null, kind)
    }
  })

  test(`reads what the engine wrote, ${RUNS} random vaults`, () => {
    for (let run = 0; run < RUNS; run++) {
      const { rows, slotKey, keys } = makeVault()
      const { opened } = openVault(rows, slotKey)
      const records = [...opened.values()].filter(({ header }) => header.purpose === 'record')
      assert.equal(records.length, keys.size)
      for (const { header, info, secret } of records) {
        const { provider, label, secret: expected } = keys.get(header.id)
        assert.deepEqual([header.provider, info.label], [provider, label])
        equalBytes(secret, Buffer.from(expected))
      }
    }
  })

  test(`writes what the engine reads, ${RUNS} random vaults`, () => {
    for (let run = 0; run < RUNS; run++) {
      const { rows, slotKey, keys } = makeVault()
      const id = pick([...keys.keys()])
      const changed = { label: label(), secret: `sk-${word(KEY_LETTERS, randomInt(13, 500))}` }
      const theirs = resealRecord(rows, openVault(rows, slotKey), id, changed.label, Buffer.from(changed.secret))
      const refusal = engineRefusal(theirs, slotKey, (engine) => {
        assert.equal(engine.keys().find((key) => key.id === id).label, changed.label)
        assert.equal(sentSecret(engine, id, Date.now()), changed.secret)
        const others = engine.keys().filter((key) => key.id !== id)
        for (const other of others) assert.equal(other.label, keys.get(other.id).label)
      })
      assert.equal(refusal, null)
    }
  })

  test(`one bit flipped, ${RUNS} random places: both refuse`, () => {
    for (let run = 0; run < RUNS; run++) {
      const { rows, slotKey } = makeVault()
      openVault(rows, slotKey)
      const [key, bytes] = pick([...rows])
      const bit = randomInt(bytes.length * 8)
      const damaged = new Map([...rows, [key, flipped(bytes, bit)]])
      assert.throws(() => openVault(damaged, slotKey), `bit ${bit} of ${key}`)
      assert.match(engineRefusal(damaged, slotKey) ?? 'opened', /^ERR_/, `bit ${bit} of ${key}`)
    }
  })
})

describe('where text may not become code, as under the policy of the site', () => {
  const run = promisify(execFile)
  const { NODE_TEST_CONTEXT: _inherited, ...env } = process.env
  const strict = '--disallow-code-generation-from-strings'

  test('the engine starts, tests itself and opens the golden vault', async (context) => {
    if (process.execArgv.includes(strict)) return context.skip('this is that run')
    const pattern = '--test-name-pattern=^(self-test|golden)'
    const { stdout } = await run(
      process.execPath,
      [strict, pattern, '--test-reporter=tap', file('tests/web/oracles.test.mjs')],
      { env },
    )
    assert.match(stdout, /^ok [^#]*self-test[^#\n]*$/m)
    assert.match(stdout, /^ *ok [^#]*golden vault[^#\n]*$/m)
    assert.match(stdout, /^# fail 0$/m)
  })

  test('control: there, new Function throws', async () => {
    await assert.rejects(
      run(process.execPath, [strict, '-e', "new Function('return 1')"]),
      /Code generation from strings/,
    )
  })
})
