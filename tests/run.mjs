// run: every test suite, one after the other, each with a time limit; the last line is 'N passed, N failed'.
// Usage (after a build): node tests/run.mjs [name ...], where a name picks suites by their beginning.
// A suite that dies, exceeds its time or reports no test at all counts as one failure. Logs: build/test-logs.
// Where a few files of a suite that starts browsers or servers fail, they are run once more, on their own: three engines
// started hundreds of times on a busy machine are not always in time. What passes only then counts as passed, and is named before
// the last line, so that nobody takes it for sound.
import { spawn } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const full = process.env.KEYHOLD_EFFORT === 'full'
const MINUTE = 60
const logs = 'build/test-logs'
const SHOWN_LINES = 60

/**
 * @typedef {object} Suite
 * @property {string} name
 * @property {string[]} command
 * @property {(output: string, code: number) => { passed: number, failed: number }} count
 * @property {number} limitS
 * @property {Record<string, string>} [env]
 * @property {() => (Suite & { names: { name: string, file: string }[] }) | null} [again]  of what failed in the first run
 */

/** @returns {Suite[]} */
function suites() {
  return [...lints(), ...catchTests(), ...fuzzTargets(), ...nodeTests()].flatMap((suite) =>
    suite.name === 'server' ? [suite, answersSeen(), ...underTsan()] : [suite],
  )
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
  const meet = ['abort', 'billing', 'exact', 'jwks', 'kills', 'operator', 'relay', 'token', 'usage']
  const files = meet.map((name) => `tests/server/${name}.test.mjs`)
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

function nodeTests() {
  const limits = {
    server: (full ? 90 : 15) * MINUTE,
    web: (full ? 30 : 20) * MINUTE,
    consumers: 15 * MINUTE,
    attacks: 15 * MINUTE,
    browser: (full ? 180 : 75) * MINUTE,
  }
  return Object.entries(limits).flatMap(([folder, limitS]) => {
    const files = find([`tests/${folder}`], /\.test\.mjs$/)
    if (files.length === 0) return []
    const failures = `${logs}/${folder}-failures.jsonl`
    const suite = { name: folder, command: nodeTestsOf(files, failures), count: nodeTest, limitS }
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

// Running.

/** @param {Suite} suite */
async function run(suite) {
  const log = join(logs, suite.name.replaceAll('/', '-') + '.log')
  const file = createWriteStream(log)
  const started = performance.now()
  const { output, code, late } = await new Promise((done) => {
    const [program, ...args] = suite.command
    // A group of its own, so that a suite out of time ends with everything it started.
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...suite.env, PATH: `${resolve('node_modules/.bin')}:${process.env.PATH}`, NO_COLOR: '1' },
    })
    running = child
    const chunks = []
    const keep = (chunk) => {
      chunks.push(chunk)
      file.write(chunk)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    let late = false
    const timer = setTimeout(() => {
      late = true
      endGroup(child)
    }, suite.limitS * 1000)
    child.once('error', (error) => keep(Buffer.from(`${error.message}\n`)))
    child.once('close', (code) => {
      clearTimeout(timer)
      done({ output: Buffer.concat(chunks).toString(), code: code ?? -1, late })
    })
  })
  running = null
  await new Promise((done) => file.end(done))

  const seconds = (performance.now() - started) / 1000
  const { passed, failed } = suite.count(output, code)
  const problem = late
    ? `took longer than ${suite.limitS} s`
    : passed + failed === 0
      ? 'reported no test'
      : code !== 0 && failed === 0
        ? `ended with code ${code}`
        : null
  return { passed, failed: problem ? Math.max(failed, 1) : failed, problem, seconds, output, log }
}

let running = null

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    if (running) endGroup(running)
    process.exit(1)
  })
}

function find(folders, pattern) {
  return folders
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
    .filter((path) => pattern.test(basename(path)))
    .sort()
}

async function main() {
  mkdirSync(logs, { recursive: true })
  const names = process.argv.slice(2)
  const chosen = suites().filter(({ name }) => names.length === 0 || names.some((wanted) => name.startsWith(wanted)))
  const total = { passed: 0, failed: 0 }
  const onlyAgain = []
  for (const suite of chosen) {
    const first = await run(suite)
    let { passed, failed, seconds, output, log } = first
    const { problem } = first
    const second = failed > 0 && problem === null ? suite.again?.() : null
    if (second) {
      const rerun = await run(second)
      seconds += rerun.seconds
      if (rerun.failed === 0) {
        passed += failed
        failed = 0
        onlyAgain.push(...second.names.map(({ name, file }) => `${relative('.', file)}: ${name} (${log})`))
      } else {
        ;({ output, log } = rerun)
      }
    }
    total.passed += passed
    total.failed += failed
    const verdict = failed === 0 ? 'ok  ' : 'FAIL'
    const figures = `${passed} passed, ${failed} failed${problem ? ` (${problem})` : ''}`
    console.log(`${verdict} ${suite.name.padEnd(20)} ${seconds.toFixed(1).padStart(7)} s  ${figures}`)
    if (failed > 0) {
      const lines = output.trimEnd().split('\n').slice(-SHOWN_LINES)
      console.log(lines.map((line) => `     | ${line}`).join('\n') + `\n     all of it: ${log}`)
    }
  }
  if (chosen.length === 0) total.failed = 1
  if (onlyAgain.length > 0) console.log(['\nPassed only when run again:', ...onlyAgain].join('\n  '))
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 ? 0 : 1
}

await main()
