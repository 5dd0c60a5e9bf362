// login: a key by logging in at the provider, in Chromium under the real policies: OpenRouter's own exchange, at its real
// address mapped to this machine, and an OAuth server nobody here wrote; then what must not work.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OAuth2Server } from 'oauth2-mock-server'
import { dumpOf, formsIn, newMarker, searchDump } from './support/canary.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { openRouterLogin } from './support/login-provider.mjs'
import { at, createOwn, keyId } from './support/page.mjs'
import { startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet lantern hums quietly tonight'
const inKeys = newMarker()
const ROOM = { timeout: 120_000 }

let openrouter
let providers
let oauth
let site
let browser
let context
let noted
let page

before(async () => {
  openrouter = openRouterLogin(() => `sk-or-v1-${inKeys}0123456789`)
  providers = await startProviders(openrouter.decide)
  oauth = new OAuth2Server()
  await oauth.issuer.keys.generate('RS256')
  await oauth.start(0, '127.0.0.1')
  const base = `http://127.0.0.1:${oauth.address().port}`
  site = await startTestSite({
    providers: [
      {
        id: 'house',
        name: 'House',
        base: `${base}/v1/`,
        login: { style: 'oauth', authorize: `${base}/authorize`, exchange: `${base}/token`, scope: 'infer' },
      },
    ],
    logins: { house: { clientId: 'keyhold-test' } },
  })
  browser = await openChromium({
    args: [
      `--host-resolver-rules=MAP * 127.0.0.1:${providers.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      '--ignore-certificate-errors',
    ],
  })
  context = await browser.newContext()
  noted = await watch(context)
  page = await context.newPage()
  page.setDefaultTimeout(30_000)
  await page.goto(site.url)
  await createOwn(page, PASSPHRASE)
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await providers?.stop()
  await oauth?.stop()
})

/** The key dialog for this provider, with its login offered. */
async function offer(provider) {
  await page.waitForSelector(`${at('add')}:visible, ${at('provider-card')}`)
  await page.click(`${at('add')}:visible, ${at('endpoint-card')}`)
  if (await page.locator('#endpoint-name').isVisible()) await page.click(at('dialog-back'))
  await page.click(`${at('provider-option')}[data-provider=${provider}]`)
  await page.waitForSelector(`${at('login')}:visible`)
}
const close = () => page.click(at('dialog-close'))
/** Follows the link. @returns the tab it opened */
async function follow() {
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click(at('login'))])
  return tab
}
const toast = (text) => page.waitForSelector(`.toast:has-text("${text}")`)
const problem = () => page.locator(at('key-dialog-problem')).textContent()
const keys = () => page.locator(at('key')).count()

/** What the provider would send the browser back to, without going there. */
async function approved(url) {
  const asked = new URL(url)
  const before = new Set(openrouter.codes.keys())
  await context.request.get(`http://127.0.0.1:${providers.port}${asked.pathname}${asked.search}`, {
    headers: { host: 'openrouter.ai' },
    maxRedirects: 0,
  })
  const [code] = [...openrouter.codes.keys()].filter((one) => !before.has(one))
  return { code, state: new URL(asked.searchParams.get('callback_url')).searchParams.get('state') }
}
const begun = () => page.getAttribute(at('login'), 'href')
const callback = (query) => `${site.url}callback.html?${new URLSearchParams(query)}`

test('OpenRouter: log in, come back, and the key is in the vault and nowhere else', ROOM, async () => {
  await offer('openrouter')
  const link = page.locator(at('login'))
  assert.equal(await link.getAttribute('target'), '_blank')
  assert.match(await link.getAttribute('rel'), /noopener/)
  const said = []
  await page.exposeFunction('saidOnChannel', (data) => said.push(data))
  await page.evaluate(() => {
    const channel = new BroadcastChannel('keyhold-login')
    channel.addEventListener('message', ({ data }) => window.saidOnChannel(JSON.stringify(data)))
  })
  const tab = await follow()
  await toast('OpenRouter: Main is sealed')
  const key = await keyId(page, 'Main')
  assert.equal(await page.locator(`[data-key="${key}"] ${at('key-hint')}`).textContent(), '••••6789')
  assert.ok(tab.isClosed() || !tab.url().includes('?'), 'neither code nor state stays in the address')
  assert.deepEqual(openrouter.exchanges, [200])
  assert.equal(said.length, 2, 'control: what the tabs say to each other is heard')
  const left = searchDump(await dumpOf(page), [inKeys])
  if (!tab.isClosed()) left.push(...searchDump(await dumpOf(tab), [inKeys]))
  for (const text of [...noted.all, ...said, ...context.pages().map((one) => one.url())])
    left.push(...formsIn(Buffer.from(text), inKeys))
  assert.deepEqual(left, [])
  await page.evaluate((marker) => localStorage.setItem('control', marker), inKeys)
  assert.match(searchDump(await dumpOf(page), [inKeys]).join(), /localStorage/, 'control: the search finds it')
  await page.evaluate(() => localStorage.removeItem('control'))
  assert.ok(
    providers.requests.every(({ url, headers }) => !JSON.stringify([url, headers]).includes(inKeys)),
    'nor was it sent anywhere',
  )
  await tab.close().catch(() => {})
})

test('a server that speaks plain OAuth: its token is stored with its end', ROOM, async () => {
  await offer('house')
  const tab = await follow()
  await toast('House: Main is sealed')
  await tab.close().catch(() => {})
  const row = page.locator(at('key'), { hasText: '' }).nth(1)
  await row.waitFor()
  const badge = await page.locator(`${at('expiry-badge')}:visible`).count()
  assert.equal(badge, 1, 'it ends within the hour, and the list says so')
})

test('a login refused there: said in the dialog and in the tab, and nothing is stored', ROOM, async () => {
  const before = await keys()
  oauth.service.once('beforeAuthorizeRedirect', ({ url }) => {
    url.searchParams.delete('code')
    url.searchParams.set('error', 'access_denied')
  })
  await offer('house')
  const tab = await follow()
  assert.match(await problem(), /House gave no key.*Nothing was stored/s)
  await page.waitForSelector(`${at('login')}:visible`)
  await tab.close().catch(() => {})
  await close()
  assert.equal(await keys(), before)
})

test('where nobody answers, the tab shows a code that works once when it is pasted', ROOM, async () => {
  const before = await keys()
  await offer('openrouter')
  const { state, code } = await approved(await begun())
  await close()
  const tab = await context.newPage()
  await tab.goto(callback({ state, code }))
  await tab.waitForSelector(`${at('login-code')}:visible`)
  assert.equal(new URL(tab.url()).search, '')
  const shown = await tab.inputValue(at('login-code'))
  await tab.close()
  assert.equal(shown, `${state}.${code}`)
  const paste = async (text) => {
    await offer('openrouter')
    await (await follow()).close()
    await page.click(at('login-code-open'))
    await page.fill(at('login-code-field'), text)
    await page.click(at('login-code-use'))
  }
  // The link leads to a provider that answers at once: wait with a page that stays where it is.
  await context.route('https://openrouter.ai/auth*', (route) => route.fulfill({ body: 'log in' }))
  await paste('not the code')
  assert.match(await problem(), /not the code/)
  await close()
  await paste(shown)
  await toast('OpenRouter: Key 2 is sealed')
  assert.equal(await keys(), before + 1)
  await paste(shown)
  assert.match(await problem(), /not waiting for this login/)
  await close()
  await context.unroute('https://openrouter.ai/auth*')
  assert.equal(await keys(), before + 1)
})

test('forged, replayed and mixed-up logins store nothing', ROOM, async () => {
  const before = await keys()
  const finish = (given) =>
    driver.evaluate(
      (one) =>
        window.engine.finishLogin(one).then(
          () => 'stored',
          ({ code }) => code,
        ),
      { label: 'Attack', ...given },
    )
  const begin = () => driver.evaluate(() => window.engine.beginLogin('openrouter'))
  const driver = await context.newPage()
  await driver.goto(`${site.url}driver.html`)
  await driver.waitForFunction(() => window.keyhold)
  await driver.evaluate(async () => {
    window.engine = await window.keyhold.KeyholdEngine.connect()
  })
  // A forged state, though the code is a good one.
  const first = await begin()
  const own = await approved(first.url)
  assert.equal(await finish({ state: 'A'.repeat(43), code: own.code }), 'ERR_LOGIN_STATE')
  // The code of another login: its verifier is another's, and the stand-in refuses it.
  const second = await begin()
  const other = await approved(second.url)
  assert.equal(await finish({ state: first.state, code: other.code }), 'ERR_LOGIN_REFUSED')
  assert.equal(openrouter.exchanges.at(-1), 403)
  // Used up by that, whatever came of it.
  assert.equal(await finish({ state: first.state, code: own.code }), 'ERR_LOGIN_STATE')
  // An answer without a key, and one that does not end.
  for (const [answer, code] of [
    [{ user_id: 'user_1' }, 'ERR_BAD_ANSWER'],
    [{ key: ['sk-or-v1-list'] }, 'ERR_BAD_ANSWER'],
    [{ error: 'no' }, 'ERR_LOGIN_REFUSED'],
    [{ key: 'sk-or-v1-0123456789', padding: 'x'.repeat(64 * 1024) }, 'ERR_TOO_LARGE'],
  ]) {
    const start = await begin()
    const { code: given } = await approved(start.url)
    openrouter.answerNext(answer)
    assert.equal(await finish({ state: start.state, code: given }), code)
  }
  assert.equal(await keys(), before)
  // Control: the same steps in their order store a key; and again, they do not.
  const good = await begin()
  const { code } = await approved(good.url)
  assert.equal(await finish({ state: good.state, code }), 'stored')
  assert.equal(await finish({ state: good.state, code }), 'ERR_LOGIN_STATE')
  await driver.evaluate(async () => {
    const { id } = (await window.engine.keys()).find(({ label }) => label === 'Attack')
    await window.engine.delete(id)
  })
  await driver.close()
})

test('what else comes to callback.html is told nothing and tells nothing', ROOM, async () => {
  const tab = await context.newPage()
  for (const query of [
    '',
    'state=short&code=x',
    `state=${'A'.repeat(43)}`,
    `code=x`,
    `state=${'A'.repeat(43)}&code=%20`,
  ]) {
    await tab.goto(`${site.url}callback.html?${query}`)
    await tab.waitForSelector('[data-part=nothing]:visible')
    assert.equal(new URL(tab.url()).search, '')
  }
  // A window that opened it cannot hold on to it.
  await tab.close()
})

test('no policy was broken and nothing was complained of', () => {
  assert.deepEqual(
    noted.wrongs.filter((text) => !/Failed to load resource/.test(text)),
    [],
  )
  assert.deepEqual(site.broken(), [])
})
