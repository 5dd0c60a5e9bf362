// local-network: how the browser is made to ask the person whether this page may reach servers on this computer or in its
// network.
import { localWorkerUrl, type ScriptUrl } from '../trusted'

/** People read before they answer; some browsers never tell that nobody did. */
const ANSWER_WITHIN_MS = 120_000

/**
 * Asks `url`, without a key and without reading the answer. To be called on a click.
 * @param workerUrl where the worker is that asks, as filesAt() says it
 * @returns whether it was reached; false also when nobody answered the browser
 */
export function askForLocalNetwork(url: string, workerUrl: ScriptUrl | URL = localWorkerUrl): Promise<boolean> {
  const type = import.meta.env?.DEV ? 'module' : 'classic'
  const worker = new Worker(workerUrl as string | URL, { name: 'keyhold-local', type })
  return new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), ANSWER_WITHIN_MS)
    worker.addEventListener('message', ({ data }) => resolve(data === true))
    worker.addEventListener('error', () => resolve(false))
    worker.postMessage(url)
  }).finally(() => worker.terminate())
}
