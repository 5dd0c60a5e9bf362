// login-provider: OpenRouter's login and exchange, as its documentation has them (openrouter.ai/docs, "OAuth PKCE"), for a
// browser that takes this machine for openrouter.ai. It checks S256 by itself and gives each code's key once.
import { createHash, randomBytes } from 'node:crypto'
import { allowReading, ANSWERED } from './providers.mjs'

/** @param {() => string} newKey */
export function openRouterLogin(newKey) {
  /** code -> the challenge it was made for */
  const codes = new Map()
  const exchanges = []
  /** What the next exchange answers in place of a key. */
  let otherwise = null
  /** Answers the next exchange in its own way. */
  let instead = null

  /** As startProviders() wants it: null for what is not its business. */
  function decide({ method, host, url, body }, outgoing) {
    if (host !== 'openrouter.ai') return null
    const { pathname, searchParams } = new URL(url, 'https://openrouter.ai')
    if (method === 'GET' && pathname === '/auth') return approve(searchParams, outgoing)
    if (method !== 'POST' || pathname !== '/api/v1/auth/keys') return null
    const answer = exchange(JSON.parse(body))
    exchanges.push(answer.status)
    if (instead === null) return answer
    const own = instead
    instead = null
    own(outgoing)
    return ANSWERED
  }

  /** The person has approved: back to where they came from, with a code beside what was there. */
  function approve(asked, outgoing) {
    const back = new URL(asked.get('callback_url'))
    const code = randomBytes(16).toString('hex')
    if (asked.get('code_challenge_method') !== 'S256') throw new Error('not S256')
    codes.set(code, asked.get('code_challenge'))
    back.searchParams.append('code', code)
    outgoing.writeHead(302, { location: back.href }).end()
    return ANSWERED
  }

  function exchange({ code, code_verifier: verifier, code_challenge_method: method }) {
    if (method !== 'S256') return refused(400, 'Invalid code_challenge_method')
    const challenge = codes.get(code)
    codes.delete(code)
    const proves = createHash('sha256').update(String(verifier)).digest('base64url') === challenge
    if (!proves) return refused(403, 'Invalid code or code_verifier')
    if (otherwise !== null) {
      const body = otherwise
      otherwise = null
      return { status: 200, body }
    }
    return { status: 200, body: { key: newKey(), user_id: 'user_1' } }
  }

  const refused = (status, message) => ({ status, body: { error: { message, code: status } } })
  return {
    decide,
    codes,
    exchanges,
    answerNext: (body) => (otherwise = body),
    /** The key is made, and its answer breaks off in the middle. */
    breakOffNext: () =>
      (instead = (outgoing) => {
        allowReading(outgoing)
        outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': '90' })
        outgoing.write('{"key":"sk-or-v1-', () => setTimeout(() => outgoing.destroy(), 50))
      }),
    /** The key is made, and nothing is answered. @returns when that is so */
    holdNext: () => new Promise((held) => (instead = () => held())),
  }
}
