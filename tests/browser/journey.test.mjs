// journey: what a person does with Keyhold, from a first passphrase to a deleted key, in the built page, under the real
// policy, with a provider that answers from this machine.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DEMO_KEY, demoConfig, startDemo } from '../../scripts/demo.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { at, beginKey, createOffered, createOwn, fromMenu, inKey, keyId, unlock } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const NEW_PASSPHRASE = 'amber ladder sings softly by dawn'
const WRONG_KEY = 'wrong-key-of-a-stranger'

let demo
let site
let browser

before(async () => {
  demo = await startDemo()
  site = await startTestSite(demoConfig(demo))
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await demo?.stop()
})

describe('one person, one vault', () => {
  let context
  let page
  let noted
  let main

  before(async () => {
    context = await browser.newContext()
    noted = await watch(context)
    page = await context.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto(site.url)
  })
  after(() => context.close())

  test("a vault is made with a passphrase of one's own", async () => {
    await page.waitForSelector(at('welcome'))
    await createOwn(page, PASSPHRASE)
    await page.waitForSelector(at('empty'))
    assert.equal(await page.getByText(PASSPHRASE).count(), 0)
  })

  test('a wrong key is refused in plain words, and can be stored unchecked', async () => {
    await beginKey(page, 'demo', { key: WRONG_KEY, label: 'Doubtful' })
    await page.click(at('save'))
    await page.waitForSelector(at('key-dialog-problem'))
    const words = await page.textContent(at('key-dialog-problem'))
    assert.match(words, /The provider says this key is not valid\./)
    assert.doesNotMatch(words, /ERR_|401|invalid_api_key/)
    assert.equal(await page.locator(at('key')).count(), 0)
    await page.click(at('store-unchecked'))
    const doubtful = await keyId(page, 'Doubtful')
    assert.match(await page.textContent(inKey(doubtful, 'check-outcome')), /Not checked yet/)
    assert.match(await page.textContent(inKey(doubtful, 'key-hint')), /nger/)
  })

  test('the right key is checked and stored', async () => {
    await beginKey(page, 'demo', { key: DEMO_KEY, label: 'Main' })
    await page.click(at('save'))
    main = await keyId(page, 'Main')
    assert.match(await page.textContent(inKey(main, 'check-outcome')), /Works/)
    assert.ok(
      demo.seen.some(({ path, authorization }) => path === '/v1/models' && authorization === `Bearer ${DEMO_KEY}`),
    )
  })

  test('an answer grows while it streams, and says what it cost and who paid', async () => {
    const lengths = await ask(page, main, 'hello')
    assert.ok(lengths.length >= 4, `seen at ${lengths.length} lengths`)
    assert.match(await page.textContent(at('answer-text')), /^Hello! I am the demo provider.*talk to it\.$/)
    assert.match(await page.textContent(at('tokens-in')), /^[1-9]\d*$/)
    assert.match(await page.textContent(at('tokens-out')), /^[1-9]\d*$/)
    assert.match(await page.textContent(at('paid-by')), /your key “Main” at Demo provider/)
    console.log(`the answer was seen at ${lengths.length} lengths: ${lengths.slice(0, 12).join(', ')}...`)
    await page.click(at('nav-keys'))
    await page.waitForSelector(`${inKey(main, 'last-used')}:has-text("Last used")`)
  })

  test('a reload closes the page, not the vault: another tab keeps it open', async () => {
    const other = await context.newPage()
    await other.goto(site.url)
    await other.waitForSelector(at('keys'))
    await page.reload()
    await page.waitForSelector(at('keys'))
    await other.close()
  })

  test('a reload of the last tab locks; a wrong passphrase is refused; the right one opens', async () => {
    await page.goto('about:blank')
    await page.goto(site.url)
    await page.waitForSelector(at('passphrase'))
    await unlock(page, 'violet tractor hums quietly at nine')
    await page.waitForSelector(at('unlock-problem'))
    assert.match(await page.textContent(at('unlock-problem')), /That passphrase does not open this vault\./)
    assert.equal(await page.locator(at('keys')).count(), 0)
    await unlock(page, PASSPHRASE)
    await page.waitForSelector(at('keys'))
    assert.equal(await page.locator(at('key')).count(), 2)
  })

  test('a new key that fails leaves the old one in use; one that works takes its place', async () => {
    await fromMenu(page, main, 'update')
    await page.waitForSelector(at('replacing'))
    await page.fill(at('key-field'), 'a-new-key-that-fails')
    await page.click(at('save'))
    await page.waitForSelector(at('key-dialog-problem'))
    await page.click(at('cancel'))
    await page.click(inKey(main, 'check'))
    await page.waitForSelector(`${at('toast')}:has-text("Main works.")`)
    assert.equal(last(demo.seen, 'GET').authorization, `Bearer ${DEMO_KEY}`)

    const doubtful = await keyId(page, 'Doubtful')
    await fromMenu(page, doubtful, 'update')
    await page.fill(at('key-field'), DEMO_KEY)
    await page.click(at('save'))
    await page.waitForSelector(`${inKey(doubtful, 'check-outcome')}:has-text("Works")`)
    assert.match(await page.textContent(inKey(doubtful, 'key-hint')), /hold/)
    await ask(page, doubtful, 'a haiku please')
    assert.equal(last(demo.seen, 'POST').authorization, `Bearer ${DEMO_KEY}`)
    await page.click(at('nav-keys'))
  })

  test('rename and set default', async () => {
    const doubtful = await keyId(page, 'Doubtful')
    await fromMenu(page, doubtful, 'rename')
    await page.fill('#new-label', 'Trusted')
    await page.click(at('rename-save'))
    assert.equal(await keyId(page, 'Trusted'), doubtful)
    assert.ok(await page.isVisible(inKey(doubtful, 'default-badge')), 'the first key is the default')
    await fromMenu(page, main, 'make-default')
    await page.waitForSelector(`${inKey(main, 'default-badge')}:visible`)
    assert.equal(await page.locator(`${at('default-badge')}:visible`).count(), 1)
  })

  test('delete asks first', async () => {
    await fromMenu(page, main, 'delete')
    assert.match(await page.textContent(at('confirm-subject')), /Demo provider · Main/)
    await page.click(at('confirm-cancel'))
    assert.equal(await page.locator(at('key')).count(), 2)
    await fromMenu(page, main, 'delete')
    await page.click(at('confirm-action'))
    await page.waitForSelector(`[data-key="${main}"]`, { state: 'detached' })
    assert.equal(await page.locator(at('key')).count(), 1)
  })

  test('locking in one tab locks the other, and what was done is there after unlocking', async () => {
    const other = await context.newPage()
    await other.goto(site.url)
    await other.waitForSelector(at('keys'))
    await page.click(at('lock'))
    await Promise.all([page, other].map((one) => one.waitForSelector(at('passphrase'))))
    await unlock(other, PASSPHRASE)
    // Unlocked in one tab is unlocked in all.
    await Promise.all([page, other].map((one) => one.waitForSelector(at('keys'))))
    await keyId(page, 'Trusted')
    assert.equal(await page.locator(at('key')).count(), 1)
    await other.close()
  })

  test('nothing went wrong on the way that was not meant to', () => {
    assert.deepEqual(noted.wrongs, [])
    assert.deepEqual(site.broken(), [])
  })
})

describe('another person', () => {
  test('six generated words, the demo with one click, and the words open the vault again', async () => {
    const context = await browser.newContext()
    const noted = await watch(context)
    try {
      const page = await context.newPage()
      await page.goto(site.url)
      const { passphrase } = await createOffered(page)
      await page.click(at('demo'))
      await page.click(`${at('send')}:enabled`)
      await page.waitForSelector(at('tokens-in'), { timeout: 60_000 })
      await page.click(at('lock'))
      await unlock(page, passphrase)
      await page.waitForSelector(at('keys'))
      await keyId(page, 'Demo')
      assert.deepEqual(noted.wrongs, [])
    } finally {
      await context.close()
    }
  })
})

describe('a person who forgets the passphrase', () => {
  test('the recovery code opens the vault, a new passphrase is set with it, and only the new one opens it then', async () => {
    const context = await browser.newContext()
    const noted = await watch(context)
    try {
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(site.url)
      const code = await createOwn(page, PASSPHRASE, { recovery: true })
      assert.match(code, /^([0-9A-Z]{4}-){7}[0-9A-Z]{4}$/)
      const content = await page.content()
      // Four letters may be there by chance.
      const left = code.split('-').filter((group) => content.includes(group))
      assert.ok(left.length <= 1, `shown once, yet still there: ${left.length} groups`)
      await beginKey(page, 'demo', { key: DEMO_KEY, label: 'Kept' })
      await page.click(at('save'))
      await keyId(page, 'Kept')
      await page.click(at('lock'))
      await page.click(at('use-recovery'))
      await page.fill('#recovery-code', code.toLowerCase().replaceAll('-', ' '))
      await page.click(at('unlock'))
      const kept = await keyId(page, 'Kept')
      await page.click(inKey(kept, 'check'))
      await page.waitForSelector(`${at('toast')}:has-text("Kept works.")`)

      await page.click(at('suggest-passphrase-set'))
      await page.fill('#change-passphrase', NEW_PASSPHRASE)
      await page.fill('#change-repeat', NEW_PASSPHRASE)
      await page.click(`${at('change-continue')}:enabled`)
      await page.click(at('proof-use-recovery'))
      await page.fill('#proof-code', code)
      await page.click(at('proof-action'))
      await page.waitForSelector(at('proof-dialog'), { state: 'hidden' })
      await page.click(at('lock'))
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(at('unlock-problem'))
      await unlock(page, NEW_PASSPHRASE)
      await keyId(page, 'Kept')
      assert.deepEqual(noted.wrongs, [])
    } finally {
      await context.close()
    }
  })
})

/** Asks with this key in the playground. @returns the different lengths at which the answer was seen */
async function ask(page, id, question) {
  await page.click(inKey(id, 'try'))
  await page.waitForSelector(`${at('opener')}:enabled, ${at('answer')}`)
  const before = await page.locator(at('answer')).count()
  await page.evaluate(() => {
    window.lengths = new Set()
    const look = () =>
      window.lengths.add([...document.querySelectorAll('[data-test=answer-text]')].at(-1)?.textContent.length ?? 0)
    window.looking = new MutationObserver(look)
    window.looking.observe(document.querySelector('[data-test=conversation]'), {
      subtree: true,
      childList: true,
      characterData: true,
    })
  })
  await page.fill(at('message'), question)
  await page.keyboard.press('Enter')
  await page.locator(at('answer')).nth(before).locator(at('tokens-in')).waitFor({ timeout: 60_000 })
  return page.evaluate(() => {
    window.looking.disconnect()
    return [...window.lengths]
  })
}

function last(seen, method) {
  return seen.findLast((one) => one.method === method)
}
