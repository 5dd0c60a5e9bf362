// page-security: can the vault be opened, locked and looked after by somebody who never saw a passkey or a recovery code? With
// a fake vault behind the page, and a device that makes passkeys by itself.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { openVault, screens } from '../page-fake/screens.mjs'
import { addPasskey, prove, withPasskeys } from '../page-fake/screens-security.mjs'
import { onPage, site } from './support/fake-page.mjs'
import { at } from './support/page.mjs'

const CODE = 'K7QM-3XHD-9WTP-2RBV-6FNC-8YJE-4GSA-5ZKL'
const slot = (kind, name) => `[data-test=slot][data-kind=${kind}] ${at(name)}`
const kinds = (page) => page.locator(at('slot')).evaluateAll((rows) => rows.map((row) => row.dataset.kind))
const toast = (page, text) => page.waitForSelector(`${at('toast')}:has-text("${text}")`)
const activeId = (page) => page.evaluate(() => document.activeElement.id)

describe('ways in', () => {
  test('a recovery code: shown, its end typed with slips, proved; it then opens the vault, which suggests a passphrase', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens['recovery-show'](page, site.url)
      assert.equal((await page.locator(at('recovery-group')).allTextContents()).join('-'), CODE)
      await page.click(at('recovery-kept'))
      assert.equal(await page.getByText('K7QM').count(), 0)
      await page.fill('#recovery-end', ' 4gsa — 5zkl ')
      await page.keyboard.press('Enter')
      await prove(page)
      await toast(page, 'works from now on')
      assert.deepEqual(await kinds(page), ['passphrase', 'recovery'])
      assert.equal(await page.locator('dialog[open]').count(), 0)

      await page.click(at('lock'))
      await page.click(at('use-recovery'))
      await page.fill('#recovery-code', CODE.toLowerCase().replaceAll('-', ' '))
      await page.click(at('unlock'))
      await page.click(at('suggest-passphrase-set'))
      await page.fill('#change-passphrase', 'violet tractor hums quietly')
      await page.fill('#change-repeat', 'violet tractor hums quietly')
      await page.click(`${at('change-continue')}:enabled`)
      await page.click(at('proof-use-recovery'))
      await page.fill('#proof-code', CODE)
      await page.click(at('proof-action'))
      await toast(page, 'new passphrase')
      assert.equal(await page.evaluate(() => sessionStorage.getItem('fake-passphrase')), 'violet tractor hums quietly')
      assert.equal(await page.locator(at('suggest-passphrase')).count(), 0)
      assert.deepEqual(wrongs, [])
    })
  })

  test('an end that is not the code’s is said before anything is asked; a code closed is gone from the page', async () => {
    await onPage({}, async (page) => {
      await screens['recovery-confirm'](page, site.url)
      assert.equal(await page.locator('#proof-dialog[open]').count(), 0)
      assert.equal(await activeId(page), 'recovery-end')
      await page.keyboard.press('Escape')
      assert.ok(!(await page.content()).includes('K7QM'))
    })
  })

  test('saved as text: the code, the site and what to do with it', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens['recovery-show'](page, site.url)
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(at('save-code'))])
      assert.equal(download.suggestedFilename(), 'keyhold-recovery-localhost.txt')
      const sheet = readFileSync(await download.path(), 'utf8')
      for (const part of [CODE, new URL(site.url).origin, 'new passphrase']) assert.ok(sheet.includes(part), part)
      assert.deepEqual(wrongs, [])
    })
  })

  test('printed: the card alone, and nothing of it stays in the page', async () => {
    await onPage({}, async (page) => {
      await screens['recovery-show'](page, site.url)
      await page.evaluate(() => {
        window.print = () => {
          window.printed = document.getElementById('print-card').textContent
        }
      })
      await page.click(at('print-code'))
      assert.match(await page.evaluate(() => window.printed), /K7QM 3XHD/)
      await page.emulateMedia({ media: 'print' })
      const shown = await page.evaluate(() =>
        [...document.body.children].filter((one) => one.checkVisibility()).map(({ id }) => id),
      )
      assert.deepEqual(shown, ['print-card'])
      await page.evaluate(() => dispatchEvent(new Event('afterprint')))
      assert.equal(await page.textContent('#print-code'), '')
      assert.ok(!(await page.locator('#print-card').isVisible()))
    })
  })

  test('a passkey: made, proved, opens the vault in one click, proves a change, and is removed', async () => {
    await onPage({}, async (page, wrongs) => {
      await withPasskeys(page)
      await screens['security-one'](page, site.url)
      await addPasskey(page, 'Laptop')
      await prove(page)
      await toast(page, 'passkey opens your vault')
      assert.deepEqual(await kinds(page), ['passphrase', 'passkey'])
      assert.equal(await page.textContent(slot('passkey', 'slot-title')), 'Laptop')

      await page.click(at('lock'))
      await page.click(at('use-passkey'))
      await page.waitForSelector(at('keys'))
      await page.click(at('nav-security'))
      await page.click(slot('passkey', 'slot-remove'))
      await page.click(at('proof-use-passkey'))
      await toast(page, 'removed')
      assert.deepEqual(await kinds(page), ['passphrase'])
      assert.deepEqual(wrongs, [])
    })
  })

  test('a second passkey on the same device is refused in plain words', async () => {
    await onPage({}, async (page) => {
      await withPasskeys(page)
      await screens['security-one'](page, site.url)
      await addPasskey(page, 'Laptop')
      await prove(page)
      await toast(page, 'passkey opens your vault')
      await addPasskey(page, 'Laptop again')
      await page.waitForSelector(`${at('passkey-problem')}:has-text("already has a passkey")`)
    })
  })

  test('a passkey called off is no error', async () => {
    await onPage({}, async (page) => {
      const { client, authenticatorId } = await withPasskeys(page)
      await screens['security-one'](page, site.url)
      await client.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
      await addPasskey(page, 'Laptop')
      await page.waitForSelector(`${at('passkey-make')}:enabled`)
      assert.equal(await page.locator(at('passkey-problem')).count(), 0)
      assert.equal(await page.locator('#proof-dialog[open]').count(), 0)
    })
  })

  test('a wrong proof changes nothing, and the same change works with the right one', async () => {
    await onPage({}, async (page) => {
      await withPasskeys(page)
      await screens['security-one'](page, site.url)
      await addPasskey(page, 'Laptop')
      await page.fill('#proof-passphrase', 'nope')
      await page.click(at('proof-action'))
      await page.waitForSelector(at('proof-problem'))
      assert.equal(await activeId(page), 'proof-passphrase')
      assert.equal(await page.inputValue('#proof-passphrase'), '')
      await prove(page)
      await toast(page, 'passkey opens your vault')
    })
  })

  test('the last way in that is no passkey stays, and says why', async () => {
    await onPage({}, async (page) => {
      await page.goto(`${site.url}?state=locked&slots=norecovery`)
      await page.fill('#passphrase', 'open sesame')
      await page.click(at('unlock'))
      await page.click(at('nav-security'))
      assert.ok(await page.locator(slot('passphrase', 'slot-remove')).isDisabled())
      assert.match(await page.textContent(slot('passphrase', 'slot-stays')), /only passkeys would be left/)
      assert.ok(await page.locator(slot('passkey', 'slot-remove')).isEnabled())
    })
  })

  test('a way in is renamed', async () => {
    await onPage({}, async (page) => {
      await screens['slot-name'](page, site.url)
      await page.keyboard.press('Enter')
      await page.waitForSelector(`[data-slot=slot-phone] ${at('slot-title')}:text-is("Phone")`)
      assert.equal(await page.locator('dialog[open]').count(), 0)
    })
  })

  test('the inner key: the old code and an absent passkey go, named before; the passphrase stays', async () => {
    await onPage({}, async (page, wrongs) => {
      await screens['rotate-prove'](page, site.url)
      assert.match(
        await page.textContent('#proof-text'),
        /old recovery code, MacBook fingerprint \(added .+\), Passkey/,
      )
      assert.equal(await page.locator(`${at('proof-use-recovery')}:visible`).count(), 0)
      await prove(page)
      await toast(page, 'sealed anew')
      assert.deepEqual(await kinds(page), ['passphrase', 'recovery'])
      assert.deepEqual(wrongs, [])
    })
  })
})

describe('locking', () => {
  test('Escape twice, quickly, locks; slowly, or held down, it does not', async () => {
    await onPage({}, async (page) => {
      await openVault(page, site.url)
      await page.keyboard.press('Escape')
      await page.waitForTimeout(700)
      await page.waitForTimeout(700)
      await page.keyboard.down('Escape')
      await page.keyboard.down('Escape')
      await page.keyboard.up('Escape')
      await page.waitForTimeout(50)
      assert.ok(await page.locator(at('keys')).isVisible())
      await page.waitForTimeout(700)
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.waitForSelector(at('unlock-screen'))
    })
  })

  test('an Escape that closes a dialog or a menu is for that; pressing on locks', async () => {
    await onPage({}, async (page) => {
      await screens['proof-wrong'](page, site.url)
      await page.keyboard.press('Escape')
      assert.equal(await page.locator('dialog[open]').count(), 0)
      await page.keyboard.press('Escape')
      await page.waitForTimeout(50)
      assert.ok(await page.locator(at('security-view')).isVisible())
      await page.keyboard.press('Escape')
      await page.waitForSelector(at('unlock-screen'))
    })
  })

  test('use is told to the vault, at most every 20 seconds; script-made events are no use', async () => {
    await onPage({}, async (page) => {
      await page.clock.install()
      await openVault(page, site.url)
      const touched = () => page.evaluate(() => Number(sessionStorage.getItem('fake-touched') ?? 0))
      await page.mouse.move(5, 5)
      await page.waitForFunction(() => sessionStorage.getItem('fake-touched') !== null)
      const before = await touched()
      await page.mouse.move(50, 50)
      await page.clock.runFor(21_000)
      await page.evaluate(() => dispatchEvent(new PointerEvent('pointerdown')))
      assert.equal(await touched(), before)
      await page.mouse.move(90, 90)
      assert.equal(await touched(), before + 1)
    })
  })

  test('a page that comes back to a vault that is locked shows nothing of it', async () => {
    await onPage({}, async (page) => {
      await openVault(page, site.url)
      await page.evaluate(() => {
        sessionStorage.setItem('fake-state', 'locked')
        window.fakeVault.state = 'locked'
        dispatchEvent(new Event('focus'))
      })
      await page.waitForSelector(at('unlock-screen'))
    })
  })

  test('how long without use is chosen, and stays chosen', async () => {
    await onPage({}, async (page) => {
      await screens['security-one'](page, site.url)
      assert.equal(await page.inputValue('#lock-after'), '15')
      await page.selectOption('#lock-after', '240')
      await toast(page, 'after 4 hours')
      await page.click(at('nav-keys'))
      await page.click(at('nav-security'))
      assert.equal(await page.inputValue('#lock-after'), '240')
    })
  })
})

describe('unlock', () => {
  test('after five failures it waits, says why, and counts down; then the right passphrase opens', async () => {
    await onPage({}, async (page) => {
      await page.clock.install()
      await screens.unlock(page, site.url)
      for (let tried = 0; tried < 5; tried++) {
        await page.fill('#passphrase', `wrong ${tried}`)
        await page.keyboard.press('Enter')
        await page.clock.runFor(500)
        await page.waitForSelector(at('unlock-problem'))
      }
      await page.waitForSelector(at('unlock-waiting'))
      assert.match(await page.textContent(at('unlock-waiting')), /5 wrong attempts/)
      assert.ok(await page.locator(at('unlock')).isDisabled())
      const before = await page.textContent(at('unlock'))
      await page.clock.runFor(3_000)
      assert.notEqual(await page.textContent(at('unlock')), before)
      await page.clock.runFor(60_000)
      await page.waitForSelector(`${at('unlock')}:enabled`)
      await page.fill('#passphrase', 'open sesame')
      await page.keyboard.press('Enter')
      await page.clock.runFor(500)
      await page.waitForSelector(at('keys'))
    })
  })

  test('a refused recovery code stays to be corrected; a refused passphrase does not', async () => {
    await onPage({}, async (page) => {
      await screens['unlock-recovery-wrong'](page, site.url)
      assert.match(await page.inputValue('#recovery-code'), /5zkk$/)
      assert.match(await page.textContent(at('unlock-problem')), /That recovery code does not open/)
    })
  })

  test('without a passkey at hand, other ways stay, without an error', async () => {
    await onPage({}, async (page) => {
      await withPasskeys(page)
      await screens['unlock-ways'](page, site.url)
      await page.click(at('use-passkey'))
      await page.waitForSelector(`${at('passkey-hint')}:has-text("No passkey was used")`)
      assert.equal(await page.locator(at('unlock-problem')).count(), 0)
    })
  })
})

describe('a new vault', () => {
  test('a recovery code is offered; going on without one leaves a quiet reminder until there is one', async () => {
    await onPage({}, async (page) => {
      await screens['keys-new'](page, site.url)
      await page.click(at('offer-skip'))
      assert.equal(await page.locator(at('offer-recovery')).count(), 0)
      await page.click(at('remind-go'))
      await page.click(at('add-recovery'))
      await page.click(`${at('recovery-kept')}:enabled`)
      await page.fill('#recovery-end', '4GSA5ZKL')
      await page.click(at('recovery-confirm'))
      await page.fill('#proof-passphrase', 'violet tractor hums quietly')
      await page.click(at('proof-action'))
      await toast(page, 'works from now on')
      await page.click(at('nav-keys'))
      assert.equal(await page.locator(at('remind')).count(), 0)
    })
  })
})
