// suites: what is tested, by which command, within which time, and how its output tells what passed.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'

const full = process.env.KEYHOLD_EFFORT === 'full'
const MINUTE = 60
export const logs = 'build/test-logs'

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} command
 * @property {(output: string, code: number) => { passed: number, failed: number }} count
 * @property {number} limitS
 * @property {Record<string, string>} [env]
 * @property {boolean} [alone]  nothing else runs beside it
 * @property {Suite[]} [followedBy]  in its lane
 * @property {() => (Suite & { names: { name: string, file: string }[] }) | null} [again]  of what failed in the first run
 */

/**
 * In the order in which they begin. What measures time, or is over in a minute, is `alone`; the others run two at a time, as much
 * of each is waiting; the longest first. One that needs what another left is in that one's `followedBy`.
 * @returns {Suite[]}
 */
export function suites() {
  const nodes = nodeTests()
  const named = (...names) => names.flatMap((name) => nodes.filter((suite) => suite.name === name))
  const server = named('server').map((suite) => ({ ...suite, followedBy: [answersSeen(), ...underTsan()] }))
  return [
    ...named('browser/vault'),
    ...lints(),
    ...catchTests(),
    ...fuzzTargets(),
    ...server,
    ...named('consumers', 'attacks', 'browser/page'),
    ...named('web', 'browser/timed').map((suite) => ({ ...suite, alone: true })),
  ]
}

function lints() {
  const cpp = find(['wasm', 'server', 'tests'], /\.(cpp|h|c)$/)
  const one = (name, ...command) => ({ name: `lint/${name}`, command, count: oneCheck, limitS: 20 * MINUTE })
  return [
    one('clang-format', 'clang-format', '--dry-run', '-Werror', ...cpp),
    one('clang-tidy', 'node', 'scripts/tidy.mjs'),
    one('layers', 'node', 'scripts/check-layers.mjs'),
    one('oxlint', 'oxlint', '--deny-warnings'),
    one('tsc-page', 'tsc', '-p', 'web/tsconfig.json'),
    one('tsc-worker', 'tsc', '-p', 'web/tsconfig.worker.json'),
    one('prettier', 'prettier', '--check', '.'),
  ]
}

function catchTests() {
  const options = ['--use-colour', 'no']
  return [
    {
      name: 'core/native',
      command: ['build/native/tests/core/keyhold_core_tests', ...options],
      env: { UBSAN_OPTIONS: 'print_stacktrace=1', ASAN_OPTIONS: 'detect_stack_use_after_return=1' },
      count: catch2,
      limitS: (full ? 30 : 10) * MINUTE,
    },
    {
      name: 'server/parts',
      command: ['build/server-checked/tests/server/keyhold_server_tests', ...options],
      env: { UBSAN_OPTIONS: 'print_stacktrace=1' },
      count: catch2,
      limitS: (full ? 30 : 10) * MINUTE,
    },
    {
      name: 'core/wasm',
      command: ['node', 'build/wasm/tests/core/keyhold_core_tests.cjs', ...options],
      count: catch2,
      limitS: (full ? 30 : 10) * MINUTE,
    },
  ]
}

// Seeds come from tests/fuzz/corpus/<target>; what fuzzing finds beside them grows in build/fuzz-corpus.
function fuzzTargets() {
  const seconds = full ? 60 : 5
  return find(['tests/fuzz'], /^fuzz_.*\.cpp$/).map((source) => {
    const target = basename(source, '.cpp')
    const name = target.replace('fuzz_', '')
    const grown = `build/fuzz-corpus/${name}`
    mkdirSync(grown, { recursive: true })
    const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048']
    const seeds = [`tests/fuzz/corpus/${name}`].filter(existsSync)
    return {
      name: `fuzz/${name}`,
      command: [`build/fuzz/${target}`, ...limits, `-artifact_prefix=${logs}/${target}-`, grown, ...seeds],
      env: { UBSAN_OPTIONS: 'print_stacktrace=1' },
      count: oneCheck,
      limitS: seconds + 2 * MINUTE,
    }
  })
}

/** After the server's tests: what they were answered is all that its document describes. */
function answersSeen() {
  return {
    name: 'server-answers',
    command: ['node', 'tests/server/support/answers-seen.mjs'],
    count: oneCheck,
    limitS: MINUTE,
  }
}

/** The server's tests where threads meet, under TSan: at full effort only, as the build alone takes minutes. */
function underTsan() {
  if (!full) return []
  const accounts = [
    'abort',
    'audit',
    'billing',
    'billing-crash',
    'exact',
    'keys',
    'kills',
    'postgres',
    'receipts',
    'usage',
  ]
  const files = [...accounts, 'jwks', 'metrics', 'operator', 'relay', 'token'].map(
    (name) => `tests/server/${name}.test.mjs`,
  )
  const env = { KEYHOLD_SERVER_BUILD: 'server-tsan', KEYHOLD_EFFORT: 'default' }
  const parts = ['build/server-tsan/tests/server/keyhold_server_tests', '--use-colour', 'no']
  return [
    {
      name: 'server-tsan',
      command: nodeTestsOf(files, `${logs}/server-tsan-failures.jsonl`),
      env,
      count: nodeTest,
      limitS: 30 * MINUTE,
    },
    { name: 'server-tsan/parts', command: parts, env, count: catch2, limitS: 30 * MINUTE },
  ]
}

/** Suites that start browsers, or a server, and wait for them. */
const WAITS_FOR_OTHERS = ['server', 'consumers', 'attacks', 'browser']

/** Of the browsers' tests, those that hold something against the clock, or kill and freeze by it. */
const TIMED = ['kill', 'lock', 'memory', 'page-keeping', 'sleep', 'tabs', 'ten-tabs', 'vault-kit']

/** The browsers' tests are three suites: of the page with a fake vault, of what is timed, and of the rest. */
function partOf(folder, path) {
  if (folder !== 'browser') return folder
  const name = basename(path, '.test.mjs')
  if (TIMED.includes(name)) return 'browser/timed'
  return name.startsWith('page') ? 'browser/page' : 'browser/vault'
}

function nodeTests() {
  const limits = {
    server: (full ? 90 : 25) * MINUTE,
    web: (full ? 30 : 20) * MINUTE,
    consumers: 15 * MINUTE,
    attacks: 15 * MINUTE,
    'browser/vault': (full ? 180 : 60) * MINUTE,
    'browser/page': (full ? 60 : 30) * MINUTE,
    'browser/timed': (full ? 180 : 30) * MINUTE,
  }
  return Object.entries(limits).flatMap(([name, limitS]) => {
    const folder = name.split('/')[0]
    const files = find([`tests/${folder}`], /\.test\.mjs$/).filter((path) => partOf(folder, path) === name)
    if (files.length === 0) return []
    const failures = `${logs}/${name.replaceAll('/', '-')}-failures.jsonl`
    const env = name === 'server' ? { KEYHOLD_NOTE_ANSWERS: '1' } : {}
    const suite = { name, command: nodeTestsOf(files, failures), count: nodeTest, limitS, env }
    return [WAITS_FOR_OTHERS.includes(folder) ? { ...suite, again: () => secondRun(suite, failures) } : suite]
  })
}

function nodeTestsOf(files, failures) {
  const reporters = [
    ['spec', 'stdout'],
    ['./tests/support/failures-reporter.mjs', failures],
  ].flatMap(([name, to]) => [`--test-reporter=${name}`, `--test-reporter-destination=${to}`])
  return ['node', '--test', '--test-concurrency=1', ...reporters, ...files]
}

/** More files than a busy machine explains are not run again. */
const MAX_FILES_AGAIN = 6

/** @returns {Suite | null} */
function secondRun(suite, failures) {
  const names = failuresIn(failures)
  const files = [...new Set(names.map(({ file }) => file))]
  if (files.length === 0 || files.length > MAX_FILES_AGAIN) return null
  return { ...suite, name: `${suite.name}-again`, command: nodeTestsOf(files, `${failures}.again`), names }
}

function failuresIn(path) {
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

// How many passed and failed, from what a suite printed.

function oneCheck(_output, code) {
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

function catch2(output) {
  const all = /^All tests passed \(.* in (\d+) test cases?\)/m.exec(output)
  if (all) return { passed: Number(all[1]), failed: 0 }
  const some = /^test cases:(.*)$/m.exec(output)?.[1] ?? ''
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(some)?.[1] ?? 0)
  return { passed: number('passed'), failed: number('failed') }
}

function nodeTest(output) {
  const number = (word) => Number([...output.matchAll(new RegExp(`^(?:ℹ|#) ${word} (\\d+)$`, 'gm'))].at(-1)?.[1] ?? 0)
  return { passed: number('pass'), failed: number('fail') + number('cancelled') }
}

function find(folders, pattern) {
  return folders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((path) => pattern.test(basename(path)))
    .sort()
}
