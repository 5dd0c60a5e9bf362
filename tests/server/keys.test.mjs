// keys: keys that lie sealed in the database: put there by command, used for whom they are, changed while the server runs, and read by nobody.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SignJWT } from 'jose'
import { startPostgres } from './support/postgres.mjs'
import {
  APP_KEY,
  ENVIRONMENT,
  PROGRAM,
  QUESTION,
  command,
  complete,
  configOf,
  makeFolder,
  plan,
  startProvider,
  startServer,
} from './support/server.mjs'

const MASTER = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
const OTHER_MASTER = 'HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'
const ACME = 'sk-acme-0123456789-managed-key'
const OTHER = 'sk-other-0123456789-managed-key'
const FRESH_MS = 10_000

ENVIRONMENT.TEST_MASTER_KEY = MASTER
let provider
const answers = []
before(async () => {
  provider = await startProvider()
})
after(async () => provider?.stop())

/** A dollar for a million tokens in, two for those out; a quarter more for organisations. */
const config = (over = {}) =>
  configOf(provider, {
    masterKeyEnv: 'TEST_MASTER_KEY',
    tokens: { audience: 'keyhold', secretEnv: 'TEST_TOKEN_SECRET', organisationClaim: 'org' },
    plans: [plan({ markupPercent: 25 })],
    ...over,
  })

const tokenOf = (user, claims = {}) =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setAudience('keyhold')
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(ENVIRONMENT.TEST_TOKEN_SECRET))

async function ask(server, user, org) {
  return fetch(`${server.url}/v1/relay/mock/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await tokenOf(user, org === undefined ? {} : { org })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(QUESTION),
  })
}

/** The key that the provider gets for a call of this user. */
async function keyOf(server, user, org) {
  const response = await ask(server, user, org)
  const text = await response.text()
  answers.push(text, JSON.stringify([...response.headers]))
  assert.equal(response.status, 200, text)
  return provider.requests.at(-1).headers.authorization.replace('Bearer ', '')
}

/** Runs a command with something on its standard input. */
function enter(folder, input, ...args) {
  return new Promise((resolve) => {
    const child = spawn(PROGRAM, ['-c', join(folder, 'keyhold-server.json'), ...args], {
      env: { ...process.env, ...ENVIRONMENT },
    })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.stdin.on('error', () => {})
    child.on('close', (code) => resolve({ code, output }))
    child.stdin.end(input)
  })
}

async function entered(folder, input, ...args) {
  const { code, output } = await enter(folder, input, ...args)
  assert.equal(code, 0, output)
  return output
}

async function refused(folder, input, args, expected) {
  const { code, output } = await enter(folder, input, ...args)
  assert.equal(code, 1, output)
  assert.match(output, expected)
  if (input.trim() !== '') assert.ok(!output.includes(input.trim()), 'what was entered is not repeated')
}

/** Until it is so, or for as long as keys may be old. */
async function within(ms, isSo) {
  const until = Date.now() + ms
  for (;;) {
    if (await isSo()) return
    assert.ok(Date.now() < until, 'not in time')
    await new Promise((done) => setTimeout(done, 200))
  }
}

for (const database of ['SQLite', 'PostgreSQL']) {
  describe(database, () => {
    let postgres
    let server
    let folder
    before(async () => {
      const over = {}
      if (database === 'PostgreSQL') {
        postgres = await startPostgres()
        ENVIRONMENT.TEST_KEYS_DATABASE = postgres.url()
        over.database = { postgresEnv: 'TEST_KEYS_DATABASE' }
      }
      folder = makeFolder(config(over))
      await entered(folder, `${ACME}\n`, 'key', 'add', 'mock', '--org', 'acme')
      server = await startServer(folder)
    })
    after(async () => {
      await server?.stop({ keep: true })
      rmSync(folder, { recursive: true, force: true })
      await postgres?.stop()
    })

    test('a call is made with the key of the organisation that the token names, and with no other’s', async () => {
      await entered(folder, `${OTHER}\n`, 'key', 'add', 'mock', '--org', 'other')
      await within(FRESH_MS + 2_000, async () => (await keyOf(server, 'otto', 'other')) === OTHER)
      assert.equal(await keyOf(server, 'ann', 'acme'), ACME)
      assert.equal(await keyOf(server, 'otto', 'other'), OTHER)
      assert.equal(await keyOf(server, 'nobody'), APP_KEY)
      assert.equal(await keyOf(server, 'nobody', 'no-such'), APP_KEY)
      for (const near of ['acme ', 'ACME', 'acm', 'acme%', '*'])
        assert.equal(await keyOf(server, 'nobody', near), APP_KEY)
      for (const bad of ['', 7, null, ['acme'], 'a'.repeat(101), 'ac\nme']) {
        const response = await ask(server, 'nobody', bad)
        assert.equal(response.status, 401, `${JSON.stringify(bad)}: ${await response.text()}`)
      }
    })

    test('what a managed key’s call is charged has the markup; the ledger knows the provider’s price as well', async () => {
      provider.answer = (_, response) => complete(response, { input: 5, output: 4 })
      for (let i = 0; i < 3; ++i) assert.equal(await keyOf(server, 'mark', 'acme'), ACME)
      assert.equal(await keyOf(server, 'mark'), APP_KEY)
      const usage = await fetch(`${server.url}/v1/usage`, {
        headers: { authorization: `Bearer ${await tokenOf('mark')}` },
      })
      const rows = (await usage.json()).usage.map(({ calls, charged, organisation }) => [organisation, calls, charged])
      // 5 + 8 micro-USD, and a quarter more, rounded up, of each.
      assert.deepEqual(rows, [
        [undefined, 1, 13],
        ['acme', 3, 3 * 17],
      ])
      const day = new Date().toISOString().slice(0, 10)
      const exported = async (...more) =>
        (await command(folder, 'usage', 'export', '--from', day, '--to', day, '--user', 'mark', ...more)).output
          .trim()
          .split('\r\n')
          .slice(1)
          .map((line) => line.split(',').slice(4).join(','))
      assert.deepEqual(await exported(), [',1,13,13,0', 'acme,3,51,39,0'])
      assert.deepEqual(await exported('--org', 'acme'), ['acme,3,51,39,0'])
      assert.deepEqual(await exported('--org', ''), [',1,13,13,0'])
    })

    test('rotated under calls: none fails, and none is made with the old key ten seconds later', async () => {
      let rotated = null
      const over = new AbortController()
      const late = []
      const failed = []
      const callers = Array.from({ length: 4 }, async (_, i) => {
        while (!over.signal.aborted) {
          const asked = Date.now()
          const response = await ask(server, `caller-${i}`, 'acme')
          if (response.status !== 200) failed.push(response.status)
          await response.text()
          const used = provider.requests.at(-1).headers.authorization
          if (rotated !== null && asked > rotated + FRESH_MS + 500 && used === `Bearer ${ACME}`) late.push(used)
        }
      })
      await new Promise((done) => setTimeout(done, 500))
      const output = await entered(folder, 'sk-acme-9876543210-rotated', 'key', 'rotate', 'mock', '--org', 'acme')
      assert.match(output, /the key of mock for acme was changed: it ends in ated/)
      rotated = Date.now()
      await new Promise((done) => setTimeout(done, FRESH_MS + 2_000))
      over.abort()
      await Promise.all(callers)
      assert.deepEqual(failed, [])
      assert.deepEqual(late, [])
      assert.equal(await keyOf(server, 'ann', 'acme'), 'sk-acme-9876543210-rotated')
    })

    test('a key the provider refuses has the database asked at once', async () => {
      await within(FRESH_MS + 2_000, async () => (await keyOf(server, 'otto', 'other')) === OTHER)
      provider.answer = ({ headers }, response) => {
        if (headers.authorization !== `Bearer ${OTHER}`) return complete(response)
        response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"message":"no"}}')
      }
      await entered(folder, 'sk-other-after-the-refusal', 'key', 'rotate', 'mock', '--org', 'other')
      const first = await ask(server, 'otto', 'other')
      assert.match(await first.text(), /app_key_refused|hello/)
      assert.equal(await keyOf(server, 'otto', 'other'), 'sk-other-after-the-refusal')
      provider.answer = (_, response) => complete(response)
    })

    test('removed, it is used no more; what is not there cannot be removed or rotated, what is there not added', async () => {
      await entered(folder, '', 'key', 'remove', 'mock', '--org', 'other')
      await within(FRESH_MS + 2_000, async () => (await keyOf(server, 'otto', 'other')) === APP_KEY)
      await refused(folder, '', ['key', 'remove', 'mock', '--org', 'other'], /the key of mock for other is not there/)
      await refused(folder, OTHER, ['key', 'rotate', 'mock', '--org', 'other'], /is not there; key add puts it there/)
      await refused(folder, OTHER, ['key', 'add', 'mock', '--org', 'acme'], /is there already; key rotate/)
    })

    test('all are sealed anew under another master key, or none', async () => {
      ENVIRONMENT.TEST_OLD = OTHER_MASTER
      await refused(
        folder,
        '',
        ['key', 'reseal', '--old', 'TEST_OLD'],
        /does not open with the old master key; nothing/,
      )
      await refused(
        folder,
        '',
        ['key', 'reseal', '--old', 'TEST_NONE'],
        /the environment has no master key as TEST_NONE/,
      )
      ENVIRONMENT.TEST_OLD = MASTER
      ENVIRONMENT.TEST_MASTER_KEY = OTHER_MASTER
      try {
        assert.match(await entered(folder, '', 'key', 'list'), /mock\tacme\t\.\.\.ated\tsince .*DOES NOT OPEN/)
        await assert.rejects(startServer(folder), /1 of the database's 1 keys do not open with this master key/)
        assert.match(await entered(folder, '', 'key', 'reseal', '--old', 'TEST_OLD'), /1 keys are sealed under the new/)
        assert.doesNotMatch(await entered(folder, '', 'key', 'list'), /DOES NOT OPEN/)
        // The running server has what it read, and gets what it can no longer read no more.
        const second = await startServer(folder)
        assert.equal(await keyOf(second, 'ann', 'acme'), 'sk-acme-9876543210-rotated')
        await second.stop({ keep: true })
        ENVIRONMENT.TEST_OLD = OTHER_MASTER
        ENVIRONMENT.TEST_MASTER_KEY = MASTER
        await entered(folder, '', 'key', 'reseal', '--old', 'TEST_OLD')
      } finally {
        ENVIRONMENT.TEST_MASTER_KEY = MASTER
      }
      assert.equal(await keyOf(server, 'ann', 'acme'), 'sk-acme-9876543210-rotated')
    })

    test('no key and no master key is in a file, the log, an answer or a line of a process; controls are found', async () => {
      const texts = [server.log, ...answers]
      for (const name of readdirSync(folder)) texts.push(readFileSync(join(folder, name), 'latin1'))
      if (postgres) texts.push(await postgres.sql('SELECT * FROM stored_keys'))
      texts.push(readFileSync(`/proc/${server.child.pid}/cmdline`, 'latin1'))
      const found = (secret) => texts.some((text) => text.includes(secret))
      for (const secret of [ACME, OTHER, 'sk-acme-9876543210-rotated', APP_KEY, MASTER]) assert.ok(!found(secret))
      assert.ok(found('acme') && found('ated'), 'the place and the hint are there')
    })
  })
}

test('the app’s own key can lie in the database as well; one in the environment comes before it', async () => {
  const folder = makeFolder(config({ keys: {} }))
  await entered(folder, 'sk-app-of-the-database', 'key', 'add', 'mock')
  const server = await startServer(folder)
  assert.equal(await keyOf(server, 'ann'), 'sk-app-of-the-database')
  assert.equal(await keyOf(server, 'ann', 'acme'), 'sk-app-of-the-database')
  await server.stop()
  const other = makeFolder(config())
  await refused(other, 'sk-app-of-the-database', ['key', 'add', 'mock'], /comes from the environment/)
  rmSync(other, { recursive: true })
})

test('what is entered wrongly is named, and changes nothing', async () => {
  const folder = makeFolder(config())
  for (const [input, args, expected] of [
    ['', ['key', 'add', 'mock', '--org', 'acme'], /a key is expected on standard input/],
    ['\n', ['key', 'add', 'mock', '--org', 'acme'], /a key is expected on standard input/],
    ['tiny', ['key', 'add', 'mock', '--org', 'acme'], /too short/],
    ['with a space in it', ['key', 'add', 'mock', '--org', 'acme'], /no spaces/],
    ['x'.repeat(10_000), ['key', 'add', 'mock', '--org', 'acme'], /a key is expected/],
    [ACME, ['key', 'add', 'nobody', '--org', 'acme'], /there is no provider called nobody/],
    [ACME, ['key', 'add', 'mock', '--org', 'a'.repeat(101)], /an organisation has 1 to 100 bytes/],
  ])
    await refused(folder, input, args, expected)
  assert.match(await entered(folder, '', 'key', 'list'), /There are no keys in the database/)
  rmSync(folder, { recursive: true })
  const without = makeFolder(config({ masterKeyEnv: undefined }))
  await refused(without, ACME, ['key', 'add', 'mock', '--org', 'acme'], /the configuration needs masterKeyEnv/)
  rmSync(without, { recursive: true })
})

test('a master key that is none is refused by its name, without a word of it', async () => {
  ENVIRONMENT.TEST_BAD_MASTER = 'correct horse battery staple'
  const folder = makeFolder(config({ masterKeyEnv: 'TEST_BAD_MASTER' }))
  await assert.rejects(startServer(folder), (error) => {
    assert.match(error.message, /masterKeyEnv: 43 characters are expected/)
    return !error.message.includes('battery')
  })
  await refused(folder, '', ['check-config'], /masterKeyEnv: 43 characters are expected/)
  const fresh = await enter(folder, '', 'key', 'new-master')
  assert.match(fresh.output, /^[\w-]{43}\n$/)
  assert.notEqual((await enter(folder, '', 'key', 'new-master')).output, fresh.output)
  rmSync(folder, { recursive: true })
})

test('without the claim in the configuration a token’s organisation counts for nothing', async () => {
  const folder = makeFolder(config({ tokens: { audience: 'keyhold', secretEnv: 'TEST_TOKEN_SECRET' } }))
  await entered(folder, ACME, 'key', 'add', 'mock', '--org', 'acme')
  const server = await startServer(folder)
  assert.equal(await keyOf(server, 'ann', 'acme'), APP_KEY)
  await server.stop()
})
