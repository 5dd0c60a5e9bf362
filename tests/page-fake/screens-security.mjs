// screens-security: ways into the vault: what there is, making more of them, proving one, and a new root key.

const at = (name) => `[data-test=${name}]`

/** A device that makes passkeys without asking anybody. @returns what can be told to it later */
export async function withPasskeys(page, { prf = true } = {}) {
  const client = await page.context().newCDPSession(page)
  await client.send('WebAuthn.enable')
  const options = {
    protocol: 'ctap2',
    ctap2Version: 'ctap2_1',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
    hasPrf: prf,
  }
  const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', { options })
  return { client, authenticatorId }
}

export async function addPasskey(page, name) {
  await page.click(at('add-passkey'))
  await page.fill('#passkey-name', name)
  await page.click(at('passkey-make'))
}

export async function prove(page) {
  await page.fill('#proof-passphrase', 'open sesame')
  await page.click(at('proof-action'))
}

/** @param {(page: import('playwright-core').Page, url: string, wishes?: string) => Promise<void>} openVault */
export function securityScreens(openVault) {
  async function security(page, url, wishes = 'keys=many&slots=all') {
    await openVault(page, url, wishes)
    await page.click(at('nav-security'))
    await page.waitForSelector(at('ways'))
  }

  async function recoveryShown(page, url) {
    await security(page, url, 'keys=many')
    await page.click(at('add-recovery'))
    await page.waitForSelector(at('recovery-group'))
  }

  async function rotation(page, url, wishes = undefined) {
    await security(page, url, wishes)
    await page.click(at('rotate'))
    await page.waitForSelector(at('rotate-explain'))
  }

  const own = {
    'security-all': (page, url) => security(page, url),
    'security-one': (page, url) => security(page, url, 'keys=many'),
    async 'recovery-show'(page, url) {
      await recoveryShown(page, url)
    },
    async 'recovery-confirm'(page, url) {
      await recoveryShown(page, url)
      await page.click(at('recovery-kept'))
      await page.fill('#recovery-end', '4gsa 5zkk')
      await page.click(at('recovery-confirm'))
      await page.waitForSelector(at('recovery-problem'))
    },
    async 'proof-wrong'(page, url) {
      await security(page, url)
      await page.click(`[data-kind=passkey] ${at('slot-remove')}`)
      await page.fill('#proof-passphrase', 'nope')
      await page.click(at('proof-action'))
      await page.waitForSelector(at('proof-problem'))
    },
    async 'passphrase-change'(page, url) {
      await security(page, url)
      await page.click(`[data-kind=passphrase] ${at('slot-change')}`)
      await page.click(at('suggest'))
      await page.waitForSelector(at('change-word'))
      await page.fill('#change-passphrase', 'violet tractor hums quietly')
      await page.waitForSelector('dialog .lit-good')
    },
    async 'passkey-add'(page, url) {
      await withPasskeys(page)
      await security(page, url, 'keys=many')
      await page.click(at('add-passkey'))
      await page.fill('#passkey-name', 'Laptop')
    },
    async 'passkey-prove'(page, url) {
      await withPasskeys(page)
      await security(page, url, 'keys=many')
      await addPasskey(page, 'Laptop')
      await page.waitForSelector('#proof-passphrase')
    },
    async 'passkey-no-secret'(page, url) {
      await withPasskeys(page, { prf: false })
      await security(page, url, 'keys=many')
      await addPasskey(page, 'Old security key')
      await page.waitForSelector(at('passkey-problem'))
    },
    async 'slot-name'(page, url) {
      await security(page, url)
      await page.click(`[data-slot=slot-phone] ${at('slot-rename')}`)
      await page.fill('#slot-name', 'Phone')
    },
    'rotate-explain': (page, url) => rotation(page, url),
    'rotate-auto-save': (page, url) => rotation(page, url, 'keys=many&autosave=saved'),
    async 'rotate-passkeys'(page, url) {
      await rotation(page, url)
      await page.click(at('rotate-begin'))
      await page.click(`${at('rotate-kept')}:enabled`)
      await page.fill('#rotate-end', '4gsa5zkl')
      await page.click(at('rotate-confirm'))
      await page.click(at('rotate-drop'))
    },
    async 'rotate-prove'(page, url) {
      await own['rotate-passkeys'](page, url)
      await page.click(`[data-slot=slot-phone] ${at('rotate-drop')}`)
      await page.click(at('rotate-continue'))
      await page.waitForSelector('#proof-passphrase')
    },
  }
  return own
}
