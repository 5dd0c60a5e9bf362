// sdk-comparison: the tests of the SDKs that apps use: the same calls of the same stand-in, under the providers' own names, once
// with the vault's fetch and once with the browser's. What each gave and what each asked is compared, value by value. By which
// door an app comes to the vault is another's business.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plainer } from '../../sdks/plain.mjs'
import { listOf, sdkScript } from './sdks.mjs'
import { comparable } from './stand-in.mjs'

export const PROVIDERS = {
  openai: { provider: 'openai', host: 'api.openai.com' },
  anthropic: { provider: 'anthropic', host: 'api.anthropic.com' },
  google: { provider: 'google', host: 'generativelanguage.googleapis.com' },
  aiOpenai: { provider: 'openai', host: 'api.openai.com' },
  aiAnthropic: { provider: 'anthropic', host: 'api.anthropic.com' },
  aiGoogle: { provider: 'google', host: 'generativelanguage.googleapis.com' },
  aiMistral: { provider: 'mistral', host: 'api.mistral.ai' },
  aiGroq: { provider: 'groq', host: 'api.groq.com' },
  aiXai: { provider: 'xai', host: 'api.x.ai' },
}
export const PROVIDER_IDS = [...new Set(Object.values(PROVIDERS).map(({ provider }) => provider))]
const HOSTS = [...new Set(Object.values(PROVIDERS).map(({ host }) => host))]
/** At once, as they have nothing to do with each other. */
const HOSTS_AT_ONCE = 3

/** To try one while working: KEYHOLD_SDK=aiGroq. */
export const only = process.env.KEYHOLD_SDK
export const script = await sdkScript()
const list = await listOf(script)

/**
 * @param {object} door by which to come to the vault; the functions are called once the tests run
 * @param {() => Awaited<ReturnType<import('./stand-in.mjs').startStandIn>>} door.standIn
 * @param {(asked: Asked) => Promise<[object, object]>} door.both with the vault, and without
 * @param {(asked: Asked) => Promise<object>} door.ours with the vault alone
 * @param {() => Promise<void>} door.lock
 * @param {[number, string]} door.noKey status and code, where there is no key for a provider
 * @param {string} door.locked code of a locked vault
 * @typedef {{ sdk: string, feature: string, provider: string, more?: object }} Asked `more`: options README.md does not show
 * @returns {object[]} what was compared, as it comes; in the list's order once all has been
 */
export function compareSdks({ standIn, both, ours: oursAlone, lock, noKey, locked }) {
  const results = new Map()

  describe('with the vault and without, the same:', { concurrency: HOSTS_AT_ONCE }, () => {
    for (const host of HOSTS) {
      describe(host, { concurrency: 1 }, () => {
        const wanted = ({ sdk }) => PROVIDERS[sdk].host === host && [undefined, sdk].includes(only)
        for (const one of list.filter(wanted)) {
          test(`${one.sdk}: ${one.feature}`, { timeout: 60_000 }, async () => {
            const here = standIn().at(host)
            here.begin(`${one.sdk} ${one.feature}`)
            const [ours, theirs] = await both({ ...one, provider: PROVIDERS[one.sdk].provider })
            assert.deepEqual(ours, theirs)
            await here.settled()
            const direct = await asked(here, 'direct')
            assert.deepEqual(leftOut(await asked(here, 'vault'), direct), direct)
            const { thrown } = theirs
            results.set(one, {
              ...one,
              requests: here.seen('direct').length,
              thrown: thrown && [thrown.class, thrown.status],
            })
          })
        }
      })
    }
  })

  describe('beside the comparison', () => {
    test('headers of an SDK that fail a provider’s preflight in life fail here without the vault, and not with it', async () => {
      const here = standIn().at('api.mistral.ai')
      here.begin('preflight', { strict: true })
      const more = { baseURL: 'https://api.mistral.ai/v1', maxRetries: 0 }
      const [ours, theirs] = await both({ sdk: 'openai', feature: 'chat, streamed', provider: 'mistral', more })
      assert.equal(theirs.thrown?.class, 'APIConnectionError')
      assert.equal(here.seen('direct').length, 0)
      assert.ok(ours.gave.length > 3)
    })

    test('what the vault refuses is an answer with its reason, and no SDK repeats it', async () => {
      const of = { sdk: 'openai', feature: 'chat, whole', provider: 'openai' }
      for (const [baseURL, status, code] of [
        ['https://api.deepseek.com', ...noKey],
        ['https://api.nowhere.example/v1', 403, 'ERR_UNKNOWN_ENDPOINT'],
      ]) {
        const all = standIn().beginAll()
        const { thrown } = await oursAlone({ ...of, more: { baseURL } })
        assert.deepEqual([thrown.status, thrown.code], [status, code])
        assert.match(thrown.message, new RegExp(`^${status} `))
        assert.deepEqual(all.askedByVault(), [])
      }
    })

    test('where the network fails, `ai` says why and tries again: the vault’s TypeError has a cause', async () => {
      const here = standIn().at('api.openai.com')
      here.begin('no answer')
      const [ours, theirs] = await both({ sdk: 'aiOpenai', feature: 'no answer at all', provider: 'openai' })
      assert.equal(theirs.thrown.class, 'TypeError')
      assert.equal(ours.thrown.class, 'RetryError')
      assert.match(ours.thrown.message, /Cannot connect to API: .*\w{3}/)
      await here.settled()
      assert.deepEqual([here.seen('vault').length, here.seen('direct').length], [2, 1])
    })

    // Last: a locked vault stays so.
    test('a locked vault answers 423, once', async () => {
      const all = standIn().beginAll()
      await lock()
      const { thrown } = await oursAlone({ sdk: 'openai', feature: 'chat, whole', provider: 'openai' })
      assert.deepEqual([thrown.status, thrown.code], [423, locked])
      assert.deepEqual(all.askedByVault(), [])
    })
  })

  return { inOrder: () => list.flatMap((one) => results.get(one) ?? []) }
}

/** Which ids were made anew for each answer is no difference between two who asked. */
async function asked(here, lane) {
  return plainer()(await Promise.all(here.seen(lane).map(comparable)))
}

/** The one thing the vault adds to a question: it asks for usage where nobody did, and takes that out of the answer. */
function leftOut(ours, theirs) {
  return ours.map((request, i) => {
    const { stream_options: options, ...body } = request.body ?? {}
    const asks = options?.include_usage === true && body.stream === true
    return asks && theirs[i]?.body?.stream_options === undefined ? { ...request, body } : request
  })
}
