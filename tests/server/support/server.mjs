// server: a keyhold-server of this machine with a folder of its own, a provider that plays along, and tokens for its users.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SignJWT } from 'jose'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { watch } from './contract.mjs'

/** KEYHOLD_SERVER_BUILD=server-tsan: the one under TSan. */
const BUILD = fileURLToPath(
  new URL(`../../../build/${process.env.KEYHOLD_SERVER_BUILD ?? 'server-checked'}/`, import.meta.url),
)
export const PROGRAM = join(BUILD, 'server/keyhold-server')
const TOKEN_SECRET = 'a-secret-of-tests-0123456789-0123456789'
export const APP_KEY = 'sk-app-0123456789abcdefghijklmnopqrstuvwxyz-secret'
export const ORIGIN = 'https://app.example.com'

/** A provider in OpenAI's form. `answer` gets each request with its body read; `requests` is all that came. */
export async function startProvider() {
  const provider = { requests: [], answer: (_, response) => complete(response) }
  const server = createServer(async (request, response) => {
    const chunks = []
    request.on('error', () => {})
    response.on('error', () => {})
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const { method, url, headers, socket } = request
    const seen = { method, url, headers, port: socket.remotePort, text, response }
    provider.requests.push(seen)
    await provider.answer(seen, response)
  })
  await listen(server, 0)
  return Object.assign(provider, {
    base: `http://127.0.0.1:${server.address().port}/v1/`,
    server,
    stop: () => stop(server),
  })
}

/** One JSON answer that used so many tokens. */
export function complete(response, { input = 10, output = 5, text = 'hello' } = {}) {
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      id: 'c',
      object: 'chat.completion',
      model: 'm-1',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    }),
  )
}

export const delta = (content) =>
  `data: ${JSON.stringify({ model: 'm-1', choices: [{ index: 0, delta: { content } }] })}\n\n`
export const usageEvent = (input, output) =>
  `data: ${JSON.stringify({ model: 'm-1', choices: [], usage: { prompt_tokens: input, completion_tokens: output } })}\n\n`
export const DONE = 'data: [DONE]\n\n'

/** What a plan allows, with all of it open to model m-1: a dollar for a million tokens in, two for those out. */
export const plan = (over = {}) => ({
  id: 'free',
  name: 'Free',
  limitUsd: 1,
  maxRunning: 100,
  callsPerMinute: 100_000,
  maxOutputTokens: 100,
  models: { mock: ['*'] },
  ...over,
})

export function configOf(provider, over = {}) {
  return {
    listen: '127.0.0.1:0',
    origins: [ORIGIN],
    addKeyUrl: 'https://app.example.com/keys',
    tokens: { audience: 'keyhold', secretEnv: 'TEST_TOKEN_SECRET' },
    plans: [plan()],
    providers: [{ id: 'mock', name: 'Mock', base: provider.base }],
    ownPrices: [{ provider: 'mock', model: 'm-1', inputUsd: 1, outputUsd: 2 }],
    keys: { mock: { env: 'TEST_APP_KEY' } },
    ...over,
  }
}

export function makeFolder(config) {
  const folder = mkdtempSync(join(tmpdir(), 'keyhold-server-'))
  writeFileSync(join(folder, 'keyhold-server.json'), JSON.stringify(config))
  return folder
}

/** What the program finds in its environment, beside this process's own; other files of tests add to it. */
export const ENVIRONMENT = { TEST_TOKEN_SECRET: TOKEN_SECRET, TEST_APP_KEY: APP_KEY }
const environment = (more = {}) => ({ ...process.env, ...ENVIRONMENT, ...more })

/** Runs the program to its end. */
export function command(folder, ...args) {
  return new Promise((resolve) => {
    const child = spawn(PROGRAM, ['-c', join(folder, 'keyhold-server.json'), ...args], { env: environment() })
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('close', (code) => resolve({ code, output }))
  })
}

/**
 * @param config  what configOf() gives; or the folder of one that was stopped before
 * @param options `program`: another build of it; `env`: more of its environment
 */
export async function startServer(config, { program = PROGRAM, env = {} } = {}) {
  if (!existsSync(program)) throw new Error(`there is no ${program}: scripts/build server-checked`)
  const folder = typeof config === 'string' ? config : makeFolder(config)
  const child = spawn(program, ['-c', join(folder, 'keyhold-server.json'), 'serve'], {
    env: environment(env),
  })
  const server = { folder, child, log: '' }
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })))
  const port = await new Promise((resolve, reject) => {
    const more = (data) => {
      server.log += data
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(server.log)
      if (found) resolve(Number(found[1]))
    }
    child.stdout.on('data', more)
    child.stderr.on('data', more)
    ended.then(({ code }) => reject(new Error(`keyhold-server ended with ${code}: ${server.log}`)))
  })
  watch(`http://127.0.0.1:${port}`)
  const waits = leaveBehind(child)
  return Object.assign(server, {
    port,
    url: `http://127.0.0.1:${port}`,
    async stop({ keep = false } = {}) {
      child.kill('SIGTERM')
      const { code, signal } = await waits(ended)
      if (!keep) rmSync(folder, { recursive: true })
      // Sanitizers end a program that did something wrong with another code.
      if (code !== 0) throw new Error(`keyhold-server ended with ${code ?? signal}: ${server.log.slice(-4000)}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await waits(ended)
    },
  })
}

const leftBehind = new Set()
process.once('exit', () => leftBehind.forEach((child) => child.kill('SIGKILL')))

/** Tests that failed do not wait for what they did not stop: it ends with them. @returns how to wait for its end all the same */
function leaveBehind(child) {
  const all = [child, child.stdout, child.stderr]
  for (const one of all) one.unref()
  leftBehind.add(child)
  child.once('close', () => leftBehind.delete(child))
  return (ended) => {
    for (const one of all) one.ref()
    return ended
  }
}

export function token(user, { audience = 'keyhold', expires = '5m', secret = TOKEN_SECRET } = {}) {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setAudience(audience)
    .setExpirationTime(expires)
    .sign(new TextEncoder().encode(secret))
}

export const QUESTION = { model: 'm-1', messages: [{ role: 'user', content: 'hi' }], max_tokens: 5 }

/** Asks the relay for a chat completion. */
export async function ask(
  server,
  user,
  { body = QUESTION, headers = {}, path = 'mock/chat/completions', signal } = {},
) {
  return fetch(`${server.url}/v1/relay/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token(user)}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal,
  })
}

export async function account(server, user) {
  const response = await fetch(`${server.url}/v1/account`, {
    headers: { authorization: `Bearer ${await token(user)}` },
  })
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

/** Until nothing of this user's is under way. */
export async function settled(server, user) {
  const until = Date.now() + 10_000
  for (;;) {
    const now = await account(server, user)
    if (now.held === 0 && now.running === 0) return now
    if (Date.now() > until) throw new Error(`still held: ${JSON.stringify(now)}`)
    await new Promise((done) => setTimeout(done, 10))
  }
}
