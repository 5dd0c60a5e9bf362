// postgres: a PostgreSQL of a test's own: in a folder, on a port and with passwords of its own, gone with the test.
// Debian's, unpacked by scripts/setup; nothing of it is installed on this machine.
import { execFile, spawn } from 'node:child_process'
import { accessSync, chownSync, constants, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const UNPACKED = fileURLToPath(new URL('../../../build/servers/usr', import.meta.url))
const BIN = 'lib/postgresql/15/bin'
const PASSWORD = 'pass word/of:tests@1'
const STARTS_WITHIN_MS = 30_000
const run = promisify(execFile)

/** PostgreSQL refuses to be root; as root, it is run as nobody. */
const NOBODY = 65534
const asRoot = process.getuid() === 0

/** @returns {Promise<import('./postgres.mjs').Postgres>} running, with an empty database `quota`; every call of `database(name)` makes one more */
export async function startPostgres() {
  if (!existsSync(join(UNPACKED, BIN, 'postgres'))) throw new Error('there is no PostgreSQL: scripts/setup')
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-postgres-'))
  if (asRoot) chownSync(folder, NOBODY, NOBODY)
  const bin = join(await reachable(folder), BIN)
  const data = join(folder, 'data')
  const port = await freePort()
  await asServer(join(bin, 'initdb'), ['-D', data, '-U', 'keyhold', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N'])
  writeFileSync(
    join(data, 'pg_hba.conf'),
    'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n', // the socket lies in a folder of ours
  )
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    max_connections: 60,
    // Of the database's own durability nothing is tested: only a machine that loses power would show it.
    fsync: 'off',
    // Needs a library that is not unpacked.
    jit: 'off',
  }
  const args = ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const postgres = { folder, port, log: '', child: null, ended: null }

  const kill = () => postgres.child?.kill('SIGQUIT')
  process.on('exit', kill)
  const sql = async (text, database = 'quota') => {
    const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-p', `${port}`, '-U', 'keyhold']
    const { stdout } = await run(join(bin, 'psql'), [...options, '-d', database, '-c', text])
    return stdout.trim()
  }
  Object.assign(postgres, {
    /** What psql prints of a query's rows: columns apart by `|`. */
    sql,
    /** An address with a password, by TCP. */
    url: (database = 'quota') =>
      `postgresql://keyhold:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}?sslmode=disable`,
    password: PASSWORD,
    /** A new, empty database. @returns its address */
    async database(name) {
      await sql(`CREATE DATABASE ${name}`, 'postgres')
      return postgres.url(name)
    },
    async start() {
      const how = { cwd: folder, ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}) }
      const child = spawn(join(bin, 'postgres'), args, { ...how, stdio: ['ignore', 'pipe', 'pipe'] })
      postgres.child = child
      postgres.ended = new Promise((done) => child.on('close', done))
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (postgres.log += data))
      let over = false
      postgres.ended.then(() => (over = true))
      for (const until = Date.now() + STARTS_WITHIN_MS; ;) {
        const ready = await sql('SELECT 1', 'postgres').catch(() => null)
        if (ready === '1') return
        if (over || Date.now() > until) throw new Error(`PostgreSQL does not start: ${postgres.log.slice(-2000)}`)
        await new Promise((done) => setTimeout(done, 50))
      }
    },
    /** As a crash does: nothing is finished, nobody is told. */
    async stopAtOnce() {
      postgres.child.kill('SIGQUIT')
      await postgres.ended
    },
    async stop() {
      await postgres.stopAtOnce()
      process.off('exit', kill)
      rmSync(folder, { recursive: true, force: true })
    },
  })
  await postgres.start()
  await sql(`ALTER ROLE keyhold PASSWORD '${PASSWORD}'`, 'postgres')
  await postgres.database('quota')
  return postgres
}

/** Where its programs are for whom it runs as: root's own folders may be closed to others. */
async function reachable(folder) {
  if (!asRoot) return UNPACKED
  const program = join(UNPACKED, BIN, 'initdb')
  if (await asServer(program, ['--version']).catch(() => null)) return UNPACKED
  accessSync(program, constants.X_OK)
  const copy = join(folder, 'usr')
  for (const part of ['lib/postgresql', 'share/postgresql']) {
    cpSync(join(UNPACKED, part), join(copy, part), { recursive: true })
  }
  return copy
}

function asServer(program, args) {
  return run(program, args, { cwd: tmpdir(), ...(asRoot ? { uid: NOBODY, gid: NOBODY } : {}) })
}

async function freePort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}
