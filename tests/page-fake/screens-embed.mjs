// screens-embed: the window that the vault's frame opens, what pages of other origins ask there, and the list of them.

const at = (name) => `[data-test=${name}]`

/** @param {(page: import('playwright-core').Page, url: string, wishes?: string) => Promise<void>} openVault */
export function embedScreens(openVault) {
  /**
   * The page as the frame's window. The opener is a window of the same origin: itself will do. No script opened it, so it could not
   * close itself; that it wanted to is noted.
   */
  const asked = async (page, url, wishes) => {
    await page.addInitScript(() => {
      Object.defineProperty(window, 'opener', { value: window })
      window.close = () => sessionStorage.setItem('closed', 'yes')
    })
    await openVault(page, `${url}unlock.html`, wishes)
    await page.waitForSelector(`${at('consent-dialog')}[open]`)
  }
  /** Somebody is there. */
  const awake = async (page) => {
    await page.mouse.move(40, 40)
    await page.mouse.move(60, 60)
    await page.waitForSelector(`${at('consent-cancel')}:enabled`)
  }
  const pages = async (page, url, wishes) => {
    await openVault(page, url, wishes)
    await page.click(at('nav-security'))
    await page.locator(at('pages')).scrollIntoViewIfNeeded()
  }

  return {
    async 'window-alone'(page, url) {
      await page.goto(`${url}unlock.html`)
      await page.waitForSelector('text=belongs to a Keyhold button')
    },
    async 'window-forgetful'(page, url) {
      await page.addInitScript(() => {
        const location = { origin: window.location.origin, ancestorOrigins: ['https://chat.example'] }
        Object.defineProperty(window, 'opener', { value: { location, localStorage } })
        Object.defineProperty(navigator, 'vendor', { value: 'Apple Computer, Inc.' })
      })
      await page.goto(`${url}unlock.html`)
      await page.waitForSelector(at('forgetful'))
    },
    'consent-fresh': (page, url) => asked(page, url, 'keys=many&asks=little'),
    async consent(page, url) {
      await asked(page, url, 'keys=many&asks=little')
      await awake(page)
    },
    async 'consent-much'(page, url) {
      await asked(page, url, 'keys=many&asks=much')
      await awake(page)
    },
    async 'consent-wrong'(page, url) {
      await asked(page, url, 'keys=many&asks=much')
      await awake(page)
      await page.fill(at('consent-day'), '3')
      await page.fill(at('consent-month'), 'x')
      await page.fill(at('consent-until'), '2020-01-01')
      await page.waitForSelector(`${at('consent-until-wrong')}:visible`)
    },
    async 'consent-unlimited'(page, url) {
      await asked(page, url, 'keys=many&asks=little')
      await awake(page)
      await page.fill(at('consent-day'), '')
      await page.waitForSelector(`${at('consent-unlimited')}:visible`)
    },
    async 'consent-lacking'(page, url) {
      await asked(page, url, 'keys=many&asks=lacking')
      await awake(page)
    },
    async 'restore-mine'(page, url) {
      await asked(page, url, 'keys=many&asks=lacking')
      await awake(page)
      await page.click(at('consent-mine'))
      await page.waitForSelector(`${at('restore-mine-step')}:visible`)
    },
    'pages-none': (page, url) => pages(page, url, 'keys=many'),
    'pages-some': (page, url) => pages(page, url, 'keys=many&grants'),
    async 'pages-revoke'(page, url) {
      await pages(page, url, 'keys=many&grants')
      await page.click(`${at('page-row')} >> nth=1 >> ${at('page-revoke')}`)
      await page.waitForSelector(`${at('confirm-dialog')}[open]`)
    },
  }
}
