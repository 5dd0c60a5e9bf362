// vault-worker: the script of the vault worker: a SharedWorker where there are such, else one worker per tab.
import { onlineWatch, PolicyWatch } from './evidence'
import type { ServedPort } from './serve'
import { VaultWorker } from './vault-host'

const scope = self as unknown as (SharedWorkerGlobalScope | DedicatedWorkerGlobalScope) & ServedPort

const tick = () => performance.now()

const host = new VaultWorker({
  net: {
    // Taken once, before any other code runs.
    send: fetch.bind(globalThis),
    policy: new PolicyWatch(scope),
    online: onlineWatch(scope, tick),
    now: () => Date.now(),
    tick,
  },
  locks: navigator.locks,
  channel: new BroadcastChannel('keyhold-lock'),
  close: () => scope.close(),
})

if ('onconnect' in scope) {
  scope.addEventListener('connect', ({ ports }) => {
    if (ports[0]) host.admit(ports[0], { is: 'manage' })
  })
} else {
  host.admit(scope, { is: 'manage' })
}
