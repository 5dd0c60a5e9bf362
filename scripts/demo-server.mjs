// demo-server: an app's keyhold-server on this machine, with a plan that is soon used up, the demo provider behind it, and tokens
// for whoever opens the page. Each start begins anew.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
const PROGRAM = path('build/server/server/keyhold-server')
const FOLDER = path('build/demo')
const AUDIENCE = 'keyhold-demo'
const TOKEN_SECONDS = 600
const STOP_WITHIN_MS = 2_000

/** @returns {boolean} whether it was built */
export const demoServerIsBuilt = () => existsSync(PROGRAM)

/**
 * @param {{ port: number, origins: string[], addKeyUrl: string, demo: import('./demo.mjs').Demo, models: string[] }} options
 * @returns {Promise<{ url: string, token(): Promise<string>, stop(): Promise<void> }>}
 */
export async function startDemoServer({ port, origins, addKeyUrl, demo, models }) {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const config = {
    listen: `127.0.0.1:${port}`,
    origins,
    addKeyUrl,
    tokens: { audience: AUDIENCE, secretEnv: 'KEYHOLD_DEMO_SECRET' },
    keys: { demo: { env: 'KEYHOLD_DEMO_KEY' } },
    plans: [
      // About six questions: by then a person has seen the bar move, and can see it run out.
      { id: 'try', name: 'Try it', limitUsd: 0.03, period: 'day', maxOutputTokens: 512, models: { demo: models } },
      { id: 'pro', name: 'Pro', priceUsd: 10, limitUsd: 5, maxOutputTokens: 4096, models: { demo: models } },
    ],
    providers: [{ id: 'demo', name: 'Demo provider', base: demo.base }],
    ownPrices: models.map((model) => ({ provider: 'demo', model, inputUsd: 10, outputUsd: 30 })),
  }
  writeFileSync(`${FOLDER}/keyhold-server.json`, JSON.stringify(config, null, 2))
  const secret = randomBytes(32).toString('base64url')
  const child = spawn(PROGRAM, ['-c', `${FOLDER}/keyhold-server.json`, 'serve'], {
    env: { ...process.env, KEYHOLD_DEMO_SECRET: secret, KEYHOLD_DEMO_KEY: demo.key },
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
