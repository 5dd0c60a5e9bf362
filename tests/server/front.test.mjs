// front: the examples for what stands in front of the server do what they say: streams pass at once, a client that leaves is noticed,
// and nobody gets another address than their own by writing it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  ask,
  complete,
  configOf,
  delta,
  DONE,
  QUESTION,
  settled,
  startProvider,
  startServer,
  usageEvent,
} from './support/server.mjs'
import { query } from './support/stripe.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const example = (name) => readFileSync(join(root, 'server/install', name), 'utf8')
const replaced = (text, pairs) =>
  pairs.reduce((now, [from, to]) => {
    assert.ok(now.match(from), `the example has no ${from}`)
    return now.replace(from, to)
  }, text)

/** Each: its program, and the example as it stands but for names, ports and certificates. */
const FRONTS = [
  {
    name: 'Caddy',
    program: join(root, 'build/servers/usr/bin/caddy'),
    async start(folder, port, upstream) {
      writeFileSync(
        join(folder, 'Caddyfile'),
        '{\n\tadmin off\n\tauto_https off\n}\n' +
          replaced(example('Caddyfile'), [
            [/^api\.example\.com/m, `http://127.0.0.1:${port}`],
            ['127.0.0.1:8787', `127.0.0.1:${upstream}`],
          ]),
      )
      const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
      return spawn(this.program, ['run', '--config', join(folder, 'Caddyfile')], { env })
    },
  },
  {
    name: 'nginx',
    program: join(root, 'build/servers/usr/sbin/nginx'),
    async start(folder, port, upstream) {
      const server = replaced(example('nginx.conf'), [
        ['listen 443 ssl http2;', `listen 127.0.0.1:${port};`],
        [/ssl_certificate .*\n/, '\n'],
        [/ssl_certificate_key .*\n/, '\n'],
        ['127.0.0.1:8787', `127.0.0.1:${upstream}`],
      ])
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      writeFileSync(
        join(folder, 'nginx.conf'),
        `daemon off; pid ${folder}/pid; error_log stderr; events {}\nhttp { access_log off;\n` +
          paths.map((name) => `${name}_temp_path ${folder}/${name};\n`).join('') +
          `${server}}\n`,
      )
      return spawn(this.program, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'])
    },
  },
]

const freePort = async () => {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

let provider
before(async () => {
  provider = await startProvider()
})
after(() => provider?.stop())

for (const front of FRONTS) {
  describe(front.name, { skip: existsSync(front.program) ? false : `no ${front.name}: scripts/setup` }, () => {
    let server
    let child
    let folder
    let through
    before(async () => {
      server = await startServer(configOf(provider, { trustedProxies: ['127.0.0.1'] }))
      folder = mkdtempSync(join(tmpdir(), 'keyhold-front-'))
      const port = await freePort()
      child = await front.start(folder, port, server.port)
      let log = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data))
      through = { ...server, url: `http://127.0.0.1:${port}` }
      for (const end = Date.now() + 15_000; ;) {
        const up = await fetch(`${through.url}/healthz`).catch(() => null)
        if (up?.status === 200) break
        if (Date.now() > end || child.exitCode !== null)
          throw new Error(`${front.name} does not start: ${log.slice(-2000)}`)
        await new Promise((done) => setTimeout(done, 50))
      }
    })
    after(async () => {
      if (child) {
        const ended = new Promise((done) => child.once('close', done))
        child.kill('SIGTERM')
        await ended
      }
      await server?.stop()
      if (folder) rmSync(folder, { recursive: true, force: true })
    })

    test('whoever writes an address of their choice gets their own', async () => {
      provider.answer = (_, response) => complete(response)
      const headers = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9', 'x-real-ip': '203.0.113.9' }
      for (const [way, expected] of [
        [through, '127.0.0.1'],
        [server, '203.0.113.9'], // nothing in front: it would be believed
      ]) {
        const response = await ask(way, `writes-${way.url}`, { headers })
        assert.equal(response.status, 200)
        await response.text()
        assert.equal(query(server, `SELECT address FROM calls WHERE user_id = 'writes-${way.url}'`), expected)
      }
    })

    for (const [type, piece, usage, end] of [
      ['text/event-stream', delta('a'), usageEvent(10, 5), DONE],
      ['application/x-ndjson', '{"response":"a"}\n', '', '{"done":true}\n'],
    ]) {
      test(`a piece of a stream of ${type} is there before the next is sent`, async () => {
        let next
        provider.answer = async (_, response) => {
          response.writeHead(200, { 'content-type': type })
          response.write(piece)
          await new Promise((done) => (next = done))
          response.end(usage + end)
        }
        const response = await ask(through, 'streams', { body: { ...QUESTION, stream: true } })
        const reader = response.body.getReader()
        const first = await reader.read()
        assert.ok(Buffer.from(first.value).toString().includes('"a"'))
        next()
        let rest = ''
        for (let part = await reader.read(); !part.done; part = await reader.read()) rest += Buffer.from(part.value)
        assert.ok(rest.endsWith(end))
      })
    }

    test('a client that leaves ends the call at the provider', async () => {
      let closed
      const gone = new Promise((done) => (closed = done))
      provider.answer = async (_, response) => {
        response.on('close', closed)
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(delta('a'))
      }
      const leaving = new AbortController()
      const response = await ask(through, 'leaves', { body: { ...QUESTION, stream: true }, signal: leaving.signal })
      await response.body.getReader().read()
      leaving.abort()
      const late = new Promise((done) => setTimeout(() => done('late'), 5000))
      assert.notEqual(await Promise.race([gone, late]), 'late')
      await settled(server, 'leaves')
    })

    test('a body that is too large is refused', async () => {
      const response = await ask(through, 'large', { body: 'x'.repeat(34 << 20) }).catch(() => ({ status: 413 }))
      assert.equal(response.status, 413)
    })
  })
}

test('Caddy takes the example as it stands', { skip: existsSync(FRONTS[0].program) ? false : 'no Caddy' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-front-'))
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child = spawn(FRONTS[0].program, ['adapt', '--validate', '--config', join(root, 'server/install/Caddyfile')], {
    env,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const code = await new Promise((done) => child.once('close', done))
  rmSync(folder, { recursive: true, force: true })
  assert.equal(code, 0, output)
})
