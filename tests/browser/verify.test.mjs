// verify: does verify.html find what a host altered, and only that? The built site with its real headers, in Chromium.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startSite } from '../../scripts/serve.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { at } from './support/page.mjs'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const list = JSON.parse(await readFile(join(dist, 'integrity.json'), 'utf8'))
let browser

before(async () => (browser = await openChromium()))
after(() => browser?.close())

/** What the page says of a copy of dist/ that was altered. */
async function verified(alter, { sound = true, config = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-verify-'))
  await cp(dist, folder, { recursive: true })
  await alter(folder)
  const site = await startSite({ dist: folder, config })
  const context = await browser.newContext()
  try {
    const noted = await watch(context)
    const page = await context.newPage()
    await page.goto(`${site.url}verify.html`)
    await page.waitForSelector('[role=status] > :visible')
    const names = (verdict) => page.locator(`${at(verdict)} li`).allTextContents()
    const verdict = await page.locator(`${at('verdict')} > :visible`).textContent()
    const found = { verdict, agrees: await names('agrees'), differs: await names('differs') }
    // A file that is missing is said on the console by the browser itself.
    if (sound) assert.deepEqual(noted.wrongs, [])
    return { ...found, missing: await names('missing'), digest: await page.locator(at('digest')).textContent() }
  } finally {
    await context.close()
    await site.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** A file and its packed copy, which a host that alters one makes anew. */
async function replace(folder, name, change) {
  await rm(join(folder, `${name}.br`), { force: true })
  await change(join(folder, name))
}

test('a site as it was built agrees in every file, and the sum is that of integrity.json', async () => {
  const { verdict, agrees, digest } = await verified(async () => {})
  assert.equal(verdict, `All ${Object.keys(list.files).length} files agree with the list.`)
  assert.deepEqual(agrees, Object.keys(list.files).sort())
  const bytes = await readFile(join(dist, 'integrity.json'))
  assert.equal(digest, `sha384-${createHash('sha384').update(bytes).digest('base64')}`)
})

test('one byte more, one file less: both are named, and nothing else', async () => {
  const engine = Object.keys(list.files).find((name) => /engine-.*\.wasm$/.test(name))
  const { verdict, agrees, differs, missing } = await verified(
    async (folder) => {
      await replace(folder, engine, (file) => appendFile(file, '\0'))
      await replace(folder, 'icons/keyhold.svg', rm)
    },
    { sound: false },
  )
  assert.match(verdict, /^2 of \d+ files do not agree with the list\.$/)
  assert.deepEqual(differs, [engine])
  assert.deepEqual(missing, ['icons/keyhold.svg'])
  assert.equal(agrees.length, Object.keys(list.files).length - 2)
})

test('settings that the host changed are named as that', async () => {
  const { differs } = await verified(async () => {}, { config: { customEndpoints: false } })
  assert.deepEqual(differs, ['keyhold.config.json: this site’s settings, which its host may change'])
})

test('what the browser keeps for use without a connection is compared, too', async () => {
  const site = await startSite()
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(site.url)
    await page.evaluate(async () => void (await navigator.serviceWorker.ready))
    await page.goto(`${site.url}verify.html`)
    await page.waitForSelector(`${at('kept')}:visible`)
    const kept = Object.keys(list.files).length - 1
    assert.match(await page.textContent(at('kept')), new RegExp(`All ${kept} files agree\\.`))
    await page.evaluate(async () => {
      const name = (await caches.keys()).find((one) => one.startsWith('keyhold-kept-'))
      await (await caches.open(name)).put('./theme.js', new Response('// Another theme.'))
    })
    await page.reload()
    await page.waitForSelector(`${at('kept-others')}:visible`)
    assert.match(await page.textContent(at('kept')), new RegExp(`1 of ${kept} files are not as listed\\.`))
    assert.deepEqual(await page.locator(`${at('kept-others')} li`).allTextContents(), ['theme.js'])
    assert.equal(
      await page.locator(`${at('verdict')} > :visible`).textContent(),
      `All ${kept + 1} files agree with the list.`,
    )
  } finally {
    await context.close()
    await site.stop()
  }
})

for (const [what, text] of [
  ['no JSON', '<!doctype html>'],
  ['a name outside the site', '{"files":{"../elsewhere":"sha384-' + 'A'.repeat(64) + '"}}'],
  ['another kind of digest', '{"files":{"theme.js":"md5-A"}}'],
  ['no file', '{"files":{}}'],
]) {
  test(`a list with ${what} is none`, async () => {
    const { verdict } = await verified((folder) => replace(folder, 'integrity.json', (file) => writeFile(file, text)))
    assert.match(verdict, /no readable integrity\.json/)
  })
}
