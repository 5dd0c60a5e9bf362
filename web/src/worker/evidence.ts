// evidence: what can be seen from here when fetch itself failed. What it means is the engine's to say.
import type { NetworkEvidence } from './engine-module'
import { localNetworkOf, localWithheld } from './local-network'
import { forbids } from './own-policy'

/** A violation is reported in a task of its own, shortly after the fetch it belongs to has failed. */
const REPORT_WITHIN_MS = 50
const PROBE_WITHIN_MS = 5_000
const REMEMBERED = 16

/** The events of the worker's own Content-Security-Policy. */
export class PolicyWatch {
  readonly #origins: string[] = []
  readonly #waiting = new Set<() => void>()

  constructor(scope: EventTarget) {
    scope.addEventListener('securitypolicyviolation', (event) => {
      const origin = originOf((event as Event & { blockedURI?: string }).blockedURI ?? '')
      if (origin === null) return
      this.#origins.push(origin)
      if (this.#origins.length > REMEMBERED) this.#origins.shift()
      for (const wake of [...this.#waiting]) wake()
    })
  }

  /** Was a request to this address, which has just failed, stopped by the policy? */
  async blocked(url: string): Promise<boolean> {
    const origin = originOf(url)
    if (origin === null) return false
    if (this.#forget(origin)) return true
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(limit)
        this.#waiting.delete(wake)
        resolve()
      }
      const limit = setTimeout(wake, REPORT_WITHIN_MS)
      this.#waiting.add(wake)
    })
    return this.#forget(origin)
  }

  #forget(origin: string): boolean {
    const at = this.#origins.indexOf(origin)
    if (at >= 0) this.#origins.splice(at, 1)
    return at >= 0
  }
}

/** Has the device been online ever since that tick? One that came back in time to be asked was not there for the call. */
export function onlineWatch(scope: EventTarget, tick: () => number): (since: number) => boolean {
  let lostAt = -Infinity
  scope.addEventListener('offline', () => (lostAt = tick()))
  return (since) => navigator.onLine && lostAt < since
}

/** Looks in this order, and asks the network only when the nearer causes are ruled out. */
export async function gather(
  asked: string,
  probeUrl: () => string,
  send: typeof fetch,
  policy: PolicyWatch,
  online: () => boolean,
): Promise<NetworkEvidence> {
  const seen: NetworkEvidence = {
    online: online(),
    probeReached: null,
    blockedByPolicy: await policy.blocked(asked),
    localWithheld: false,
  }
  // This computer answers itself, connected or not.
  if (!seen.blockedByPolicy && (online() || localNetworkOf(asked) === 'loopback-network')) {
    seen.probeReached = await probe(send, probeUrl())
    if (!seen.probeReached) {
      // WebKit tells a shared worker of no violation (2.50, measured): the policy itself is looked at.
      seen.blockedByPolicy = forbids(await ownPolicy(send), asked)
      seen.localWithheld = await localWithheld(asked)
    }
  }
  seen.online = online()
  return seen
}

/** Carries no key, so it may follow a redirect, which a no-cors request must. */
async function probe(send: typeof fetch, url: string): Promise<boolean> {
  try {
    await send(url, {
      mode: 'no-cors',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
      signal: AbortSignal.timeout(PROBE_WITHIN_MS),
    })
    return true
  } catch {
    return false
  }
}

/** The policy this worker's script came with; '' where it cannot be read. */
async function ownPolicy(send: typeof fetch): Promise<string> {
  try {
    const signal = AbortSignal.timeout(PROBE_WITHIN_MS)
    const { headers } = await send(location.href, { method: 'HEAD', cache: 'force-cache', signal })
    return headers.get('content-security-policy') ?? ''
  } catch {
    return ''
  }
}

/**
 * Does a policy hold this worker? `data:` is never in ours, and a request to it leaves the machine under no policy at all.
 */
export async function policyMissing(send: typeof fetch): Promise<boolean> {
  try {
    await send('data:,canary')
    return true
  } catch {
    return false
  }
}

function originOf(url: string): string | null {
  try {
    return new URL(url).origin
  } catch {
    return null
  }
}
