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

/** Of the catalogue, which begins with those that most people look for. */
export function wellKnown(providers: ProviderInfo[], most: number): ProviderInfo[] {
  return providers.filter((one) => one.kind === 'catalogue' && !one.example && one.browser !== 'no').slice(0, most)
}

/** On this computer: http is allowed there. */
export function isLocal(base: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1)(:|\/)/.test(base)
}

/** A provider whose addresses this one would share; the vault refuses two for one address. */
export function overlapping(base: string, providers: ProviderInfo[]): ProviderInfo | null {
  const href = URL.canParse(base) ? new URL(base).href : base
  return providers.find((one) => !one.example && (one.base.startsWith(href) || href.startsWith(one.base))) ?? null
}

/**
 * The address somebody means who was shown this example: "my-name", for the name in "https://your-name.example/v1/", or
 * an address without the path that it needs.
 */
export function completed(typed: string, example: string): string {
  const name = /your-\w+/.exec(example)?.[0]
  if (name !== undefined && /^[\w-]+$/.test(typed)) return example.replace(name, typed.toLowerCase())
  const base = typed.endsWith('/') ? typed : `${typed}/`
  if (!URL.canParse(base) || !URL.canParse(example)) return base
  const { origin, pathname } = new URL(base)
  return pathname === '/' ? origin + new URL(example).pathname : base
}

function tint(id: string): number {
  let sum = 7
  for (const letter of id) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997
  return sum % TINTS
}
