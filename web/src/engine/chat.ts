// chat: one question to a model as a stream of parts. Stops the provider when the reader stops.
import type { CallPart } from '../protocol/messages'
import type { Connection } from './connection'
import { giveToken, offerOf } from '../wire/fallback'
import type { ChatQuestion } from './engine'

const DEFAULT_MAX_TOKENS = 4096

/** Throws KeyholdError; on abort, the signal's reason. */
export async function* chat(
  current: () => Promise<Connection>,
  question: ChatQuestion,
): AsyncGenerator<CallPart, void> {
  const { key = null, app = null, model, messages, maxTokens = DEFAULT_MAX_TOKENS, signal } = question
  signal?.throwIfAborted()
  const connection = await current()
  const incoming = connection.beginCall()
  const stop = () => incoming.abort(signal?.reason)
  signal?.addEventListener('abort', stop)
  if (app !== null) giveToken(app.fallback, incoming, connection)
  const chosen = app && { provider: app.provider, offer: offerOf(app.fallback, { chosen: true }) }
  connection
    .ask({ op: 'chat', call: incoming.id, key, app: chosen, model, messages, maxTokens })
    .catch((error: unknown) => incoming.fail(error))
  try {
    for (let part = await incoming.next(); part !== null; part = await incoming.next()) yield part
  } finally {
    signal?.removeEventListener('abort', stop)
    incoming.abort()
  }
}
