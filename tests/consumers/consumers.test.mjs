// consumers: each example, built as its users build it from the packed package, asks its visitor, is allowed, and shows an answer
// that was paid with a key it never had; in Chromium, with the vault at another site.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { allow } from '../browser/support/embed.mjs'
import { plainModule, viteDev, withEsbuild, withNext, withVite, withWebpack } from './support/builds.mjs'
import { install, root } from './support/packed.mjs'
import {
  ANSWER,
  folderHost,
  KEY,
  openWindow,
  OWN,
  ownOriginHost,
  PASSPHRASE,
  setUpAndAllow,
  startWorld,
  STRICT,
  TRUSTED,
} from './support/world.mjs'

/** By the first label of its name: what builds the example, and the policy that its page is served with. */
const CONSUMERS = {
  plain: { build: plainModule, policy: `${STRICT}; ${TRUSTED}`, importMap: true },
  esbuild: { build: withEsbuild, policy: `${STRICT}; ${TRUSTED}`, importMap: true },
  webpack: { build: withWebpack, policy: `${STRICT}; ${TRUSTED}`, importMap: true },
  react: { build: (user) => withVite(user, 'react'), policy: `${STRICT}; ${TRUSTED}` },
  vue: { build: (user) => withVite(user, 'vue'), policy: STRICT },
  svelte: { build: (user) => withVite(user, 'svelte'), policy: STRICT },
  alpine: { build: (user) => withVite(user, 'alpine'), policy: `${STRICT}; ${TRUSTED}` },
  // Its pages have scripts in them.
  next: { build: withNext, policy: STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'") },
}
/** Likewise, of the app that is its own vault. */
const OWN_ORIGIN = {
  'own-plain': { build: (user) => plainModule(user, 'engine', 'lib') },
  'own-esbuild': { build: (user) => withEsbuild(user, 'engine') },
  'own-webpack': { build: (user) => withWebpack(user, 'engine') },
  'own-vite': { build: (user) => withVite(user, 'engine') },
}
const WITHOUT = 'without.apps.example'

let user
let world
let dev
let ownDev
/** Of builds that failed, by name. */
const failures = {}
before(async () => {
  user = await install()
  const hosts = {}
  const build = async ([name, { build, policy, importMap }]) => {
    try {
      const folder = await build(user)
      const served = importMap ? await allowingImportMap(folder, policy) : policy
      hosts[`${name}.apps.example`] = folderHost(folder, served)
      if (name === 'plain') hosts[WITHOUT] = folderHost(folder, served.replace(/frame-src [^;]*/, "frame-src 'none'"))
    } catch (error) {
      failures[name] = error
    }
  }
  const buildOwn = async ([name, { build }]) => {
    try {
      const folder = await build(user)
      hosts[`${name}.apps.example`] = ownOriginHost(folder, await allowingImportMap(folder, OWN))
    } catch (error) {
      failures[name] = error
    }
  }
  await Promise.all([...Object.entries(CONSUMERS).map(build), ...Object.entries(OWN_ORIGIN).map(buildOwn)])
  dev = await viteDev(user, 'react')
  ownDev = await viteDev(user, 'engine', `${root}dist`)
  world = await startWorld(hosts)
})
after(async () => {
  await world?.stop()
  await dev?.close()
  await ownDev?.close()
  await user?.remove()
})

/** An import map is a script in the page: a policy names it by its digest. */
async function allowingImportMap(folder, policy) {
  const [, map] = /<script type="importmap">([^]*?)<\/script>/.exec(await readFile(join(folder, 'index.html'), 'utf8'))
  const digest = createHash('sha256').update(map).digest('base64')
  return policy.replace("script-src 'self'", `script-src 'self' 'sha256-${digest}'`)
}

/** The first page, left open: a vault that no page looks at is locked. */
let keeper = null

async function asks(url, { isFirst = false } = {}) {
  const page = await world.context.newPage()
  page.setDefaultTimeout(20_000)
  const [wrongsBefore, callsBefore] = [world.wrongs.length, world.demo.seen.length]
  try {
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }))
    await page.goto(url)
    await page.waitForFunction(() => document.querySelector('keyhold-button')?.vault)
    await page.click('#ask')
    await page.frameLocator('iframe[title=Keyhold]').locator('button[data-wanted]').waitFor()
    const opened = await openWindow(page)
    assert.equal(opened.url(), 'https://vault.example/unlock.html')
    if (isFirst) await setUpAndAllow(opened)
    else await allow(opened)
    await opened.close()
    await page.waitForFunction(() => document.querySelector('output').textContent.length > 40)
    assert.match(await page.textContent('output'), ANSWER)
    await page.waitForFunction(() => document.querySelector('keyhold-button').state === 'granted')
    const calls = world.demo.seen
      .slice(callsBefore)
      .filter(({ path, method }) => method === 'POST' && path === '/v1/chat/completions')
    assert.deepEqual(
      calls.map(({ authorization, status }) => [authorization, status]),
      [[`Bearer ${KEY}`, 200]],
    )
    assert.ok(!(await page.content()).includes(KEY))
    assert.deepEqual(world.wrongs.slice(wrongsBefore), [])
    keeper ??= page
  } finally {
    await Promise.all(world.context.pages().map((one) => one === keeper || one.close()))
  }
}

for (const name of Object.keys(CONSUMERS)) {
  test(`${name}: builds, asks, is allowed and shows an answer`, async () => {
    if (failures[name]) throw failures[name]
    await asks(`https://${name}.apps.example/`, { isFirst: keeper === null })
  })
}

// Another site, and so another vault.
test('react, from the development server of Vite', () => asks(dev.resolvedUrls.local[0], { isFirst: true }))

/** Makes a vault, seals a key and uses it, with nothing but keyhold/engine. */
async function usesItsOwn(url) {
  const page = await world.context.newPage()
  page.setDefaultTimeout(20_000)
  const [wrongsBefore, callsBefore] = [world.wrongs.length, world.demo.seen.length]
  try {
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }))
    await page.goto(url)
    await page.fill('#passphrase', PASSPHRASE)
    await page.fill('#key', KEY)
    await page.click('button')
    await page.waitForFunction(() => document.querySelector('output').textContent !== '')
    assert.match(await page.textContent('output'), ANSWER)
    const calls = world.demo.seen.slice(callsBefore).filter(({ method }) => method === 'POST')
    assert.deepEqual(
      calls.map(({ authorization, path }) => [authorization, path]),
      [[`Bearer ${KEY}`, '/v1/chat/completions']],
    )
    assert.deepEqual(world.wrongs.slice(wrongsBefore), [])
  } finally {
    await page.close()
  }
}

for (const name of Object.keys(OWN_ORIGIN)) {
  test(`${name}: an app of the vault's own origin makes a vault, seals a key and uses it`, async () => {
    if (failures[name]) throw failures[name]
    await usesItsOwn(`https://${name}.apps.example/`)
  })
}

test('own, from the development server of Vite', () => usesItsOwn(ownDev.resolvedUrls.local[0]))

describe('control', () => {
  test('a page whose policy does not name the vault is told of, and has no vault', async () => {
    const page = await world.context.newPage()
    const before = world.wrongs.length
    try {
      await page.goto(`https://${WITHOUT}/`)
      await page.waitForSelector('keyhold-button')
      await page.waitForTimeout(500)
      assert.equal(await page.evaluate(() => document.querySelector('keyhold-button').vault), null)
      assert.ok(
        world.wrongs.slice(before).some((one) => one.startsWith('policy: frame-src')),
        world.wrongs.join(),
      )
    } finally {
      await page.close()
    }
  })
})

test('the examples name the versions that they were built with', async () => {
  const { devDependencies } = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const { version, dependencies } = JSON.parse(await readFile(`${root}web/package.json`, 'utf8'))
  const here = { ...devDependencies, ...dependencies, keyhold: version }
  for (const name of ['react', 'vue', 'svelte', 'alpine', 'next']) {
    const example = JSON.parse(await readFile(`${root}examples/${name}/package.json`, 'utf8'))
    for (const [one, wanted] of Object.entries({ ...example.dependencies, ...example.devDependencies }))
      assert.equal(here[one], wanted, `${name}: ${one}`)
  }
})
