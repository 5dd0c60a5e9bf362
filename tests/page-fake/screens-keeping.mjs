// screens-keeping: backup, restore, moving, the record, repair and the end of a vault; and what keys say of their age.

const at = (name) => `[data-test=${name}]`

/** A file for the restore dialog. The fake vault goes by its name, and by how it begins. */
export const fileOf = (name, text = 'KH1\0\x01 sealed') => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: Buffer.from(text),
})

/** @param {(page: import('playwright-core').Page, url: string, wishes?: string) => Promise<void>} openVault */
export function keepingScreens(openVault) {
  const security = async (page, url, wishes = 'keys=many') => {
    await openVault(page, url, wishes)
    await page.click(at('nav-security'))
    await page.waitForSelector(at('security-backup'))
  }
  const make = async (page, url, button) => {
    await security(page, url)
    await page.click(at(button))
    await page.waitForSelector(at('file-word'))
  }
  const prove = async (page, passphrase = 'open sesame') => {
    await page.check(at('file-written'))
    await page.click(at('backup-make'))
    await page.fill('#proof-passphrase', passphrase)
    await page.click(at('proof-action'))
  }
  /** A picker nobody can click in; the file it gives is real. */
  const autoSave = async (page, url, state = null) => {
    await page.addInitScript(() => {
      globalThis.showSaveFilePicker = async ({ suggestedName }) =>
        (await navigator.storage.getDirectory()).getFileHandle(suggestedName, { create: true })
    })
    await security(page, url, `keys=many&backup=new${state === null ? '' : `&autosave=${state}`}`)
    // To where the header half covers nothing: it would count as too small to be pressed.
    await page.locator(at('auto-save')).evaluate((found) => found.scrollIntoView({ block: 'start' }))
  }
  const choose = async (page, url, file, wishes) => {
    await security(page, url, wishes)
    await page.click(at('open-restore'))
    await page.setInputFiles('#restore-file', file)
  }
  const open = async (page, url, file, passphrase = 'the words of the file') => {
    await choose(page, url, file)
    await page.fill('#restore-passphrase', passphrase)
    await page.click(at('restore-open'))
  }
  const activity = async (page, url, how) => {
    await security(page, url, `keys=many&audit=${how}`)
    await page.click(at('activity-open'))
    await page.waitForSelector(at('chain'))
    // Half under the header, a button counts as too small.
    await page.evaluate(() => scrollTo(0, 0))
  }
  /** Beside a sealed copy, the words of a new vault wait until they are asked for. */
  const welcome = async (page, url, wishes = '') => {
    await page.goto(`${url}?${wishes}`)
    await page.waitForSelector(at(wishes === 'copy' ? 'begin-anew' : 'word'))
  }

  return {
    'keys-ages': (page, url) => openVault(page, url, 'keys=many&extras'),
    async 'keys-order'(page, url) {
      await openVault(page, url)
      await page.click(`[data-key=k2] ${at('more')}`)
      await page.click(`[data-key=k2] ${at('move-up')}`)
      await page.waitForSelector(at('toast'))
      await page.keyboard.press('Escape')
      await page.locator(`[data-key=k2] ${at('move-up')}`).waitFor({ state: 'hidden' })
    },
    'keys-reminder': (page, url) => openVault(page, url, 'keys=many&backup=never'),
    'security-view': (page, url) => security(page, url, 'keys=many&backup=old'),
    'security-never': (page, url) => security(page, url, 'keys=many&backup=never&findings&rolled'),
    async 'repair-part'(page, url) {
      await security(page, url, 'keys=many&findings&repair=part')
      await page.click(at('repair'))
      await page.waitForSelector(`${at('repair-outcome')}:visible`)
    },
    'auto-save-off': (page, url) => autoSave(page, url),
    'auto-save-saved': (page, url) => autoSave(page, url, 'saved'),
    'auto-save-permission': (page, url) => autoSave(page, url, 'permission'),
    'auto-save-gone': (page, url) => autoSave(page, url, 'gone'),
    'auto-save-held': (page, url) => autoSave(page, url, 'held'),
    'keys-auto-save': (page, url) => openVault(page, url, 'keys=many&backup=new&autosave=permission'),
    async 'auto-save-choose'(page, url) {
      await autoSave(page, url)
      await page.click(at('auto-save-choose'))
      await page.waitForSelector(at('file-word'))
    },
    async 'auto-save-done'(page, url) {
      await autoSave(page, url)
      await page.click(at('auto-save-choose'))
      await prove(page)
      await page.waitForSelector(at('backup-done'))
    },
    'backup-make': (page, url) => make(page, url, 'make-backup'),
    async 'backup-own'(page, url) {
      await make(page, url, 'make-backup')
      await page.click(at('file-own'))
      await page.fill('#file-passphrase', 'violet tractor hums quietly')
      await page.fill('#file-repeat', 'violet tractor hums')
      await page.waitForSelector('.lit-good')
    },
    async 'backup-proof'(page, url) {
      await make(page, url, 'make-backup')
      await page.check(at('file-written'))
      await page.click(at('backup-make'))
      await page.waitForSelector('#proof-passphrase:visible')
    },
    async 'backup-refused'(page, url) {
      await make(page, url, 'make-backup')
      await prove(page, 'not it')
      await page.waitForSelector(at('proof-problem'))
    },
    async 'backup-done'(page, url) {
      await make(page, url, 'make-backup')
      await prove(page)
      await page.waitForSelector(at('backup-done'))
    },
    async 'move-codes'(page, url) {
      await make(page, url, 'show-codes')
      await prove(page)
      await page.waitForSelector(at('code-canvas'))
      await page.click(at('code-play'))
      await page.waitForTimeout(150)
    },
    async 'restore-choose'(page, url) {
      await security(page, url)
      await page.click(at('open-restore'))
    },
    async 'restore-no-camera'(page, url) {
      await security(page, url)
      await page.click(at('scan-codes'))
      await page.waitForSelector(at('scan-problem'))
    },
    async 'restore-wrong'(page, url) {
      await open(page, url, fileOf('keyhold-2026-11-03.keyhold'), 'wrong')
      await page.waitForSelector(at('restore-problem'))
    },
    async 'restore-large'(page, url) {
      await open(page, url, fileOf('from-a-workstation.keyhold', 'LARGE'))
      await page.waitForSelector(at('restore-large'))
    },
    async 'restore-review'(page, url) {
      await open(page, url, fileOf('keyhold-2026-11-03.keyhold'))
      await page.waitForSelector(at('review'))
    },
    async 'restore-env'(page, url) {
      await choose(page, url, fileOf('.env', '# mine\nOPENAI_API_KEY=abc\n'))
      await page.waitForSelector(at('review'))
    },
    async 'restore-nothing'(page, url) {
      await choose(page, url, fileOf('notes.txt', 'nothing here'))
      await page.waitForSelector(`${at('review-empty')}:visible`)
    },
    async 'restore-done'(page, url) {
      await open(page, url, fileOf('keyhold-2026-11-03.keyhold'))
      await page.click(at('restore'))
      await page.waitForSelector(at('restore-result'))
    },
    activity: (page, url) => activity(page, url, 'many'),
    'activity-broken': (page, url) => activity(page, url, 'broken'),
    async 'activity-nothing'(page, url) {
      await activity(page, url, 'many')
      await page.fill('#activity-text', 'no such thing')
      await page.evaluate(() => scrollTo(0, 0))
    },
    async wipe(page, url) {
      await security(page, url, 'keys=many&backup=old')
      await page.click(at('open-wipe'))
    },
    async 'welcome-restore'(page, url) {
      await welcome(page, url)
      await page.click(at('have-backup'))
    },
    'welcome-copy': (page, url) => welcome(page, url, 'copy'),
    async 'welcome-anew'(page, url) {
      await welcome(page, url, 'copy')
      await page.click(at('begin-anew'))
      await page.waitForSelector(at('word'))
    },
  }
}
