// shots: a picture of every screen at two widths and in both themes.
// Usage: node tests/page-fake/shots.mjs <folder> [screen ...]
import { mkdirSync } from 'node:fs'
import { buildPageFake, openChromium } from './build.mjs'
import { screens } from './screens.mjs'
import { servePageFake } from './serve.mjs'

const [folder, ...wanted] = process.argv.slice(2)
if (folder === undefined) throw new Error('into which folder?')
mkdirSync(folder, { recursive: true })

await buildPageFake()
const site = await servePageFake()
const browser = await openChromium()
for (const [name, go] of Object.entries(screens)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  for (const [width, height] of [
    [1280, 860],
    [360, 740],
  ]) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme })
      const page = await context.newPage()
      await go(page, site.url)
      await page.waitForTimeout(250)
      const modal = await page.locator('dialog[open]').count()
      const fullPage = modal === 0 && !/^(playground|try-)/.test(name)
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage })
      await context.close()
    }
  }
}
await browser.close()
site.close()
