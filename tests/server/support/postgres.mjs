// postgres: a PostgreSQL of a test's own: in a folder, on a port and with passwords of its own, gone with the test.
// Debian's, unpacked by scripts/setup; nothing of it is installed on this machine. The role and the databases that servers get are
// made by the commands of docs/server.md: an ordinary user, that owns its database and may do nothing else.
import { execFile, spawn } from 'node:child_process'
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const UNPACKED = fileURLToPath(new URL('../../../build/servers/usr', import.meta.url))
const BIN = 'lib/postgresql/15/bin'
const DOCUMENT = fileURLToPath(new URL('../../../docs/server.md', import.meta.url))
const ROLE = 'keyhold'
const ADMINISTRATOR = 'administrator'
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
  await asServer(join(bin, 'initdb'), [
    '-D',
    data,
    '-U',
    ADMINISTRATOR,
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-locale',
    '-N',
  ])
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
    const options = [
      '-X',
      '-q',
      '-A',
      '-t',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      folder,
      '-p',
      `${port}`,
      '-U',
      ADMINISTRATOR,
    ]
    const { stdout } = await run(join(bin, 'psql'), [...options, '-d', database, '-c', text])
    return stdout.trim()
  }
  const { createuser, createdb } = documented()
  const administrator = { PGHOST: folder, PGPORT: `${port}`, PGUSER: ADMINISTRATOR }
  Object.assign(postgres, {
    /** What psql prints of a query's rows, asked by the administrator: columns apart by `|`. */
    sql,
    /** An address with a password, by TCP: of the ordinary role, or of another that has the same password. */
    url: (database = 'quota', role = ROLE) =>
      `postgresql://${role}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}?sslmode=disable`,
    administrator: ADMINISTRATOR,
    password: PASSWORD,
    /** A new, empty database of the ordinary role. @returns its address */
    async database(name) {
      await asAsked(join(bin, 'createdb'), [...createdb.slice(0, -1), name], administrator)
      return postgres.url(name)
    },
    /** One more ordinary role, with the same password. */
    role: (name) => asAsked(join(bin, 'createuser'), [...createuser.slice(0, -1), name], administrator),
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
  await sql(`ALTER ROLE ${ADMINISTRATOR} PASSWORD '${PASSWORD}'`, 'postgres')
  await postgres.role(ROLE)
  await postgres.database('quota')
  return postgres
}

/** What the document has the administrator run: the arguments of both programs, the last of which is a name. */
function documented() {
  const [, user, database] = /^createuser (.+) && createdb (\S+ \S+)/m.exec(readFileSync(DOCUMENT, 'utf8')) ?? []
  if (!user || !database) throw new Error('docs/server.md does not say how the role and the database are made')
  return { createuser: user.split(' '), createdb: database.split(' ') }
}

/** Runs it without a terminal, so that it asks for a password where we can say it. */
async function asAsked(program, args, env) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (data) => (errors += data))
  child.stdin.on('error', () => {})
  child.stdin.end(`${PASSWORD}\n${PASSWORD}\n`)
  const code = await new Promise((done) => child.on('close', done))
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${errors}`)
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
