// page: the steps a person takes on Keyhold's page, by its data-test names.

export const at = (name) => `[data-test=${name}]`
export const inKey = (id, name) => `[data-key="${id}"] ${at(name)}`

/** Six words, written down and typed back. @returns the passphrase */
export async function createOffered(page) {
  await page.waitForSelector(at('word'))
  const passphrase = (await page.locator(at('word')).allTextContents()).join(' ')
  await page.check(at('written-down'))
  await page.click(at('continue'))
  await page.fill('#confirm-passphrase', passphrase)
  await page.click(at('create'))
  await page.waitForSelector(at('keys'))
  return passphrase
}

export async function createOwn(page, passphrase) {
  await page.click(at('choose-own'))
  await page.fill('#own-passphrase', passphrase)
  await page.fill('#own-repeat', passphrase)
  await page.click(`${at('create')}:enabled`)
  await page.waitForSelector(at('keys'))
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
