// screens-login: a key by logging in at a provider: in the dialog, in the tab that comes back, and what is said when it went wrong.

const at = (name) => `[data-test=${name}]`
/** Of every login of the fake vault. */
export const LOGIN_STATE = 'S'.repeat(43)

/** What callback.html says to the page. The fake vault goes by the code. */
export const comeBack = (page, news) =>
  page.evaluate(
    ([state, said]) => new BroadcastChannel('keyhold-login').postMessage({ state, ...said }),
    [LOGIN_STATE, news],
  )

/** @param {(page: import('playwright-core').Page, url: string, wishes?: string) => Promise<void>} openVault */
export function loginScreens(openVault) {
  const offered = async (page, url, wishes) => {
    await openVault(page, url, wishes)
    await page.click(at('add'))
    await page.click(`${at('provider-option')}[data-provider=openrouter]`)
    await page.waitForSelector(`${at('login')}:visible`)
  }
  const waiting = async (page, url, wishes) => {
    await offered(page, url, wishes)
    const [tab] = await Promise.all([page.context().waitForEvent('page'), page.click(at('login'))])
    await tab.close()
    await page.waitForSelector(`${at('login-waits')}:visible`)
  }
  const ended = async (page, url, news) => {
    await waiting(page, url)
    await comeBack(page, news)
    await page.waitForSelector(at('login-problem'))
    // The link is made anew.
    await page.waitForSelector(`${at('login')}:visible`)
  }
  const callback = (query) => async (page, url) => {
    await page.goto(`${url}callback.html?${new URLSearchParams(query)}`)
  }
  return {
    'login-offered': (page, url) => offered(page, url),
    'login-waiting': (page, url) => waiting(page, url),
    async 'login-code'(page, url) {
      await waiting(page, url)
      await page.click(at('login-code-open'))
      await page.fill(at('login-code-field'), 'half of a co')
      await page.click(at('login-code-use'))
      await page.waitForSelector(at('login-problem'))
    },
    async 'login-fetching'(page, url) {
      await waiting(page, url, 'keys=many&slowcheck')
      await comeBack(page, { code: 'good' })
      await page.waitForSelector(`${at('checking')}:visible`)
    },
    'login-refused': (page, url) => ended(page, url, { error: 'access_denied' }),
    'login-failed': (page, url) => ended(page, url, { code: 'ERR_LOGIN_REFUSED' }),
    'login-cut': (page, url) => ended(page, url, { code: 'ERR_CONNECTION_CUT' }),
    async 'login-lost'(page, url) {
      await ended(page, url, { code: 'ERR_CONNECTION_CUT' })
      await page.click(at('dialog-close'))
      await page.waitForSelector(at('lost-login'))
    },
    async 'login-done'(page, url) {
      await waiting(page, url)
      await comeBack(page, { code: 'good' })
      await page.waitForSelector(at('toast'))
    },
    async 'callback-alone'(page, url) {
      await callback({ state: LOGIN_STATE, code: 'f3a1c0de'.repeat(6) })(page, url)
      await page.waitForSelector('[data-part=alone]:visible')
    },
    async 'callback-refused'(page, url) {
      await callback({ state: LOGIN_STATE, error: 'access_denied' })(page, url)
      await page.waitForSelector('[data-part=refused]:visible')
    },
    async 'callback-nothing'(page, url) {
      await callback({})(page, url)
      await page.waitForSelector('[data-part=nothing]:visible')
    },
    async 'callback-done'(page, url) {
      const vault = await page.context().newPage()
      await waiting(vault, url)
      await callback({ state: LOGIN_STATE, code: 'good' })(page, url)
      await page.waitForSelector('[data-part=done]:visible')
    },
  }
}
