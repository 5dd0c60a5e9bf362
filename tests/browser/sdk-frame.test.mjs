// sdk-frame: the SDKs that apps use, in a page of another origin and another site, with the fetch of the client keyhold.js: in
// Chromium, Firefox and WebKit, each as it keeps storage apart for people. The user allows the page what it asks in the vault's
// own window; where no second window can have the focus, by the vault's client.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { FIXTURES } from '../sdks/fixtures.mjs'
import { table } from '../sdks/table.mjs'
import { CONTROL, CONTROL_FRAME, HOST, hostPage, VAULT } from './support/embed.mjs'
import { allowInWindow, openOnHost } from './support/embed-engines.mjs'
import { ENGINES } from './support/engines.mjs'
import { compareSdks, only, PROVIDER_IDS, script } from './support/sdk-comparison.mjs'
import { KEY, startStandIn, WRONG_KEY } from './support/stand-in.mjs'

const documentation = new URL('../../docs/sdks.md', import.meta.url)
const onlyEngine = process.env.KEYHOLD_ENGINE

for (const name of Object.keys(ENGINES).filter((each) => [undefined, each].includes(onlyEngine))) {
  describe(name, () => {
    let standIn
    let opened
    let keys

    before(async () => {
      standIn = await startStandIn(FIXTURES)
      standIn.setVault(VAULT)
      opened = await openOnHost(name, {
        others: standIn.port,
        pages: {
          'chat.example/': {
            html: hostPage({ body: CONTROL_FRAME, scripts: ['/host.js', '/sdks.js'] }),
            // It asks without the vault, too.
            headers: { 'Content-Security-Policy': `script-src 'self'; connect-src https:; frame-src ${VAULT}` },
          },
          'chat.example/sdks.js': { js: script },
        },
        vault: { keys: PROVIDER_IDS.map((provider) => ({ provider, keys: [KEY, WRONG_KEY] })) },
      })
      keys = opened.keys
      const scopes = ['files', 'images', 'audio', 'batch']
      const access = await allowInWindow(opened.engine, { providers: PROVIDER_IDS, scopes })
      assert.deepEqual([access.state, access.dayMicroUsd], ['granted', null])
    })
    after(async () => {
      await opened?.stop()
      await standIn?.stop()
    })

    /** A page cannot say which key: for a wrong one, the user chooses it. */
    const withKey = async ({ provider, feature }, work) => {
      const set = (key) => opened.engine.runIn(CONTROL, (id) => globalThis.engine.setDefault(id).then(() => null), key)
      const [right, wrong] = keys[provider]
      if (feature !== 'wrong key') return work()
      await set(wrong)
      try {
        return await work()
      } finally {
        await set(right)
      }
    }
    const asking = (parties) => async (asked) => {
      const outcomes = await withKey(asked, () =>
        opened.engine.run(run, { more: {}, ...asked, parties, KEY, WRONG_KEY }),
      )
      return name === 'WebKit' ? withoutWebKitsOwn(outcomes) : outcomes
    }

    const compared = compareSdks({
      standIn: () => standIn,
      both: asking(['ours', 'theirs']),
      ours: async (asked) => (await asking(['ours'])(asked))[0],
      lock: () => opened.engine.run(() => globalThis.vault.lock()),
      // Whether there is a key for what it was not allowed, a page is not told.
      noKey: [403, 'ERR_NOT_GRANTED'],
      locked: 'ERR_NEEDS_USER',
    })

    test('docs/sdks.md says what was compared here, too', { skip: only && 'only one SDK was tried' }, () => {
      const said = name === 'WebKit' ? withoutErrors : (text) => text
      assert.equal(said(table(compared.inOrder())), said(readFileSync(documentation, 'utf8')))
    })

    test(`the page is of another site, ${HOST}, and the browser keeps storage apart`, async () => {
      await opened.assertApart()
    })
  })
}

/** A stream that breaks off is no error to `ai` in WebKit, with the vault and without. */
const withoutErrors = (text) => text.replaceAll(/the same error: `\w+`/g, 'the same').replaceAll(/ +\|/g, ' |')

/**
 * WebKit's fetch rejects with an AbortError of its own, whatever reason the signal has; the vault's rejects with the reason, as
 * the standard says and the other engines do. What is no JSON is a DOMException there. And WebKit notes on errors where they
 * were made.
 */
function withoutWebKitsOwn(value) {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutWebKitsOwn)
  if (value.class === 'DOMException' && ['AbortError', 'TimeoutError'].includes(value.name))
    return { class: value.class, name: 'aborted' }
  const { line: _line, column: _column, sourceURL: _url, ...rest } = value
  const kept = value.class === 'DOMException' ? { ...rest, class: value.name } : value
  return Object.fromEntries(Object.entries(kept).map(([key, inner]) => [key, withoutWebKitsOwn(inner)]))
}

// In the page.

function run({ sdk, feature, more, parties, KEY: key, WRONG_KEY: wrong }) {
  const { sdks, vault } = globalThis
  const through = { apiKey: 'keyhold', ...more, fetch: vault.fetch }
  const ask = {
    ours: () =>
      Object.keys(more).length === 0
        ? sdks.runThrough(sdk, feature, { right: vault.fetch, wrong: vault.fetch })
        : sdks.run(sdk, feature, { right: through, wrong: through }),
    theirs: () => sdks.run(sdk, feature, { right: { apiKey: key, ...more }, wrong: { apiKey: wrong, ...more } }),
  }
  return Promise.all(parties.map((party) => ask[party]()))
}
