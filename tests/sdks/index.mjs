// index: the page's end of the comparison: every SDK's cases by name, each to be run with the vault's fetch or without.
// With the vault, the SDKs are made by the very lines that README.md shows.
import { clients } from 'readme'
import * as anthropic from './anthropic.mjs'
import { PROVIDERS } from './ai.mjs'
import * as google from './google.mjs'
import * as openai from './openai.mjs'
import { plainer } from './plain.mjs'

const SDKS = {
  openai: { package: openai.PACKAGE, client: openai.client, cases: openai.CASES },
  anthropic: { package: anthropic.PACKAGE, client: anthropic.client, cases: anthropic.CASES },
  google: { package: google.PACKAGE, client: google.client, cases: google.CASES },
  ...PROVIDERS,
}

globalThis.sdks = {
  list: () =>
    Object.entries(SDKS).flatMap(([sdk, { package: name, cases }]) =>
      Object.keys(cases).map((feature) => ({ sdk, package: name, feature })),
    ),
  /** What an SDK is made with: a key that opens, and one that does not. */
  run: (sdk, feature, { right, wrong }) => attempt(sdk, feature, SDKS[sdk].client(right), SDKS[sdk].client(wrong)),
  /** The same by way of two fetches of a vault. */
  runThrough: (sdk, feature, { right, wrong }) =>
    attempt(sdk, feature, clients({ fetch: right })[sdk], clients({ fetch: wrong })[sdk]),
}

/** @returns `{ gave }` or `{ thrown }`, as plain values */
async function attempt(sdk, feature, right, wrong) {
  const plain = plainer()
  const { cases, apart } = SDKS[sdk]
  try {
    return plain({ gave: await { ...cases, ...apart }[feature]({ [sdk]: right, ai: right, wrong }) })
  } catch (thrown) {
    return plain({ thrown })
  }
}
