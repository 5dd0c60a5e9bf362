// parts-postgres: the quota's own tests once more, on PostgreSQL.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startPostgres } from './support/postgres.mjs'

const PROGRAM = fileURLToPath(new URL('../../build/server-checked/tests/server/keyhold_server_tests', import.meta.url))
const FILES = ['crash', 'lease', 'model', 'parallel', 'quota', 'audit', 'trouble', 'postgres']

test("the quota's tests pass on PostgreSQL as they do on SQLite", async (t) => {
  const postgres = await startPostgres()
  t.after(() => postgres.stop())
  // These also change settings of the whole of it, and end others' connections.
  // -#: each test has its file's name for a tag.
  const chosen = FILES.map((name) => `[#${name}_test]~[file]`).join(',')
  const child = spawn(PROGRAM, ['--use-colour', 'no', '-d', 'yes', '-#', chosen], {
    env: { ...process.env, KEYHOLD_TEST_POSTGRES: postgres.url('quota', postgres.administrator) },
  })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stderr.on('data', (data) => (output += data))
  const code = await new Promise((done) => child.on('close', done))
  const [, count = '0'] = /All tests passed \(.* in (\d+) test cases\)/.exec(output) ?? []
  t.diagnostic(`${count} test cases`)
  assert.equal(code, 0, output.slice(-20_000))
  assert.ok(Number(count) >= 30, `${count} test cases:\n${output.slice(-4000)}`)
})
