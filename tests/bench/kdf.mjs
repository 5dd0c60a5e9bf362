// kdf: what an unlock costs beyond everything else: Argon2id at 64 MiB, t = 3, against other builds of it.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import initialize from '@phi-ag/argon2/node'
import { build } from 'esbuild'
import { argon2id } from 'hash-wasm'
import { listen, stop } from '../../scripts/local-server.mjs'
import { openChromium } from '../browser/support/chromium.mjs'
import { startEngine } from '../support/engine.mjs'
import { contenders, freshContender, OURS } from './kdf-contenders.mjs'
import { interleaved } from './timing.mjs'

const ROUNDS = 15
const root = fileURLToPath(new URL('../..', import.meta.url))

export async function measureKdf() {
  const { default: sodium } = await import('libsodium-wrappers-sumo')
  await sodium.ready
  const native = await startNative()
  const all = contenders({ engine: await startEngine(), argon2id, sodium, phi: await initialize() })
  try {
    const timed = { ...all, fresh: freshContender(startEngine), 'native libsodium': native.derive }
    return figures('argon2id', await interleaved(Object.values(timed), ROUNDS), Object.keys(timed))
  } finally {
    native.stop()
  }
}

/** The same in Chromium, where people use it. */
export async function measureKdfInChromium() {
  const server = await serveContenders()
  const browser = await openChromium()
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${server.address().port}/`)
    await page.waitForFunction(() => globalThis.kdf)
    const { names, times } = await page.evaluate((rounds) => globalThis.kdf.run(rounds), ROUNDS)
    return figures('Chromium: argon2id', times, names)
  } finally {
    await browser.close()
    await stop(server)
  }
}

function figures(prefix, times, names) {
  const took = Object.fromEntries(names.map((name, at) => [name, times[at]]))
  const { [OURS]: ours, fresh, ...others } = took
  const ratios = Object.entries(others).map(([name, ms]) => ({
    name: `${prefix} / ${name}`,
    value: ours / ms,
    unit: 'x',
  }))
  const first = fresh === undefined ? [] : [{ name: `${prefix}, with starting its instance`, value: fresh, unit: 'ms' }]
  return [...ratios, { name: `${prefix}, 64 MiB, t=3`, value: ours, unit: 'ms' }, ...first]
}

/** A program that derives once for every line it is sent. */
async function startNative() {
  const program = `${root}build/bench/native_kdf`
  mkdirSync(`${root}build/bench`, { recursive: true })
  const source = fileURLToPath(new URL('native_kdf.cpp', import.meta.url))
  execFileSync(process.env.CXX ?? 'c++', ['-std=c++20', '-O2', '-o', program, source, '-lsodium'])
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const line = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('native_kdf ended')
    return value
  }
  console.log(`native libsodium is ${await line()}`)
  return {
    async derive() {
      child.stdin.write('\n')
      return Number(await line())
    },
    stop: () => child.stdin.end(),
  }
}

async function serveContenders() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('kdf-page.mjs', import.meta.url))],
    alias: { 'keyhold-wasm': `${root}build/wasm` },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
  })
  const files = {
    '/': ['text/html', '<!doctype html><script type="module" src="/page.js"></script>'],
    '/page.js': ['text/javascript', outputFiles[0].contents],
    '/engine.wasm': ['application/wasm', readFileSync(`${root}build/wasm/engine.wasm`)],
    '/argon2.wasm': [
      'application/wasm',
      readFileSync(fileURLToPath(import.meta.resolve('@phi-ag/argon2/argon2.wasm'))),
    ],
  }
  const server = createServer(({ url }, response) => {
    const [type, body] = files[url] ?? ['text/plain', '']
    response.writeHead(files[url] ? 200 : 404, { 'Content-Type': type }).end(body)
  })
  await listen(server, 0)
  return server
}
