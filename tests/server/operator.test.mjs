// operator: what whoever runs the server meets: a configuration with a mistake in it, commands, and what is in the way.
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  account,
  APP_KEY,
  ask,
  command,
  configOf,
  makeFolder,
  plan,
  PROGRAM,
  startProvider,
  startServer,
} from './support/server.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
let provider
const folders = []
before(async () => {
  provider = await startProvider()
})
after(async () => {
  await provider?.stop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const folderWith = (config) => {
  const folder = makeFolder(config)
  folders.push(folder)
  return folder
}
const checked = async (over) => command(folderWith(configOf(provider, over)), 'check-config')

test('a good configuration is said to be good, and the example is one', async () => {
  const good = await checked({})
  assert.equal(good.code, 0)
  assert.match(good.output, /The configuration is good: .* 1 plans and keys for 1 providers/)
  const example = JSON.parse(readFileSync(join(root, 'server/install/keyhold-server.example.json'), 'utf8'))
  const folder = folderWith(example)
  copyFileSync(join(root, 'build/wasm/prices.txt'), join(folder, 'prices.txt'))
  const { code, output } = await command(folder, 'check-config')
  // Its secrets are not in the environment here: that is the first thing that is wrong with it, and the only one.
  assert.equal(code, 1)
  assert.match(output, /tokens\.secretEnv: the environment has no such variable/)
})

for (const [what, over, expected] of [
  ['a setting that is not there', { origns: [] }, /origns: there is no such setting/],
  ['no plan', { plans: [] }, /plans: at least one plan is expected/],
  ['two plans of one id', { plans: [plan(), plan()] }, /plans\[1\]\.id: another plan has this id/],
  ['a limit that is a text', { plans: [plan({ limitUsd: '1' })] }, /plans\[0\]\.limitUsd: a number of US dollars/],
  ['a negative limit', { plans: [plan({ limitUsd: -1 })] }, /plans\[0\]\.limitUsd/],
  ['an odd period', { plans: [plan({ period: 'year' })] }, /plans\[0\]\.period: "day", "month" or "once"/],
  [
    'a provider nobody knows',
    { plans: [plan({ models: { nobody: ['*'] } })] },
    /models\.nobody: there is no such provider/,
  ],
  ['an origin with a path', { origins: ['https://app.example.com/x'] }, /origins\[0\]: an origin is expected/],
  ['a port that is none', { listen: '127.0.0.1:99999' }, /listen: an address and a port/],
  [
    'a key that is not there',
    { keys: { mock: { env: 'NO_SUCH_VARIABLE' } } },
    /keys\.mock\.env: the environment has no such/,
  ],
  [
    'two kinds of tokens',
    { tokens: { audience: 'a', secretEnv: 'X', jwksFile: 'y' } },
    /one of this, jwksFile and jwksUrl/,
  ],
  [
    'a file of keys that is not there',
    { tokens: { audience: 'a', jwksFile: 'none.json' } },
    /jwksFile: the file cannot/,
  ],
  [
    'an address of keys that anybody on the way could change',
    { tokens: { audience: 'a', jwksUrl: 'http://keys.example.com/jwks.json' } },
    /tokens\.jwksUrl: an address is expected: https/,
  ],
  [
    'a proxy that is no address',
    { trustedProxies: ['127.0.0.1', '10.0.0.1/8'] },
    /trustedProxies\[1\]: an address or a network is expected/,
  ],
  ['addresses that are kept for ever', { addressDays: 5000 }, /addressDays: a whole number from 0 to 3650/],
  ['metrics at no port', { metrics: { listen: '127.0.0.1' } }, /metrics\.listen: an address and a port/],
  ['metrics with nothing said of them', { metrics: {} }, /metrics\.listen/],
  ['no prices', { prices: 'none.txt' }, /prices: the file cannot be read/],
  [
    'a provider with a base on another machine by http',
    { providers: [{ id: 'x', name: 'X', base: 'http://10.0.0.1/' }] },
    /providers:/,
  ],
]) {
  test(`${what} is named, with its place, and nothing starts`, async () => {
    const { code, output } = await checked(over)
    assert.equal(code, 1)
    assert.match(output, expected)
    assert.ok(!output.includes(APP_KEY))
  })
}

test('what is risky is named, each with its setting; a careful configuration is only said to be good', async () => {
  const careful = {
    trustedProxies: ['127.0.0.1'],
    tokens: { issuer: 'i', audience: 'a', secretEnv: 'TEST_TOKEN_SECRET' },
  }
  const good = await checked(careful)
  assert.equal(good.code, 0)
  assert.ok(!good.output.includes('warning'), good.output)
  assert.match(good.output, /\nNext: keyhold-server serve\n$/)
  const risky = await checked({
    listen: '0.0.0.0:8787',
    origins: [],
    addKeyUrl: undefined,
    plans: [plan({ maxOutputTokens: undefined, models: { mock: ['m-1', 'm-9'], openai: ['*'] } })],
  })
  assert.equal(risky.code, 0)
  const warned = [...risky.output.matchAll(/^warning: ([\w.]+): .*\.$/gm)].map(([, setting]) => setting)
  assert.deepEqual(warned, ['listen', 'origins', 'addKeyUrl', 'tokens.issuer', 'plans', 'prices', 'plans'])
  assert.match(risky.output, /plan free has models of openai, but there is no key for it/)
  assert.ok(!risky.output.includes(APP_KEY))
})

test('a configuration that is not JSON, or has a member twice, is refused', async () => {
  const folder = folderWith({})
  for (const text of ['{', '{"listen":"a:1","listen":"b:2"}', '[]', '']) {
    writeFileSync(join(folder, 'keyhold-server.json'), text)
    assert.equal((await command(folder, 'check-config')).code, 1)
  }
})

test('--help says what there is; an unknown command, plan or status is refused', async () => {
  const folder = folderWith(configOf(provider))
  const { code, output } = await command(folder, '--help')
  assert.equal(code, 0)
  for (const word of ['serve', 'check-config', 'plan', 'usage', '--config', 'First steps:', '/v1/openapi.json']) {
    assert.ok(output.includes(word), word)
  }
  for (const words of [['serve'], ['check-config'], ['plan', 'set'], ['usage', 'export']]) {
    const help = await command(folder, ...words, '--help')
    assert.equal(help.code, 0)
    assert.match(help.output, /Examples?:\n {2}keyhold-server /, words.join(' '))
    assert.ok(help.output.includes(words.join(' ')) && help.output.includes('\nNext: '), help.output)
    assert.ok(
      help.output.split('\n').every((line) => line.length <= 120),
      'fits a terminal',
    )
  }
  assert.notEqual((await command(folder, 'dance')).code, 0)
  assert.match((await command(folder, 'plan', 'set', 'ann', 'gold')).output, /no plan called gold/)
  assert.notEqual((await command(folder, 'plan', 'set', 'ann', 'free', '--status', 'odd')).code, 0)
})

test('a port that is taken, and a database that is none, are said before anything is served', async () => {
  const server = await startServer(configOf(provider))
  const taken = folderWith(configOf(provider, { listen: `127.0.0.1:${server.port}` }))
  assert.match((await command(taken, 'serve')).output, /cannot listen on 127\.0\.0\.1:\d+: is something else there\?/)
  await server.stop()
  const broken = folderWith(configOf(provider))
  writeFileSync(
    join(broken, 'keyhold-server.db'),
    'this is no database, and long enough to be looked at as one'.repeat(100),
  )
  const { code, output } = await command(broken, 'serve')
  assert.equal(code, 1)
  assert.match(output, /the database cannot be opened/)
})

test('a plan that is set while the server runs holds from the next call on', async () => {
  const plans = [plan(), plan({ id: 'pro', name: 'Pro', limitUsd: 5 })]
  const server = await startServer(configOf(provider, { plans }))
  await (await ask(server, 'ann')).text()
  assert.equal((await account(server, 'ann')).plan, 'free')
  assert.equal((await command(server.folder, 'plan', 'set', 'ann', 'pro')).code, 0)
  const now = await account(server, 'ann')
  assert.deepEqual([now.plan, now.limit, now.settled > 0], ['pro', 5_000_000, true])
  await server.stop()
})

test('the log says of a request its route and what became of it, and is one JSON object a line', async () => {
  const server = await startServer(configOf(provider))
  const response = await ask(server, 'ann')
  await response.text()
  await fetch(`${server.url}/somewhere?secret=1`)
  await server.stop()
  const lines = server.log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const id = response.headers.get('keyhold-request-id')
  const line = lines.find(({ request }) => request === id)
  assert.deepEqual([line.route, line.status, line.level], ['relay/mock', 200, 'info'])
  assert.equal(lines.find(({ status }) => status === 404).route, 'none')
  assert.ok(!server.log.includes('ann') && !server.log.includes('somewhere') && !server.log.includes('secret'))
})

test('the server takes as many open files as it may have, for two go to each call', async () => {
  const folder = folderWith(configOf(provider))
  const script = join(folder, 'with-few.sh')
  writeFileSync(script, `#!/bin/sh\nulimit -Sn 100\nexec '${PROGRAM}' "$@"\n`, { mode: 0o755 })
  const server = await startServer(folder, { program: script })
  try {
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(
      readFileSync(`/proc/${server.child.pid}/limits`, 'utf8'),
    )
    assert.equal(soft, hard)
    assert.ok(Number(soft) > 100)
  } finally {
    await server.stop({ keep: true })
  }
})
