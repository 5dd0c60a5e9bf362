// providers: what does a provider look like in a list?
import type { ProviderInfo } from '../protocol/messages'

export interface Look {
  name: string
  host: string
  initial: string
  /** One of the tints of styles.css. */
  tile: string
}

const TINTS = 6

export function look(id: string, provider: ProviderInfo | null, base = ''): Look {
  const name = provider?.name ?? id
  const url = provider?.base ?? base
  return { name, host: hostOf(url), initial: [...name][0]?.toUpperCase() ?? '?', tile: `tile-${tint(id)}` }
}

/** "api.openai.com", "localhost:11434". */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}

/** A provider whose addresses this one would share; the vault refuses two for one address. */
export function overlapping(base: string, providers: ProviderInfo[]): ProviderInfo | null {
  const href = URL.canParse(base) ? new URL(base).href : base
  return providers.find((one) => one.base.startsWith(href) || href.startsWith(one.base)) ?? null
}

function tint(id: string): number {
  let sum = 7
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997
  return sum % TINTS
}
