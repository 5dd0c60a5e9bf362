// login: a key by logging in at the provider, in Chromium under the real policies: OpenRouter's own exchange, at its real
// address mapped to this machine, and an OAuth server nobody here wrote; then what must not work.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { OAuth2Server } from 'oauth2-mock-server'
import { dumpOf, formsIn, newMarker, searchDump } from './support/canary.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { openRouterLogin } from './support/login-provider.mjs'
import { at, createOwn, keyId, unlock } from './support/page.mjs'
import { startProviders } from './support/providers.mjs'
import { startTestSite } from './support/site.mjs'
import { CLOCK } from './support/worker-faults.mjs'
import { listen, stop } from '../../scripts/local-server.mjs'

const PASSPHRASE = 'violet lantern hums quietly tonight'
const inKeys = newMarker()
const ROOM = { timeout: 300_000 }

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
  const house = {
    id: 'house',
    name: 'House',
    base: `${base}/v1/`,
    login: { style: 'oauth', authorize: `${base}/authorize`, exchange: `${base}/token`, scope: 'infer' },
  }
  const logins = { house: { clientId: 'keyhold-test' }, huggingface: { clientId: 'of this site' } }
  site = await startTestSite({ providers: [house], logins }, CLOCK)
  browser = await openChromium({
    args: [
      `--host-resolver-rules=MAP * 127.0.0.1:${providers.port}, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      '--ignore-certificate-errors',
    ],
  })
  context = await browser.newContext()
  noted = await watch(context)
  page = await context.newPage()
  page.setDefaultTimeout(60_000)
  context.setDefaultTimeout(60_000)
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
/** The engine's client, beside the page, for what no button asks. */
async function openDriver() {
  const driver = await context.newPage()
  await driver.goto(`${site.url}driver.html`)
  await driver.waitForFunction(() => window.keyhold)
  await driver.evaluate(async () => {
    window.engine = await window.keyhold.KeyholdEngine.connect()
  })
  const finish = (given) =>
    driver.evaluate(
      (one) =>
        window.engine.finishLogin(one).then(
          () => 'stored',
          ({ code }) => code,
        ),
      { label: 'Attack', ...given },
    )
  return {
    begin: () => driver.evaluate(() => window.engine.beginLogin('openrouter')),
    finish,
    /** @param {string} label of the key to be deleted */
    remove: (label) =>
      driver.evaluate(async (wanted) => {
        const { id } = (await window.engine.keys()).find((one) => one.label === wanted)
        await window.engine.delete(id)
      }, label),
    page: driver,
    close: () => driver.close(),
  }
}
/** The login's page stays where it is, as if somebody were thinking there. */
async function thinking(use) {
  await context.route('https://openrouter.ai/auth*', (route) => route.fulfill({ body: 'log in' }))
  await use()
  await context.unroute('https://openrouter.ai/auth*')
}
async function lockAndOpen() {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Control+Shift+L')])
  await unlock(page, PASSPHRASE)
  await page.waitForSelector(at('keys'))
}
const refusedFrame = (report) => report.startsWith('frame-ancestors ')
const waits = () => page.waitForSelector(`${at('login-waits')}:visible`)

/** Follows the link. @returns the tab it opened */
async function follow() {
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click(at('login'))])
  return tab
}
const toast = (text) => page.waitForSelector(`.toast:has-text("${text}")`)
const problem = () => page.locator(at('login-problem')).textContent()
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
  assert.equal(await page.locator(`[data-key="${key}"] ${at('key-hint')}`).textContent(), '•••• 6789')
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
  const driver = await openDriver()
  const { begin, finish } = driver
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
  await driver.remove('Attack')
  await driver.close()
})

test('ten minutes after its beginning a login has ended', ROOM, async () => {
  const driver = await openDriver()
  /** By the clock of the vault's worker, from its start. */
  const clock = (ms) =>
    driver.page.evaluate(
      (wall) =>
        new Promise((moved) => {
          const channel = new BroadcastChannel('test-clock')
          channel.addEventListener('message', moved)
          channel.postMessage({ wall })
        }).then(() => {}),
      ms,
    )
  const inTime = await driver.begin()
  const { code } = await approved(inTime.url)
  await clock(595_000)
  assert.equal(await driver.finish({ state: inTime.state, code }), 'stored', 'control: just before')
  await driver.remove('Attack')
  const late = await driver.begin()
  const { code: lateCode } = await approved(late.url)
  const exchanges = openrouter.exchanges.length
  await clock(595_000 + 600_001)
  assert.equal(await driver.finish({ state: late.state, code: lateCode }), 'ERR_LOGIN_STATE')
  assert.equal(openrouter.exchanges.length, exchanges, 'the code did not even leave')
  await driver.close()
})

test('given up: what comes back later is not taken, and nothing is asked of the provider', ROOM, async () => {
  const before = [await keys(), openrouter.exchanges.length]
  for (const giveUp of ['login-stop', 'cancel', 'dialog-close']) {
    await offer('openrouter')
    const { state, code } = await approved(await begun())
    await thinking(async () => (await follow()).close())
    await waits()
    await page.click(`${at('key-dialog')} ${at(giveUp)}`)
    const tab = await context.newPage()
    await tab.goto(callback({ state, code }))
    await tab.waitForSelector(`${at('login-code')}:visible`)
    await tab.close()
    if (giveUp === 'login-stop') await close()
  }
  assert.deepEqual([await keys(), openrouter.exchanges.length], before)
})

test('a page of another origin reaches neither the callback nor the page that waits', ROOM, async () => {
  const before = [await keys(), openrouter.exchanges.length]
  const foreign = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'))
  await listen(foreign, 0)
  const attacker = await context.newPage()
  await attacker.goto(`http://127.0.0.1:${foreign.address().port}/`)
  await offer('openrouter')
  // The worst case: it has seen the state, and has a good code.
  const news = await approved(await begun())
  await thinking(async () => (await follow()).close())
  await waits()
  const opening = context.waitForEvent('page')
  const reached = await attacker.evaluate(
    async ([said, url]) => {
      new BroadcastChannel('keyhold-login').postMessage(said)
      const tab = window.open(`${url}callback.html`)
      const frame = document.body.appendChild(document.createElement('iframe'))
      frame.src = `${url}callback.html`
      const heard = []
      addEventListener('message', ({ data }) => heard.push(data))
      await new Promise((later) => setTimeout(later, 1_500))
      for (const target of [tab, frame.contentWindow]) target?.postMessage(said, '*')
      let origin = 'none'
      try {
        origin = frame.contentWindow.location.href
      } catch {
        // Another origin's: nothing to be read.
      }
      await new Promise((later) => setTimeout(later, 1_000))
      return { closed: tab?.closed ?? true, heard, origin }
    },
    [news, site.url],
  )
  assert.equal(reached.closed, true, 'whoever opens the callback cannot hold on to it')
  assert.deepEqual(reached.heard, [])
  assert.equal(reached.origin, 'none')
  await (await opening).close()
  await waits()
  assert.deepEqual([await keys(), openrouter.exchanges.length], before)
  // Another login's code, brought by its own link: not the one that is waited for.
  const tab = await context.newPage()
  await tab.goto(callback({ state: 'B'.repeat(43), code: news.code }))
  await tab.waitForSelector(`${at('login-code')}:visible`)
  await tab.close()
  await waits()
  assert.deepEqual([await keys(), openrouter.exchanges.length], before)
  // Control: the same words on the same channel, from the vault's own origin.
  const driver = await openDriver()
  await driver.page.evaluate((said) => new BroadcastChannel('keyhold-login').postMessage(said), news)
  await toast('is sealed')
  assert.deepEqual([await keys(), openrouter.exchanges.length], [before[0] + 1, before[1] + 1])
  await driver.close()
  await attacker.close()
  await stop(foreign)
  // Such a frame is refused, and said to be: that is what was to be seen.
  assert.ok(site.broken().some(refusedFrame))
  noted.wrongs.splice(0, noted.wrongs.length, ...noted.wrongs.filter((text) => !/frame/i.test(text)))
})

test('an answer that breaks off: the person is told where a key may lie', ROOM, async () => {
  const before = await keys()
  await offer('openrouter')
  openrouter.breakOffNext()
  const tab = await follow()
  await page.waitForSelector(at('login-problem'))
  assert.match(await problem(), /connection broke.*OpenRouter may have made a key all the same/s)
  await tab.close().catch(() => {})
  await close()
  await page.waitForSelector(at('lost-login'))
  await page.click(at('lost-login-done'))
  await page.waitForSelector(at('lost-login'), { state: 'detached' })
  assert.equal(await keys(), before)
})

test('locked while a login is under way', ROOM, async () => {
  const before = await keys()
  // While somebody is at the provider: that login has ended.
  await offer('openrouter')
  const { state, code } = await approved(await begun())
  await thinking(async () => (await follow()).close())
  await waits()
  const exchanges = openrouter.exchanges.length
  await lockAndOpen()
  const driver = await openDriver()
  assert.equal(await driver.finish({ state, code }), 'ERR_LOGIN_STATE')
  assert.equal(openrouter.exchanges.length, exchanges)
  await driver.close()
  assert.equal(await page.locator(at('lost-login')).count(), 0, 'control: no key was made, and none is spoken of')
  // While the key is being fetched: nobody can know whether it was made, so it is said.
  await offer('openrouter')
  const held = openrouter.holdNext()
  const tab = await follow()
  await held
  await page.waitForSelector(`${at('checking')}:visible`)
  await lockAndOpen()
  await page.waitForSelector(at('lost-login'))
  assert.match(await page.locator(at('lost-login')).textContent(), /OpenRouter may have made a key/)
  assert.equal(await page.evaluate(() => sessionStorage.getItem('keyhold-login')), 'openrouter', 'and no more is kept')
  await page.click(at('lost-login-done'))
  await tab.close().catch(() => {})
  assert.equal(await keys(), before)
})

test('Hugging Face: only with a client id of the site, and for making calls alone', ROOM, async () => {
  await offer('huggingface')
  const url = new URL(await begun())
  await close()
  assert.equal(url.origin + url.pathname, 'https://huggingface.co/oauth/authorize')
  const {
    scope,
    client_id: client,
    redirect_uri: back,
    code_challenge_method: method,
  } = Object.fromEntries(url.searchParams)
  assert.deepEqual([scope, client, back, method], ['inference-api', 'of this site', `${site.url}callback.html`, 'S256'])
  const other = await startTestSite()
  const stranger = await context.newPage()
  await stranger.goto(`${other.url}driver.html`)
  await stranger.waitForFunction(() => window.keyhold)
  const offering = await stranger.evaluate(async () => {
    const engine = await window.keyhold.KeyholdEngine.connect()
    return (await engine.providers()).filter(({ login }) => login).map(({ id }) => id)
  })
  assert.deepEqual(offering, ['openrouter'])
  await stranger.close()
  await other.stop()
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
  // But for the frame that a page of another origin tried.
  const broken = site.broken().filter((one) => !refusedFrame(one))
  assert.deepEqual(broken, [])
})
