// relay-gateway: streams of 2,000 events through the server and through @portkey-ai/gateway, which knows neither users nor quota. It is
// fetched when this is asked for.
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort, onRelayStage, runLoad, untilOpen } from './relay-stage.mjs'
import { interleaved } from './timing.mjs'

const folder = fileURLToPath(new URL('../../build/rivals', import.meta.url))
/** The newest of what it stands on cannot stream with it. */
const PACKAGES = {
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2' },
  overrides: { '@hono/node-server': '1.13.7', hono: '4.9.7' },
}
const STREAMS = 200
const CONNECTIONS = 16
const ROUNDS = 5

export function measureRelayGateway() {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, JSON.stringify(PACKAGES))
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'], {
    cwd: folder,
    stdio: 'inherit',
  })
  return onRelayStage(async ({ upstreamPort, ends, relayed, load }) => {
    const port = await freePort()
    const program = `${folder}/node_modules/@portkey-ai/gateway/build/start-server.js`
    const gateway = spawn(process.execPath, [program, `--port=${port}`, '--headless'], {
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    ends.push(() => gateway.kill())
    await untilOpen(port)
    const host = `http://127.0.0.1:${upstreamPort}/stream/v1`
    const headers = `authorization: Bearer sk-app\tx-portkey-provider: openai\tx-portkey-custom-host: ${host}`
    const work = [CONNECTIONS, STREAMS]
    const [ours, theirs] = await interleaved(
      [
        async () => (await load('drain', ...relayed('stream'), ...work))[0],
        async () => (await runLoad(headers, ['drain', port, '/v1/chat/completions', ...work]))[0],
      ],
      ROUNDS,
    )
    return [{ name: 'streams of 2,000 events: time / @portkey-ai/gateway', value: ours / theirs, unit: 'x' }]
  })
}
