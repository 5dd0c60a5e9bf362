// run: every test suite, each with a time limit; the last line is 'N passed, N failed'. Which there are: suites.mjs.
// Usage (after a build): node tests/run.mjs [name ...], where a name picks suites by their beginning.
// Two suites run at a time, but for those that measure time, which come last and alone.
// A suite that dies, exceeds its time or reports no test at all counts as one failure. Logs: build/test-logs.
// Where a few files of a suite that starts browsers or servers fail, they are run once more, on their own: three engines
// started hundreds of times on a busy machine are not always in time. What passes only then counts as passed, and is named before
// the last line, so that nobody takes it for sound.
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { logs, suites } from './suites.mjs'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const SHOWN_LINES = 60
const running = new Set()

/** @param {import('./suites.mjs').Suite} suite */
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
    running.add(child)
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
      running.delete(child)
      done({ output: Buffer.concat(chunks).toString(), code: code ?? -1, late })
    })
  })
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

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) endGroup(child)
    process.exit(1)
  })
}

/** How many suites run at a time: what waits for a browser or a server leaves the processor to another. */
const LANES = 2
const total = { passed: 0, failed: 0 }
const onlyAgain = []

/** Runs a suite and says how it went. @returns what says it after a second run, where one is due */
async function tell(suite) {
  const first = await run(suite)
  const second = first.failed > 0 && first.problem === null ? suite.again?.() : null
  if (!second) return void say(suite, first)
  return async () => {
    const rerun = await run(second)
    const seconds = first.seconds + rerun.seconds
    if (rerun.failed > 0) return say(suite, { ...first, seconds, output: rerun.output, log: rerun.log })
    onlyAgain.push(...second.names.map(({ name, file }) => `${relative('.', file)}: ${name} (${first.log})`))
    say(suite, { ...first, seconds, passed: first.passed + first.failed, failed: 0 })
  }
}

function say(suite, { passed, failed, problem, seconds, output, log }) {
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

async function main() {
  mkdirSync(logs, { recursive: true })
  const names = process.argv.slice(2)
  const wanted = ({ name }) => names.length === 0 || names.some((one) => name.startsWith(one))
  // What follows a suite can be asked for without it.
  const chosen = suites().flatMap((suite) => {
    const followedBy = (suite.followedBy ?? []).filter(wanted)
    return wanted(suite) ? [{ ...suite, followedBy }] : followedBy
  })
  const queue = chosen.filter(({ alone }) => !alone)
  const due = []
  const lane = async () => {
    for (let suite = queue.shift(); suite; suite = queue.shift()) {
      const again = await tell(suite)
      const followedBy = suite.followedBy ?? []
      if (followedBy.length > 0) await again?.()
      else due.push(again)
      for (const one of followedBy) await tell(one)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  for (const again of due) await again?.()
  for (const suite of chosen.filter(({ alone }) => alone)) await (await tell(suite))?.()

  if (chosen.length === 0) total.failed = 1
  if (onlyAgain.length > 0) console.log(['\nPassed only when run again:', ...onlyAgain].join('\n  '))
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed === 0 ? 0 : 1
}

await main()
