// screens: every state the page can show, and how to get there with the fake vault.

import { accountScreens } from './screens-account.mjs'
import { embedScreens } from './screens-embed.mjs'
import { keepingScreens } from './screens-keeping.mjs'
import { loginScreens } from './screens-login.mjs'
import { securityScreens } from './screens-security.mjs'
import { verifyScreens } from './screens-verify.mjs'

const at = (name) => `[data-test=${name}]`
const key = (id, name) => `[data-key=${id}] ${at(name)}`
const provider = (id) => `${at('provider-option')}[data-provider=${id}]`

/** The page with an open vault. `wishes`: see engine.ts. */
export async function openVault(page, url, wishes = 'keys=many') {
  await page.goto(`${url}?state=locked&${wishes}`)
  await page.fill('#passphrase', 'open sesame')
  await page.click(at('unlock'))
  await page.waitForSelector(at('keys'))
}

async function welcome(page, url) {
  await page.goto(url)
  await page.waitForSelector(at('word'))
}

async function own(page, url, passphrase, repeat) {
  await welcome(page, url)
  await page.click(at('choose-own'))
  await page.fill('#own-passphrase', passphrase)
  await page.fill('#own-repeat', repeat)
}

async function addDialog(page, url, id, wishes) {
  await openVault(page, url, wishes)
  await page.click(at('add'))
  await page.click(id === 'own' ? at('own-endpoint') : provider(id))
}

async function menuOf(page, url, id) {
  await openVault(page, url)
  await page.click(key(id, 'more'))
}

async function playground(page, url, ask) {
  await openVault(page, url)
  await page.click(key('k1', 'try'))
  await page.waitForSelector(`${at('opener')}:enabled`)
  if (ask === undefined) return
  await page.fill('#draft', ask)
  await page.keyboard.press('Enter')
}

async function usage(page, url, wishes = 'usage=some') {
  await openVault(page, url, `keys=many&${wishes}`)
  await page.click(at('nav-usage'))
  await page.waitForSelector(`${at('usage-totals')}, ${at('usage-empty')}, ${at('usage-problem')}`)
}

/** @type {Record<string, (page: import('playwright-core').Page, url: string) => Promise<void>>} */
export const screens = {
  async starting(page, url) {
    await page.goto(`${url}?fails=never`)
    await page.waitForSelector(at('starting'))
  },
  async failed(page, url) {
    await page.goto(`${url}?fails=ERR_SELF_TEST`)
    await page.waitForSelector(at('failed'))
  },
  welcome,
  async 'welcome-confirm'(page, url) {
    await welcome(page, url)
    await page.check(at('written-down'))
    await page.click(at('continue'))
    await page.fill('#confirm-passphrase', 'not it')
    await page.click(at('create'))
    await page.waitForSelector(at('create-problem'))
  },
  async 'welcome-own-weak'(page, url) {
    await own(page, url, 'password1234', 'passw')
    await page.waitForSelector('.lit-weak')
  },
  async 'welcome-own-strong'(page, url) {
    await own(page, url, 'violet tractor hums quietly', 'violet tractor hums quietly')
    await page.waitForSelector('.lit-good')
  },
  async unlock(page, url) {
    await page.goto(`${url}?state=locked`)
    await page.waitForSelector(at('passphrase'))
  },
  async 'unlock-mark'(page, url) {
    await page.addInitScript(() => localStorage.setItem('keyhold-mark', '{"words":"amber otter","colour":3}'))
    await page.goto(`${url}?state=locked`)
    await page.waitForSelector(`${at('mark')}:visible`)
  },
  async 'unlock-wrong'(page, url) {
    await page.goto(`${url}?state=locked`)
    await page.fill('#passphrase', 'nope ')
    await page.click(at('unlock'))
    await page.waitForSelector(at('unlock-problem'))
  },
  async unlocking(page, url) {
    await page.goto(`${url}?state=locked&slow`)
    await page.waitForSelector('#passphrase')
    await page.fill('#passphrase', 'nope')
    await page.click(at('unlock'))
    await page.waitForSelector(`${at('unlock-screen')} .turning`)
  },
  empty: (page, url) => openVault(page, url, ''),
  keys: (page, url) => openVault(page, url),
  'keys-menu': (page, url) => menuOf(page, url, 'k2'),
  'keys-warnings': (page, url) => openVault(page, url, 'keys=many&findings&csp'),
  'new-version': (page, url) => openVault(page, url, 'keys=many&newversion'),
  async 'unlock-new-version'(page, url) {
    await page.goto(`${url}?state=locked&newversion`)
    await page.waitForSelector(at('new-version'))
  },
  async 'keys-toast'(page, url) {
    await openVault(page, url)
    await page.click(key('k4', 'check'))
    await page.click(key('k1', 'check'))
    await page.waitForSelector(at('toast'))
  },
  async 'add-choose'(page, url) {
    await openVault(page, url)
    await page.click(at('add'))
    await page.waitForSelector(at('provider-option'))
  },
  async 'add-first'(page, url) {
    await openVault(page, url, '')
    await page.click(`${at('provider-card')}[data-provider=openai]`)
    await page.fill(at('key-field'), 'sk-ant-abc')
    await page.waitForSelector(at('prefix-hint'))
  },
  async 'add-several'(page, url) {
    await addDialog(page, url, 'openai')
    await page.evaluate(() => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text', 'OPENAI_API_KEY=one\nGROQ_API_KEY=two')
      document.querySelector('#api-key').dispatchEvent(new ClipboardEvent('paste', { clipboardData, cancelable: true }))
    })
    await page.waitForSelector(at('several'))
  },
  async 'add-admin'(page, url) {
    await addDialog(page, url, 'openai')
    await page.fill(at('key-field'), 'sk-admin-1234567890')
    await page.waitForSelector(at('prefix-hint'))
  },
  async 'add-address'(page, url) {
    await addDialog(page, url, 'openai')
    await page.fill(at('key-field'), 'https://platform.openai.com/api-keys')
    await page.waitForSelector(at('prefix-hint'))
  },
  async 'key-local-permission'(page, url) {
    await openVault(page, url, 'keys=many&check=ERR_LOCAL_PERMISSION')
    await page.click(key('k1', 'check'))
    await page.waitForSelector(`${key('k1', 'ask-browser')}:visible`)
  },
  async 'check-all'(page, url) {
    await openVault(page, url)
    await page.click(at('check-all'))
    await page.waitForSelector(`${at('check-all-again')}:visible`)
  },
  async 'check-all-running'(page, url) {
    await openVault(page, url, 'keys=many&slowcheck')
    await page.click(at('check-all'))
    await page.waitForSelector(`${at('check-all-stop')}:visible`)
  },
  async 'check-all-waiting'(page, url) {
    await openVault(page, url, 'keys=many&often')
    await page.click(at('check-all'))
    await page.waitForSelector(`${at('check-all-countdown')}:visible`)
  },
  async 'add-refused'(page, url) {
    await addDialog(page, url, 'openai')
    await page.fill(at('key-field'), 'sk-wrong-1234567890')
    await page.click(at('save'))
    await page.waitForSelector(at('store-unchecked'))
  },
  async 'add-checking'(page, url) {
    await addDialog(page, url, 'mistral', 'keys=many&slowcheck')
    await page.fill(at('key-field'), '1234567890abcdef')
    await page.click(at('save'))
    await page.waitForSelector(at('checking'))
  },
  async 'add-endpoint'(page, url) {
    await addDialog(page, url, 'own')
  },
  async 'add-local'(page, url) {
    await addDialog(page, url, 'ollama')
  },
  async update(page, url) {
    await menuOf(page, url, 'k3')
    await page.click(key('k3', 'update'))
    await page.waitForSelector(at('replacing'))
  },
  'keys-caps': (page, url) => openVault(page, url, 'keys=many&caps'),
  async cap(page, url) {
    await openVault(page, url, 'keys=many&caps')
    await page.click(key('k1', 'more'))
    await page.click(key('k1', 'cap'))
    await page.fill('#cap-month', 'twenty')
  },
  usage: (page, url) => usage(page, url),
  async 'usage-models'(page, url) {
    await usage(page, url)
    await page.click(at('usage-by-model'))
    await page.click(at('usage-of-tokens'))
  },
  async 'usage-keys'(page, url) {
    await usage(page, url, 'usage=damaged')
    await page.click(at('usage-by-key'))
  },
  'usage-empty': (page, url) => usage(page, url, 'usage=none'),
  'usage-failed': (page, url) => usage(page, url, 'usage=ERR_STORAGE'),
  async rename(page, url) {
    await menuOf(page, url, 'k2')
    await page.click(key('k2', 'rename'))
  },
  async delete(page, url) {
    await menuOf(page, url, 'k2')
    await page.click(key('k2', 'delete'))
  },
  async security(page, url) {
    await openVault(page, url)
    await page.click(at('security'))
  },
  playground: (page, url) => playground(page, url),
  async 'playground-cap'(page, url) {
    await playground(page, url, 'What would go over the cap?')
    await page.waitForSelector(at('answer-problem'))
  },
  async 'playground-models'(page, url) {
    await playground(page, url)
    await page.click('#model')
    await page.waitForSelector(at('model-option'))
  },
  async 'playground-streaming'(page, url) {
    await playground(page, url, 'Explain how a lock works.')
    await page.waitForSelector(`${at('answer-text')}:has-text("bolt")`)
  },
  async 'playground-answered'(page, url) {
    await playground(page, url, 'Explain how a lock works.')
    await page.waitForSelector(at('tokens-in'))
  },
  async 'playground-failed'(page, url) {
    await playground(page, url, 'now fail')
    await page.waitForSelector(at('retry'))
  },
  async 'unlock-ways'(page, url) {
    await page.goto(`${url}?state=locked&slots=all`)
    await page.waitForSelector(at('use-passkey'))
  },
  async 'unlock-recovery'(page, url) {
    await page.goto(`${url}?state=locked&slots=all`)
    await page.click(at('use-recovery'))
    await page.fill('#recovery-code', 'k7qm 3xhd 9wtp')
  },
  async 'unlock-recovery-wrong'(page, url) {
    await page.goto(`${url}?state=locked&slots=all`)
    await page.click(at('use-recovery'))
    await page.fill('#recovery-code', 'k7qm 3xhd 9wtp 2rbv 6fnc 8yje 4gsa 5zkk')
    await page.click(at('unlock'))
    await page.waitForSelector(at('unlock-problem'))
  },
  async 'unlock-passkey-only'(page, url) {
    await page.goto(`${url}?state=locked&slots=passkeys`)
    await page.waitForSelector(at('use-passkey'))
  },
  async 'unlock-waiting'(page, url) {
    await page.goto(`${url}?state=locked&slots=all&wait=107`)
    await page.waitForSelector(at('unlock-waiting'))
  },
  async 'keys-new'(page, url) {
    await welcome(page, url)
    await page.click(at('choose-own'))
    await page.fill('#own-passphrase', 'violet tractor hums quietly')
    await page.fill('#own-repeat', 'violet tractor hums quietly')
    await page.click(`${at('create')}:enabled`)
    await page.waitForSelector(at('offer-recovery'))
  },
  async 'keys-after-recovery'(page, url) {
    await page.goto(`${url}?state=locked&slots=all&keys=many`)
    await page.click(at('use-recovery'))
    await page.fill('#recovery-code', 'k7qm3xhd9wtp2rbv6fnc8yje4gsa5zkl')
    await page.click(at('unlock'))
    await page.waitForSelector(at('suggest-passphrase'))
  },
  ...accountScreens(openVault),
  ...embedScreens(openVault),
  ...keepingScreens(openVault),
  ...loginScreens(openVault),
  ...securityScreens(openVault),
  ...verifyScreens,
}
