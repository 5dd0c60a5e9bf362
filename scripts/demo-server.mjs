// demo-server: an app's keyhold-server on this machine, with a plan that is soon used up, the demo provider behind it, and tokens
// for whoever opens the page. Each start begins anew.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const PROGRAM = path('build/server/server/keyhold-server')
const AUDIENCE = 'keyhold-demo'
const TOKEN_SECONDS = 600
const STOP_WITHIN_MS = 2_000

/** @returns {boolean} whether it was built */
export const demoServerIsBuilt = () => existsSync(PROGRAM)

/**
 * @param {{ port: number, origins: string[], addKeyUrl: string, demo: import('./demo.mjs').Demo, models: string[], program?: string,
 *   folder?: string }} options `folder`: what is in it is removed first
 * @returns {Promise<{ url: string, token(): Promise<string>, stop(): Promise<void> }>}
 */
export async function startDemoServer({
  port,
  origins,
  addKeyUrl,
  demo,
  models,
  program = PROGRAM,
  folder = path('build/demo'),
}) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const config = {
    listen: `127.0.0.1:${port}`,
    origins,
    addKeyUrl,
    tokens: { audience: AUDIENCE, secretEnv: 'KEYHOLD_DEMO_SECRET' },
    keys: { demo: { env: 'KEYHOLD_DEMO_KEY' } },
    receipts: { keyEnv: 'KEYHOLD_DEMO_RECEIPT_KEY' },
    plans: [
      // About six questions: by then a person has seen the bar move, and can see it run out.
      { id: 'try', name: 'Try it', limitUsd: 0.03, period: 'day', maxOutputTokens: 512, models: { demo: models } },
      { id: 'pro', name: 'Pro', priceUsd: 10, limitUsd: 5, maxOutputTokens: 4096, models: { demo: models } },
    ],
    providers: [{ id: 'demo', name: 'Demo provider', base: demo.base }],
    ownPrices: models.map((model) => ({ provider: 'demo', model, inputUsd: 2, outputUsd: 20 })),
  }
  writeFileSync(`${folder}/keyhold-server.json`, JSON.stringify(config, null, 2))
  const fresh = () => randomBytes(32).toString('base64url')
  const secret = fresh()
  const child = spawn(program, ['-c', `${folder}/keyhold-server.json`, 'serve'], {
    env: { ...process.env, KEYHOLD_DEMO_SECRET: secret, KEYHOLD_DEMO_KEY: demo.key, KEYHOLD_DEMO_RECEIPT_KEY: fresh() },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const at = await listening(child)
  return {
    url: `http://127.0.0.1:${at}/`,
    token: () =>
      new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject('demo-user')
        .setAudience(AUDIENCE)
        .setExpirationTime(`${TOKEN_SECONDS}s`)
        .sign(new TextEncoder().encode(secret)),
    async stop() {
      if (child.exitCode !== null) return
      const ended = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The port it took. Its log goes to nobody from there on. */
function listening(child) {
  return new Promise((resolve, reject) => {
    let log = ''
    child.stderr.on('data', (data) => {
      if (log.length < 10_000) log += data
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(log)
      if (found) resolve(Number(found[1]))
    })
    child.once('close', (code) => reject(new Error(`the app's server ended with ${code}: ${log.trim()}`)))
  })
}
