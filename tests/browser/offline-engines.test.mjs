// offline-engines: after one visit, does the page open and unlock without a server in Firefox and WebKit, too?
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSite } from '../../scripts/serve.mjs'
import { ENGINES } from './support/engines.mjs'
import { at } from './support/page.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'

for (const name of ['Firefox', 'WebKit']) {
  test(name, { timeout: 180_000 }, async () => {
    const site = await startSite()
    const { url } = site
    const engine = await ENGINES[name]()
    const { open, see, click, type, run } = engine
    let stopped = false
    try {
      await open(url)
      await click(at('choose-own'))
      await type('#own-passphrase', PASSPHRASE)
      await type('#own-repeat', PASSPHRASE)
      await click(`${at('create')}:enabled`)
      await click(at('offer-skip'))
      await run(async () => void (await navigator.serviceWorker.ready))
      // These keep a page that was left, and with it the open vault.
      await click(at('lock'))
      await see('#passphrase')
      await open('about:blank')
      await site.stop()
      stopped = true
      await assert.rejects(fetch(url), 'the server is gone')
      await open(url)
      await type('#passphrase', PASSPHRASE)
      await click(at('unlock'))
      await see(at('endpoint-card'))
      // Of a part that was never loaded before.
      await click(at('nav-security'))
      await see(at('ways'))
      assert.deepEqual(engine.wrongs(), [])
    } finally {
      await engine.close()
      if (!stopped) await site.stop()
    }
  })
}
