// run: measures, prints a table and writes build/bench.json. See scripts/bench.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { judged } from './limits.mjs'

/** Read when it is measured: each needs something else to be built. */
const measure =
  (file, name, ...given) =>
  async () =>
    (await import(`./${file}.mjs`))[name](...given)

const MEASURES = {
  sizes: measure('sizes', 'measureSizes'),
  memory: measure('memory', 'measureMemory'),
  keys: measure('keys', 'measureKeys'),
  changes: measure('changes', 'measureChanges'),
  audit: measure('audit', 'measureAudit'),
  ledger: measure('ledger', 'measureLedger'),
  backup: measure('backup', 'measureBackup'),
  kdf: measure('kdf', 'measureKdf'),
  'kdf-chromium': measure('kdf', 'measureKdfInChromium'),
  streams: measure('streams', 'measureStreams', 'page'),
  binary: measure('binary', 'measureBinary', 'page'),
  'streams-frame': measure('streams', 'measureStreams', 'frame'),
  'binary-frame': measure('binary', 'measureBinary', 'frame'),
  'at-once-frame': measure('at-once', 'measureAtOnce', 'frame'),
  'relay-open': measure('relay-open', 'measureRelayOpen'),
  'relay-bytes': measure('relay-bytes', 'measureRelayBytes'),
  'relay-first-byte': measure('relay-first-byte', 'measureRelayFirstByte'),
  'relay-calls': measure('relay-calls', 'measureRelayCalls'),
  'quota-rate': measure('quota-rate', 'measureQuotaRate'),
  'relay-gateway': measure('relay-gateway', 'measureRelayGateway'),
}
/** Needs packages that nothing else does. */
const ONLY_IF_NAMED = ['relay-gateway']
const output = new URL('../../build/bench.json', import.meta.url)

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
  const chosen = values.only ?? Object.keys(MEASURES).filter((name) => !ONLY_IF_NAMED.includes(name))
  const unknown = chosen.filter((name) => !(name in MEASURES))
  if (unknown.length > 0)
    throw new Error(`there is no ${unknown.join(', ')}; there are: ${Object.keys(MEASURES).join(', ')}`)

  console.log(`${cpus().length} x ${cpus()[0].model.trim()}, Node ${process.versions.node}`)
  const rows = []
  let broken = 0
  for (const name of chosen) {
    console.log(`\n== ${name}`)
    try {
      const judgedRows = (await MEASURES[name]()).map(judged)
      judgedRows.forEach(print)
      rows.push(...judgedRows)
    } catch (error) {
      broken += 1
      console.log(`did not run: ${error.stack}`)
    }
  }
  mkdirSync(new URL('.', output), { recursive: true })
  writeFileSync(output, JSON.stringify(rows, null, 2) + '\n')

  const limited = rows.filter(({ limit }) => limit !== null)
  const missed = limited.filter(({ ok }) => !ok)
  console.log(`\n${limited.length - missed.length} of ${limited.length} limits kept. In build/bench.json.`)
  for (const { name, value, unit, limit } of missed) console.log(`MISSED  ${name}: ${value} ${unit}, limit ${limit}`)
  process.exitCode = broken === 0 ? 0 : 1
}

function print({ name, value, unit, limit, ok }) {
  const bound = limit === null ? '' : `limit ${limit} ${unit}`.padEnd(16) + (ok ? 'ok' : 'MISSED')
  console.log(`${name.padEnd(52)} ${String(value).padStart(9)} ${unit.padEnd(4)} ${bound}`.trimEnd())
}

await main()
