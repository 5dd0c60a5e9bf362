// offline: what each engine's vault says of every provider's key while the computer has no network at all. Run in a network
// namespace that has nothing but the computer itself: `unshare --user --map-root-user --net node offline.mjs`. Prints JSON.
import { execFileSync } from 'node:child_process'
import { startDemo } from '../../../scripts/demo.mjs'
import { ENGINES } from './engines.mjs'
import { startTestSite } from './site.mjs'

execFileSync('ip', ['link', 'set', 'lo', 'up'])
const demo = await startDemo({ fast: true })
const providers = [
  { id: 'local', name: 'Local', base: demo.base },
  { id: 'hiding', name: 'Hides its refusals', base: 'https://hiding.example/v1/', cors: { opaque_401: true } },
]
const site = await startTestSite({ providers })
const outcomes = {}
for (const [name, open] of Object.entries(ENGINES)) {
  // Firefox looks at the network by itself, unless its driver tells it not to.
  const engine = await open({ firefoxPrefs: { 'network.manage-offline-status': true } })
  try {
    await engine.open(`${site.url}driver.html`)
    outcomes[name] = await engine.run(checkEverything, demo.key)
  } finally {
    await engine.close()
  }
}
await Promise.all([site.stop(), demo.stop()])
console.log(JSON.stringify(outcomes))

/** In the page. @returns by provider: the check's code */
async function checkEverything(localKey) {
  while (!window.keyhold) await new Promise((resolve) => setTimeout(resolve, 20))
  const { KeyholdEngine, keyBytes, passphraseBytes } = window.keyhold
  const engine = await KeyholdEngine.connect()
  await engine.create(passphraseBytes('violet tractor hums quietly at noon'))
  const seen = {}
  for (const one of await engine.providers()) {
    const { base, browser } = one
    if ((base.startsWith('http:') && one.id !== 'local') || browser === 'no') continue
    const id = one.example ? (await engine.addEndpoint(one.name, base, one.id)).id : one.id
    const secret = keyBytes(id === 'local' ? localKey : 'some-key-of-somebody-0001')
    const { key } = await engine.add({ provider: id, label: id, secret, unchecked: true })
    const { ok, error } = await engine.check(key.id)
    seen[id] = ok ? 'ok' : error.code
  }
  return seen
}
