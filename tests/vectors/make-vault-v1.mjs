// Makes tests/vectors/vault-v1.json, the golden vault of format 1, with the engine. Run once per format version: the
// file is never made anew, because old vaults are not either.
import { writeFileSync } from 'node:fs'
import { startEngine } from '../support/engine.mjs'

const NOW = 1_700_000_000_000
const target = new URL('vault-v1.json', import.meta.url)
const module = await startEngine()
const engine = new module.Engine()
const passphrase = Buffer.from('pässwörd🔑\0and more')
const base64url = (bytes) => Buffer.from(bytes).toString('base64url')

const buffer = (bytes) => {
  const made = new module.Buffer(bytes.length)
  made.view().set(bytes)
  return made
}
const envelopes = new Map()
const audit = new Map()
const write = ({ value: plan }) => {
  for (const { key, bytes } of plan.puts) (key.startsWith('audit/') ? audit : envelopes).set(key, bytes)
  engine.commit()
  return plan.id
}

engine.load([], [])
const kdf = { ...engine.newKdf(10_000), passes: 2, memKib: 19 * 1024 }
const slotKey = () => buffer(module.deriveSlotKey(buffer(passphrase), kdf).value)
write(engine.planCreate(kdf, slotKey(), NOW))
const keys = [
  { provider: 'openai', label: 'Work 🔑', secret: 'sk-proj-golden-openai-key-0001' },
  { provider: 'anthropic', label: 'Team', secret: 'sk-ant-api03-golden-anthropic-key-0002' },
]
for (const key of keys) key.id = write(engine.planAdd(key.provider, key.label, buffer(Buffer.from(key.secret)), NOW))
write(engine.planAddEndpoint('Ollama', 'http://localhost:11434/v1/', '', NOW))
write(engine.planDefault(keys[0].id, NOW))
write(engine.planExpires(keys[1].id, NOW + 1_000_000, NOW))
write(engine.planOrder([keys[1].id, keys[0].id], NOW))
const prf = Buffer.from(Array.from({ length: 64 }, (_, i) => i + 1))
engine.makePasskey()
write(engine.planAddPasskey(slotKey(), Buffer.from('a credential of an authenticator'), 'keyhold.example', buffer(prf), 'Laptop', NOW))
const recovery = Buffer.from(engine.makeRecovery())
// Confirmed as a person does it: the last eight symbols typed back.
write(engine.planAddRecovery(slotKey(), buffer(recovery.subarray(-9)), NOW))
engine.noteChecked(keys[0].id, 'ok', 1_700_000_001_000)

const rows = (list) => list.map(({ key, bytes }) => ({ key, bytes: base64url(bytes) }))
const golden = {
  about: 'A vault of format 1. Bytes are base64url. The keys are made up.',
  passphrase: base64url(passphrase),
  prf: base64url(prf),
  recovery: recovery.toString(),
  records: engine.keys().map(({ id, provider, label, base }) => ({ id, provider, label, base, secret: keys.find((key) => key.id === id).secret })),
  envelopes: rows([...envelopes].map(([key, bytes]) => ({ key, bytes }))),
  ledger: rows(engine.takeLedger()),
  audit: rows([...audit].map(([key, bytes]) => ({ key, bytes }))),
}
writeFileSync(target, JSON.stringify(golden, null, 2) + '\n')
