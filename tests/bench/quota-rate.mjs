// quota-rate: a decision of the quota (reserve and settle) beside what the database alone takes for the same statements, and with a
// ledger of a million calls beside a small one. On this folder's disk, each contender with a file of its own.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, program } from './relay-stage.mjs'

const CALLS = { small: 10_000, large: 1_000_000 }
/** Each ends with the same share of the disk's slow moments. */
const ROUNDS = 41
const PAIRS = 200

export async function measureQuotaRate() {
  build('keyhold_bench_quota')
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-bench-'))
  const run = (...args) => execFileSync(program('quota'), args.map(String)).toString().trim().split('\n').map(Number)
  const file = (kind, size) => join(folder, `${kind}-${size}.db`)
  try {
    for (const [size, calls] of Object.entries(CALLS)) {
      run('fill', file('book', size), calls)
      copyFileSync(file('book', size), file('sqlite', size))
    }
    const contenders = ['small', 'large'].flatMap((size) => [
      `book:${file('book', size)}`,
      `sqlite:${file('sqlite', size)}`,
    ])
    const [book, sqlite, bookLarge, sqliteLarge] = run('rate', ROUNDS, PAIRS, ...contenders)
    return [
      { name: 'a decision of the quota / SQLite alone', value: book / sqlite, unit: 'x' },
      { name: 'a decision of the quota, 1,000,000 calls / 10,000', value: bookLarge / book, unit: 'x' },
      { name: 'SQLite alone, 1,000,000 calls / 10,000', value: sqliteLarge / sqlite, unit: 'x' },
      { name: 'a decision of the quota', value: book, unit: 'us' },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}
