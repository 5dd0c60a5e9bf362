// kdf-worker: the script of the throw-away worker in which Argon2 runs: its memory can grow and never shrink, so it ends.
import { answerKdf } from './kdf'
import { startEngine } from './load-engine'

const scope = self as unknown as DedicatedWorkerGlobalScope

scope.addEventListener('message', ({ data }) => answerKdf(data, startEngine, () => scope.close()), { once: true })
