// page: the steps a person takes on Keyhold's page, by its data-test names.

export const at = (name) => `[data-test=${name}]`
export const inKey = (id, name) => `[data-key="${id}"] ${at(name)}`

/**
 * Six words, written down and typed back.
 * @param {{ recovery?: boolean }} [options] as of createOwn()
 * @returns {Promise<{ passphrase: string, code: string | null }>}
 */
export async function createOffered(page, options) {
  await page.waitForSelector(at('word'))
  const passphrase = (await page.locator(at('word')).allTextContents()).join(' ')
  await page.check(at('written-down'))
  await page.click(at('continue'))
  await page.fill('#confirm-passphrase', passphrase)
  await page.click(at('create'))
  return { passphrase, code: await answerOffer(page, passphrase, options) }
}

/**
 * A passphrase of one's own.
 * @param {{ recovery?: boolean }} [options] recovery: the code offered next is taken; else it is declined
 * @returns {Promise<string | null>} the recovery code, where one was taken
 */
export async function createOwn(page, passphrase, options) {
  await page.click(at('choose-own'))
  await page.fill('#own-passphrase', passphrase)
  await page.fill('#own-repeat', passphrase)
  await page.click(`${at('create')}:enabled`)
  return answerOffer(page, passphrase, options)
}

async function answerOffer(page, passphrase, { recovery = false } = {}) {
  await page.waitForSelector(at('keys'))
  if (!recovery) {
    await page.click(at('offer-skip'))
    await page.waitForSelector(at('offer-recovery'), { state: 'detached' })
    return null
  }
  await page.click(at('offer-make'))
  await page.click(`${at('recovery-kept')}:enabled`, { trial: true })
  const groups = await page.locator(at('recovery-group')).allTextContents()
  await page.click(at('recovery-kept'))
  await page.fill('#recovery-end', groups.slice(-2).join(''))
  await page.click(at('recovery-confirm'))
  await page.fill('#proof-passphrase', passphrase)
  await page.click(at('proof-action'))
  await page.waitForSelector(at('recovery-dialog'), { state: 'hidden' })
  return groups.join('-')
}

export async function unlock(page, passphrase) {
  await page.fill('#passphrase', passphrase)
  await page.click(at('unlock'))
}

/** Types a key into the dialog for this provider, without saving. */
export async function beginKey(page, provider, { key, label = '' }) {
  await page.waitForSelector(`${at('add')}:visible, ${at('provider-card')}`)
  await page.click(`${at('add')}:visible, ${at('endpoint-card')}`)
  if (await page.locator('#endpoint-name').isVisible()) await page.click(at('dialog-back'))
  await page.click(`${at('provider-option')}[data-provider=${provider}]`)
  await page.fill(at('key-field'), key)
  await page.fill(at('label-field'), label)
}

/** @returns the id of the key with this label */
export async function keyId(page, label) {
  const row = page.locator(at('key'), { has: page.locator(`${at('key-label')}:text-is("${label}")`) })
  await row.waitFor()
  return row.getAttribute('data-key')
}

export async function fromMenu(page, id, name) {
  await page.click(inKey(id, 'more'))
  await page.click(inKey(id, name))
}
