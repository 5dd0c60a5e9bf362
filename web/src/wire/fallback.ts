// fallback: what a page has for calls that the user has no key for: tokens for the app's keyhold-server.
import type { AppOffer } from '../protocol/messages'
import type { Connection } from './connection'
import type { IncomingCall } from './incoming'

/** An app's own key, for calls that the user has none for: whose server has it, and who its user is. */
export interface Fallback {
  /** Address of the keyhold-server. The vault's site must name the same one in its keyhold.config.json. */
  url: string
  /**
   * A token for whoever is logged in to the app (docs/server.md), asked for when a call is about to go by the app's key. Without
   * one the call is refused: 401, `ERR_NO_TOKEN`.
   */
  getToken(): string | null | Promise<string | null>
}

/** @param said  what the page knows of its user, beside */
export function offerOf(fallback: Fallback, said: Partial<AppOffer> = {}): AppOffer {
  return { server: fallback.url, chosen: false, newcomer: false, ...said }
}

/** Answers the worker when it asks for the call's token. What getToken() throws is for nobody: there is no token then. */
export function giveToken({ getToken }: Fallback, incoming: IncomingCall, connection: Connection): void {
  incoming.onToken = async () => {
    const token = await Promise.resolve()
      .then(getToken)
      .catch(() => null)
    const give = async (given: string | null) => connection.ask({ op: 'token', call: incoming.id, token: given })
    // What is no token is refused, or cannot be sent: the call is not to wait for another.
    await give(token || null).catch(() => give(null).catch(() => {}))
  }
}
