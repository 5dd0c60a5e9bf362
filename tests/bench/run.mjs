// run: measures, prints a table and writes build/bench.json. See scripts/bench.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureAudit } from './audit.mjs'
import { measureAtOnce } from './at-once.mjs'
import { measureBackup } from './backup.mjs'
import { measureBinary } from './binary.mjs'
import { measureChanges } from './changes.mjs'
import { measureKdf, measureKdfInChromium } from './kdf.mjs'
import { measureKeys } from './keys.mjs'
import { measureLedger } from './ledger.mjs'
import { judged } from './limits.mjs'
import { measureMemory } from './memory.mjs'
import { measureSizes } from './sizes.mjs'
import { measureStreams } from './streams.mjs'

const MEASURES = {
  sizes: measureSizes,
  memory: measureMemory,
  keys: measureKeys,
  changes: measureChanges,
  audit: measureAudit,
  ledger: measureLedger,
  backup: measureBackup,
  kdf: measureKdf,
  'kdf-chromium': measureKdfInChromium,
  streams: () => measureStreams('page'),
  binary: () => measureBinary('page'),
  'streams-frame': () => measureStreams('frame'),
  'binary-frame': () => measureBinary('frame'),
  'at-once-frame': () => measureAtOnce('frame'),
}
const output = new URL('../../build/bench.json', import.meta.url)

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } })
  const chosen = values.only ?? Object.keys(MEASURES)
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
