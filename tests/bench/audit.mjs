// audit: what it costs to verify the trail: 100,000 entries in the core, ten times what a vault keeps (audit_chain.cpp);
// and as many as it keeps through the engine, from stored rows to the list that the page shows.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { startEngine, taken } from '../support/engine.mjs'
import { interleaved, median } from './timing.mjs'
import { makeVault, unlockAndList } from './vaults.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PROGRAMS = {
  native: ['native-release', (file) => [file]],
  WebAssembly: ['wasm', (file) => ['node', `${file}.cjs`]],
}
const ENTRIES = 100_000
const KEPT = 10_000
const ROUNDS = 5

export async function measureAudit() {
  const figures = Object.entries(PROGRAMS).map(([name, [preset, command]]) => {
    build(preset)
    const [program, ...args] = command(`${root}build/${preset}/tests/bench/keyhold_bench_audit`)
    const lines = execFileSync(program, [...args, String(ENTRIES), String(ROUNDS)])
      .toString()
      .trim()
      .split('\n')
    return { name: `100,000 entries of the trail verified, ${name}`, value: median(lines.map(Number)), unit: 'ms' }
  })
  return [...figures, ...(await measureEngine())]
}

function build(preset) {
  const cmake = (...args) => execFileSync('cmake', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  cmake('--preset', preset)
  cmake('--build', '--preset', preset, '--target', 'keyhold_bench_audit')
}

/** A full trail, as a vault has it after years. */
async function measureEngine() {
  const vault = await makeVault(1)
  const module = await startEngine()
  const engine = unlockAndList(module, vault)
  const rows = new Map(vault.audit.map(({ key, bytes }) => [key, bytes]))
  while (rows.size < KEPT) {
    const { puts } = taken(engine.planLockMinutes(5 + (rows.size % 10), 1.7e12))
    taken(engine.commit())
    for (const { key, bytes } of puts) if (key.startsWith('audit/')) rows.set(key, bytes)
  }
  const stored = [...rows].map(([key, bytes]) => ({ key, bytes }))
  const read = () => {
    const { entries, verified } = taken(engine.audit(stored))
    if (!verified.ok || entries.length !== stored.length) throw new Error('not the trail that was made')
  }
  const [ms] = await interleaved([read], ROUNDS)
  return [{ name: '10,000 entries of the trail, from rows to the list', value: ms, unit: 'ms' }]
}
