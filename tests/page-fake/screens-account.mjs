// screens-account: a site with a server of its own: before there is a vault, its plans, whose key pays, and what the server signed.

const at = (name) => `[data-test=${name}]`

/** @param {(page: import('playwright-core').Page, url: string, wishes?: string) => Promise<void>} openVault */
export function accountScreens(openVault) {
  const account = async (page, url, wishes) => {
    await openVault(page, url, `keys=many&${wishes}`)
    await page.click(at('nav-account'))
    await page.waitForSelector(`${at('receipts-none')}:visible, ${at('receipt')}, ${at('receipts-problem')}:visible`)
    await page.waitForSelector(`${at('plans')}, ${at('account-unknown')}`)
  }
  const tried = async (page, url, wish) => {
    await page.goto(`${url}?app=${wish}`)
    await page.click(at('try'))
    await page.waitForSelector(`${at('quota')}:visible`)
  }
  return {
    'account-new': (page, url) => account(page, url, 'app=open'),
    'account-receipts': (page, url) => account(page, url, 'app=paying&receipts=some'),
    async 'account-all-receipts'(page, url) {
      await account(page, url, 'app=lapsed&receipts=many')
      await page.click(at('receipts-more'))
      await page.waitForSelector(`${at('receipt')} >> nth=41`)
    },
    'account-away': (page, url) => account(page, url, 'app=away&receipts=damaged'),
    'account-failed': (page, url) => account(page, url, 'app=open&receipts=ERR_STORAGE'),
    async 'welcome-try'(page, url) {
      await page.goto(`${url}?app=open`)
      await page.waitForSelector(at('try-app'))
    },
    'try-app': (page, url) => tried(page, url, 'open'),
    async 'try-used-up'(page, url) {
      await tried(page, url, 'used')
      await page.fill('#draft', 'What is left?')
      await page.keyboard.press('Enter')
      await page.waitForSelector(at('answer-problem'))
    },
  }
}
