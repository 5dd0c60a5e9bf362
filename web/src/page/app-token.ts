// app-token: who is logged in to the app, as its site says it: the token that its server takes.
import type { Fallback } from '../engine'
import type { SiteServer } from '../protocol/messages'

/** A token is asked for again before it ends; apps give them for minutes. */
const TOKEN_KEPT_MS = 60_000

/** @param tokenUrl  of this site, relative to its configuration; null: the page has no tokens */
export function fallbackTo({ url, tokenUrl }: SiteServer): Fallback {
  let kept: { token: string; until: number } | null = null
  return {
    url,
    async getToken() {
      if (tokenUrl === undefined) return null
      if (kept !== null && Date.now() < kept.until) return kept.token
      const response = await fetch(new URL(tokenUrl, document.baseURI), { cache: 'no-store' })
      const { token } = (response.ok ? await response.json() : {}) as { token?: unknown }
      if (typeof token !== 'string') return null
      kept = { token, until: Date.now() + TOKEN_KEPT_MS }
      return token
    },
  }
}
