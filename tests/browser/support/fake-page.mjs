// fake-page: the page with a fake vault behind it, for a test file: built, served, and opened in a fresh Chromium page.
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { buildPageFake, openChromium } from '../../page-fake/build.mjs'
import { servePageFake } from '../../page-fake/serve.mjs'

/** Set once the file's tests begin. */
export const site = { url: '' }
let server
let browser

before(async () => {
  await buildPageFake()
  server = await servePageFake()
  site.url = server.url
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  server?.close()
})

/** A fresh page; what went wrong on it is collected in the second argument. */
export async function onPage(options, use) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const wrongs = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrongs.push(message.text())
  })
  page.on('pageerror', (error) => wrongs.push(error.message))
  await page.exposeFunction('wrong', (what) => void wrongs.push(what))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      window.wrong(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    )
  })
  try {
    await use(page, wrongs)
  } finally {
    await context.close()
  }
}

/** A fresh wide page; nothing may go wrong on its console, and no policy may be broken. */
export function onSoundPage(use) {
  return onPage({ viewport: { width: 1280, height: 860 } }, async (page, wrongs) => {
    page.setDefaultTimeout(15_000)
    await use(page)
    assert.deepEqual(wrongs, [])
  })
}
