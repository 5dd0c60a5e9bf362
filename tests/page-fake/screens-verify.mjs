// screens-verify: verify.html, with a list of some of the fake site's own files.
import { sha384 } from '../../web/hosting/integrity.mjs'

const LISTED = ['callback.html', 'icons/keyhold.svg', 'index.html', 'theme.js']
const OTHER = sha384('something else')

/** @param {Record<string, string>} [changes] digests that the list has in place of the true ones, or beside them */
async function listed(page, url, changes = {}) {
  const digests = LISTED.map(async (name) => [name, sha384(Buffer.from(await (await fetch(url + name)).arrayBuffer()))])
  const files = { ...Object.fromEntries(await Promise.all(digests)), ...changes }
  await page.route('**/integrity.json', (route) => route.fulfill({ json: { files } }))
  await page.goto(`${url}verify.html`)
}

/** @type {Record<string, (page: import('playwright-core').Page, url: string) => Promise<void>>} */
export const verifyScreens = {
  async verify(page, url) {
    await listed(page, url)
    await page.waitForSelector('[data-screen=all]:visible')
    await page.click('[data-part=agrees] summary')
  },
  async 'verify-kept'(page, url) {
    await listed(page, url)
    await page.evaluate(async () => {
      await caches.open('keyhold-used-one')
      const kept = await caches.open('keyhold-kept-one')
      await kept.add('./theme.js')
      await kept.put('./index.html', new Response('another'))
    })
    await page.reload()
    await page.waitForSelector(`[data-test=kept-others]:visible`)
  },
  async 'verify-wrong'(page, url) {
    // Not by routes: the browser itself would say on the console what failed.
    await page.addInitScript(() => {
      const { fetch } = window
      window.fetch = (url, options) => {
        if (url === './theme.js') return Promise.reject(new TypeError('no connection'))
        return url.startsWith('./assets/') ? Promise.resolve(new Response(null, { status: 404 })) : fetch(url, options)
      }
    })
    await listed(page, url, {
      'index.html': OTHER,
      'manifest.webmanifest': OTHER,
      'assets/a-file-with-quite-a-long-name-DhocMau8.wasm': OTHER,
    })
    await page.waitForSelector('[data-screen=some]:visible')
  },
  async 'verify-running'(page, url) {
    await page.route('**/icons/keyhold.svg', (route) =>
      route.request().resourceType() === 'fetch' ? undefined : route.continue(),
    )
    await listed(page, url)
    await page.waitForSelector('[data-screen=running]:visible')
  },
  async 'verify-no-list'(page, url) {
    await page.route('**/integrity.json', (route) => route.fulfill({ body: '<!doctype html>' }))
    await page.goto(`${url}verify.html`)
    await page.waitForSelector('[data-screen=no-list]:visible')
  },
}
