// relay-stage: keyhold-server as it is installed, a provider, a client and nginx, each a process of its own on the loopback interface.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { listen } from '../../scripts/local-server.mjs'
import { configOf, plan, startServer, token } from '../server/support/server.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const built = `${root}build/server/`
const program = (name) => `${built}tests/bench/keyhold_bench_${name}`
const nginx = `${root}build/servers/usr/sbin/nginx`
/** A plan lets a user have a thousand calls under way, and a hundred thousand begun in a minute. */
const USERS = 10
const OPTIONS = { stdio: ['pipe', 'pipe', 'inherit'] }

/** Builds what the stage needs, or another program of this folder. */
export function build(...targets) {
  const cmake = (...args) => execFileSync('cmake', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  cmake('--preset', 'server')
  cmake('--build', '--preset', 'server', '--target', ...targets)
}

export { program }

/**
 * @param use what to do on it; everything ends when it has ended
 * @param options `tls`: the provider is behind TLS; `threads`: of the server
 */
export async function onRelayStage(use, { tls = false, threads = 1 } = {}) {
  build('keyhold-server', 'keyhold_bench_relay_upstream', 'keyhold_bench_relay_load')
  const ends = []
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-bench-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  try {
    const upstream = spawn(program('relay_upstream'), OPTIONS)
    ends.push(() => upstream.stdin.end())
    const upstreamPort = Number(await firstLine(upstream))
    const front = tls ? await startNginx(folder, 'tls', upstreamPort, certificate(folder)) : null
    if (front) ends.push(front.stop)
    const base = (part) =>
      front ? `https://localhost:${front.port}/${part}/v1/` : `http://127.0.0.1:${upstreamPort}/${part}/v1/`
    const parts = ['stream', 'small', 'open']
    const server = await startServer(
      configOf(
        { base: base('stream') },
        {
          threads,
          plans: [
            plan({ limitUsd: 1_000_000, maxRunning: 1000, maxOutputTokens: 2000, models: Object.fromEntries(parts.map((part) => [part, ['*']])) }),
          ],
          providers: parts.map((part) => ({ id: part, name: part, base: base(part) })),
          ownPrices: parts.map((provider) => ({ provider, model: 'm-1', inputUsd: 1, outputUsd: 2 })),
          keys: Object.fromEntries(parts.map((part) => [part, { env: 'TEST_APP_KEY' }])),
        },
      ),
      { program: `${built}server/keyhold-server`, env: front ? { SSL_CERT_FILE: join(folder, 'certificate.pem') } : {} },
    )
    ends.push(() => server.stop())
    const tokens = await Promise.all(Array.from({ length: USERS }, (_, at) => token(`user-${at}`, { expires: '2h' })))
    const env = { ...process.env, AUTHORIZATION: tokens.map((one) => `Bearer ${one}`).join('\n') }
    return await use({
      folder,
      server,
      upstreamPort,
      ends,
      /** Where a call goes: to the provider itself, or by way of the server. */
      direct: (part) => [String(upstreamPort), `/${part}/v1/chat/completions`],
      relayed: (part) => [String(server.port), `/v1/relay/${part}/chat/completions`],
      /** Runs the client; @returns the numbers it prints */
      load: async (...args) => {
        const child = spawn(program('relay_load'), args.map(String), { ...OPTIONS, env })
        const text = await child.stdout.toArray()
        if (child.exitCode !== 0 && (await once(child)) !== 0) throw new Error('the client failed')
        return Buffer.concat(text).toString().trim().split(/\s+/).map(Number)
      },
      /** Opens streams that stay open; @returns what ends them */
      hold: async ([port, path], streams, bytes) => {
        const child = spawn(program('relay_load'), ['open', port, path, streams, bytes].map(String), { ...OPTIONS, env })
        await firstLine(child)
        return async () => {
          child.stdin.end()
          await once(child)
        }
      },
    })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** nginx with one worker in front of the provider: as a reverse proxy that passes on what comes, or as its TLS. */
export async function startNginx(folder, name, upstreamPort, { certificate, key, more = '' } = {}) {
  execFileSync(`${root}scripts/fetch-servers`, { stdio: 'inherit' })
  const port = await freePort()
  const home = mkdtempSync(join(folder, `nginx-${name}-`))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const config = `
    daemon off; master_process off; pid ${home}/pid; worker_rlimit_nofile 16000;
    events { worker_connections 15000; }
    http {
      access_log off;
      ${temporary.map((one) => `${one}_temp_path ${home}/${one};`).join('\n')}
      keepalive_requests 1000000;
      upstream provider { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000; }
      server {
        listen 127.0.0.1:${port}${certificate ? ' ssl' : ''} backlog=4096;
        ${certificate ? `ssl_certificate ${certificate}; ssl_certificate_key ${key};` : ''}
        location / {
          proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_buffering off; proxy_read_timeout 1h; ${more}
        }
      }
    }`
  writeFileSync(join(home, 'nginx.conf'), config)
  const child = spawn(nginx, ['-p', home, '-c', join(home, 'nginx.conf'), '-e', 'stderr'], { stdio: 'inherit' })
  await untilOpen(port)
  return { port, child, stop: () => (child.kill('SIGQUIT'), once(child)) }
}

/** For localhost, made for this once. */
function certificate(folder) {
  const [file, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...made, ...named, '-out', file, '-keyout', key], { stdio: 'ignore' })
  return { certificate: file, key }
}

/** Of a process: `Rss` and the like in KiB. */
export function memoryOf(pid) {
  const rows = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^(\w+): +(\d+) kB$/gm)
  return Object.fromEntries(Array.from(rows, ([, name, kib]) => [name, Number(kib)]))
}

/** @returns seconds on a processor that a process has had */
export function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const firstLine = (child) => new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim())))
const once = (child) => new Promise((resolve) => child.once('close', resolve))

async function freePort() {
  const server = createServer()
  await listen(server, 0)
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

async function untilOpen(port) {
  const { connect } = await import('node:net')
  for (let tries = 0; tries < 200; tries++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true) || socket.destroy()).on('error', () => resolve(false))
    })
    if (open) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}
