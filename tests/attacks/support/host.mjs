// host: what a page and its user do with the vault's frame, step by step, in Chromium.
import { allow, lookAround, openWindow } from '../../browser/support/embed.mjs'
import { at } from '../../browser/support/page.mjs'

export const PROVIDER = 'stand-in'
export const siteOf = ({ base }) => ({ providers: [{ id: PROVIDER, name: 'Stand-in', base }] })

export const ask = (page, wished = { providers: [PROVIDER] }) =>
  page.evaluate((wished) => {
    window.stop = new AbortController()
    window.asked = window.vault.requestAccess(wished, { signal: window.stop.signal })
    window.answer = 'none'
    window.asked.then(
      ({ state }) => (window.answer = state),
      ({ code, name }) => (window.answer = code ?? name),
    )
  }, wished)
export const answer = (page) => page.evaluate(() => window.answer)

/** In the vault's window, without a recovery code. */
export async function setUp(opened, passphrase) {
  await opened.click(at('choose-own'))
  await opened.fill('#own-passphrase', passphrase)
  await opened.fill('#own-repeat', passphrase)
  await opened.click(`${at('create')}:enabled`)
  await opened.waitForSelector(`${at('consent-dialog')}[open]`)
}

/** For the provider that is asked about. The stand-in takes any. */
export async function giveKey(opened, key) {
  await lookAround(opened)
  await opened.click(at('consent-add'))
  await opened.fill(at('key-field'), key)
  await opened.click(at('save'))
  await opened.waitForSelector(`${at('consent-dialog')}[open]`)
}

/** A vault with one key, which this page may use. */
export async function granted(page, { passphrase, key }) {
  await ask(page)
  const opened = await openWindow(page)
  await setUp(opened, passphrase)
  await giveKey(opened, key)
  await allow(opened)
  await page.waitForFunction(() => window.answer === 'granted')
  await opened.close()
}

/** @returns what the page makes of it: status and text, or the error's words */
export const chat = (page, base, model) =>
  page.evaluate(
    async ([url, model]) => {
      try {
        const response = await window.vault.fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model, stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] }),
        })
        window.spy?.note('response', [response, [...response.headers]])
        // Chromium's text() has words of its own for a body that broke.
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
        let text = ''
        for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value
        return { status: response.status, text }
      } catch (error) {
        window.spy?.note('error', [error.message, error.stack, error.cause])
        return { error: `${error.name} ${error.message} ${error.cause?.code}` }
      }
    },
    [`${base}chat/completions`, model],
  )
