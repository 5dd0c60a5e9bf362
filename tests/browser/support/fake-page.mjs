// fake-page: the page with a vault made of nothing behind it, in Chromium, for one test file.
import { buildPageFake, openChromium } from '../../page-fake/build.mjs'
import { servePageFake } from '../../page-fake/serve.mjs'

export const at = (name) => `[data-test=${name}]`
export const WIDE = { width: 1280, height: 800 }
export const NARROW = { width: 360, height: 740 }

export async function openFakePage() {
  await buildPageFake()
  const site = await servePageFake()
  const browser = await openChromium()
  return {
    url: site.url,
    onPage: (options, use) => onPage(browser, options, use),
    async close() {
      await browser.close()
      site.close()
    },
  }
}

/** A fresh page; what went wrong on it is collected in the second argument. */
async function onPage(browser, options, use) {
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
