// ways-in: does every way into the real vault hold on the bad day? A device that makes passkeys by itself, with the secret
// that opens a vault and without it; two of them; one whose passkey is gone; and the recovery code when all else is.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DEMO_KEY, demoConfig, startDemo } from '../../scripts/demo.mjs'
import { addPasskey, withPasskeys } from '../page-fake/screens-security.mjs'
import { openChromium, watch } from './support/chromium.mjs'
import { at, beginKey, createOwn, keyId, unlock } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'
const NEW_PASSPHRASE = 'amber ladder sings softly by dawn'

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

/** A vault with one key, in a profile of its own. */
async function onVault({ recovery = false, prf = true }, use) {
  const context = await browser.newContext()
  try {
    const noted = await watch(context)
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const device = await withPasskeys(page, { prf })
    await page.goto(site.url)
    await page.waitForSelector(at('welcome'))
    const code = await createOwn(page, PASSPHRASE, { recovery })
    await beginKey(page, 'demo', { key: DEMO_KEY, label: 'Only' })
    await page.click(at('save'))
    await keyId(page, 'Only')
    await use(page, { ...device, code })
    assert.deepEqual(noted.wrongs, [])
  } finally {
    await context.close()
  }
}

async function provenPasskey(page, name) {
  await page.click(at('nav-security'))
  await addPasskey(page, name)
  await prove(page)
  await page.waitForSelector(`${at('slot')}[data-kind=passkey]:has-text("${name}")`)
}

async function prove(page, passphrase = PASSPHRASE) {
  await page.fill('#proof-passphrase', passphrase)
  await page.click(at('proof-action'))
}

async function lock(page) {
  await page.click(at('lock'))
  await page.waitForSelector('#passphrase')
}

const kinds = (page) => page.locator(at('slot')).evaluateAll((rows) => rows.map((row) => row.dataset.kind).sort())
const credentials = async ({ client, authenticatorId }) =>
  (await client.send('WebAuthn.getCredentials', { authenticatorId })).credentials

describe('passkeys', () => {
  test('one is added with a proof, and opens the vault alone, again and again', async () => {
    await onVault({}, async (page, device) => {
      await provenPasskey(page, 'Laptop')
      for (let times = 0; times < 2; times += 1) {
        await lock(page)
        await page.click(at('use-passkey'))
        await keyId(page, 'Only')
      }
      assert.equal((await credentials(device)).length, 1)
    })
  })

  test('a wrong proof adds nothing; the passkey that was made can still be added with the right one', async () => {
    await onVault({}, async (page) => {
      await page.click(at('nav-security'))
      await addPasskey(page, 'Laptop')
      await prove(page, 'not the passphrase at all')
      await page.waitForSelector(at('proof-problem'))
      assert.deepEqual(await kinds(page), ['passphrase'])
      await prove(page)
      await page.waitForSelector(`${at('slot')}[data-kind=passkey]`)
    })
  })

  test('a device whose passkeys give no secret is refused in words, and nothing is stored', async () => {
    await onVault({ prf: false }, async (page) => {
      await page.click(at('nav-security'))
      await addPasskey(page, 'Old key')
      await page.waitForSelector(`${at('passkey-problem')}:visible`)
      assert.doesNotMatch(await page.textContent(at('passkey-problem')), /ERR_|prf/i)
      await page.keyboard.press('Escape')
      assert.deepEqual(await kinds(page), ['passphrase'])
      await lock(page)
      assert.equal(await page.locator(`${at('use-passkey')}:visible`).count(), 0)
      await unlock(page, PASSPHRASE)
      await keyId(page, 'Only')
    })
  })

  test('two devices: each opens the vault; with one gone, and its way in removed, the other still does', async () => {
    await onVault({}, async (page, first) => {
      await provenPasskey(page, 'Laptop')
      await first.client.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: first.authenticatorId })
      const second = await withPasskeys(page)
      await page.click(at('nav-keys'))
      await provenPasskey(page, 'Phone')
      assert.deepEqual(await kinds(page), ['passkey', 'passkey', 'passphrase'])
      await lock(page)
      await page.click(at('use-passkey'))
      await keyId(page, 'Only')
      await page.click(at('nav-security'))
      await page.click(`${at('slot')}:has-text("Laptop") ${at('slot-remove')}`)
      await prove(page)
      await page.waitForSelector(`${at('slot')}:has-text("Laptop")`, { state: 'detached' })
      await lock(page)
      await page.click(at('use-passkey'))
      await keyId(page, 'Only')
      assert.equal((await credentials({ ...second })).length, 1)
    })
  })

  test('a passkey deleted from its device: said in words, and the passphrase opens', async () => {
    await onVault({}, async (page, device) => {
      await provenPasskey(page, 'Laptop')
      const [{ credentialId }] = await credentials(device)
      const { client, authenticatorId } = device
      await client.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
      await lock(page)
      await page.click(at('use-passkey'))
      await page.waitForSelector(`${at('passkey-hint')}:visible`)
      assert.match(await page.textContent(at('passkey-hint')), /another way/)
      await unlock(page, PASSPHRASE)
      await keyId(page, 'Only')
    })
  })
})

describe('the recovery code', () => {
  test('opens the vault when the passphrase is forgotten and the passkey gone, and a new passphrase is set with it', async () => {
    await onVault({ recovery: true }, async (page, device) => {
      await provenPasskey(page, 'Laptop')
      await device.client.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: device.authenticatorId })
      await lock(page)
      await page.click(at('use-recovery'))
      await page.fill('#recovery-code', device.code.toLowerCase().replaceAll('-', ' '))
      await page.click(at('unlock'))
      await keyId(page, 'Only')
      await page.click(at('suggest-passphrase-set'))
      await page.fill('#change-passphrase', NEW_PASSPHRASE)
      await page.fill('#change-repeat', NEW_PASSPHRASE)
      await page.click(`${at('change-continue')}:enabled`)
      await page.click(at('proof-use-recovery'))
      await page.fill('#proof-code', device.code)
      await page.click(at('proof-action'))
      await page.waitForSelector(`${at('toast')}:has-text("new passphrase")`)
      await lock(page)
      await unlock(page, PASSPHRASE)
      await page.waitForSelector(`${at('unlock-problem')}:visible`)
      await unlock(page, NEW_PASSPHRASE)
      await keyId(page, 'Only')
    })
  })

  test('with a slip of the finger it is refused for that, and costs no attempt', async () => {
    await onVault({ recovery: true }, async (page, { code }) => {
      await lock(page)
      await page.click(at('use-recovery'))
      const slip = code.startsWith('7') ? `8${code.slice(1)}` : `7${code.slice(1)}`
      for (let times = 0; times < 6; times += 1) {
        await page.fill('#recovery-code', slip)
        await page.click(at('unlock'))
        await page.waitForSelector(`${at('unlock-problem')}:visible`)
      }
      await page.fill('#recovery-code', code)
      await page.click(at('unlock'))
      await keyId(page, 'Only')
    })
  })
})
