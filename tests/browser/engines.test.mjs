// engines: the core journey in each of the three engines: a vault is made, a key sealed in it, the page closed, the vault
// opened again, one answer streamed. Each engine by its own driver, nothing but the page's own buttons.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DEMO_KEY, demoConfig, startDemo } from '../../scripts/demo.mjs'
import { ENGINES } from './support/engines.mjs'
import { at } from './support/page.mjs'
import { startTestSite } from './support/site.mjs'

const PASSPHRASE = 'violet tractor hums quietly at noon'

let demo
let site

before(async () => {
  demo = await startDemo({ fast: true })
  site = await startTestSite(demoConfig(demo))
})
after(async () => {
  await site?.stop()
  await demo?.stop()
})

for (const [name, open] of Object.entries(ENGINES)) {
  test(name, { timeout: 180_000 }, async () => {
    const engine = await open()
    try {
      console.log(`${name}: ${engine.version}`)
      await coreJourney(engine)
      assert.deepEqual(engine.wrongs(), [])
    } finally {
      await engine.close()
    }
  })
}

test('no policy was broken in any', () => {
  assert.deepEqual(site.broken(), [])
})

/** What every engine must be able to do. */
async function coreJourney({ open, see, click, type, text, run }) {
  const begun = performance.now()
  const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`
  await open(site.url)
  await click(at('choose-own'))
  await type('#own-passphrase', PASSPHRASE)
  await type('#own-repeat', PASSPHRASE)
  await click(`${at('create')}:enabled`)
  await click(at('offer-skip'))
  await click(at('endpoint-card'))
  console.log(`  vault made after ${since()}`)
  await click(at('dialog-back'))
  await click(`${at('provider-option')}[data-provider=demo]`)
  await type(at('key-field'), DEMO_KEY)
  await click(at('save'))
  await see(at('key'))
  console.log(`  key sealed after ${since()}`)
  assert.match(await text(at('check-outcome')), /Works/)
  assert.equal(await run(() => document.body.textContent.includes('demo-key-for')), false)

  // Leaving the page need not lock: these engines keep a page that was left, and the worker with it, for a while.
  await click(at('lock'))
  await see('#passphrase')
  await open(site.url)
  await type('#passphrase', PASSPHRASE)
  await click(at('unlock'))
  await see(at('key'))
  console.log(`  opened again after ${since()}`)

  await click(at('try'))
  await click(`${at('opener')}:enabled`)
  await see(at('tokens-in'))
  assert.match(await text(at('answer-text')), /key|demo/i)
  assert.match(await text(at('tokens-out')), /^[1-9]\d*$/)
  console.log(`  answered after ${since()}`)
}
