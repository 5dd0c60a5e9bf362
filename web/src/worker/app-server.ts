// app-server: the site's keyhold-server, as far as it is asked for its own sake. Calls by it are calls like any other.
import type { AskOf, ServerAnswer } from '../protocol/messages'
import { ALONE } from './exchange'
import { Failure } from './failure'
import type { Vault } from './vault'

const MAX_ANSWER_BYTES = 64 * 1024
const WITHIN_MS = 20_000

/** Whatever it answers is an answer. ERR_NOT_PERMITTED_BY_SITE where the site has none, ERR_TIMEOUT, ERR_BLOCKED, ERR_TOO_LARGE. */
export async function askServer({ path, token, body }: AskOf<'server'>, vault: Vault): Promise<ServerAnswer> {
  if (vault.server === null) throw new Failure('ERR_NOT_PERMITTED_BY_SITE')
  const signal = AbortSignal.timeout(WITHIN_MS)
  try {
    const response = await vault.net.send(new URL(path, vault.server.url.replace(/\/?$/, '/')), {
      method: body === null ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body,
      ...ALONE,
      signal,
    })
    const text = await response.text()
    if (text.length > MAX_ANSWER_BYTES) throw new Failure('ERR_TOO_LARGE')
    return { status: response.status, body: text }
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(signal.aborted ? 'ERR_TIMEOUT' : 'ERR_BLOCKED')
  }
}
