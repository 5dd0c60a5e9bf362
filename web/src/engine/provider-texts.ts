// provider-texts: what is told to a person about the providers of the catalogue. It decides nothing, so it stays out of
// engine.wasm: the build takes it from wasm/catalogue/providers.json, beside which the engine keeps the rest.
import type { ProviderInfo } from '../protocol/messages'

type ProviderTexts = Pick<
  ProviderInfo,
  'steps' | 'consoleUrl' | 'docsUrl' | 'keyPrefixes' | 'suggestedModel' | 'browser' | 'browserNote'
>

declare const __KEYHOLD_PROVIDER_TEXTS__: Record<string, ProviderTexts> | undefined

const TEXTS = typeof __KEYHOLD_PROVIDER_TEXTS__ === 'object' ? __KEYHOLD_PROVIDER_TEXTS__ : {}

export function withTexts(provider: ProviderInfo): ProviderInfo {
  const id = provider.kind === 'catalogue' ? provider.id : provider.kind === 'custom' ? provider.like : undefined
  return id === undefined ? provider : { ...provider, ...TEXTS[id] }
}
