// logins: how does a login at a provider, which happens in another tab, come back to this one? That tab ends at
// callback.html (callback.ts), which says over a channel of this origin what it was given.
import type { LoginChannel, LoginHeard, LoginNews } from './callback'

const CHANNEL: LoginChannel = 'keyhold-login'

/** Kept out of Alpine's data, whose proxies it does not survive. */
let channel: BroadcastChannel | null = null

/** Only one login is waited for: the last one. */
export function awaitLogin(state: string, tell: (news: LoginNews) => void): void {
  stopAwaiting()
  const own = (channel = new BroadcastChannel(CHANNEL))
  own.addEventListener('message', ({ data }: MessageEvent<LoginNews | LoginHeard>) => {
    // Another tab's login is that tab's.
    if (!('state' in data) || data.state !== state) return
    own.postMessage({ heard: state } satisfies LoginHeard)
    stopAwaiting()
    tell(data)
  })
}

export function stopAwaiting(): void {
  channel?.close()
  channel = null
}

/** What callback.html shows to be copied where nobody answered it. */
export function readLoginCode(pasted: string): { state: string; code: string } | null {
  const [, state, code] = /^\s*([\w-]{43})\.([!-~]+)\s*$/.exec(pasted) ?? []
  return state === undefined || code === undefined ? null : { state, code }
}
