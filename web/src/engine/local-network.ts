// local-network: how the browser is made to ask the person whether this page may reach servers on this computer or in its
// network.
import { localWorkerUrl } from '../trusted'

/** People read before they answer; some browsers never tell that nobody did. */
const ANSWER_WITHIN_MS = 120_000

/**
 * Asks `url`, without a key and without reading the answer. To be called on a click.
 * @returns whether it was reached; false also when nobody answered the browser
 */
export function askForLocalNetwork(url: string): Promise<boolean> {
  const type = import.meta.env?.DEV ? 'module' : 'classic'
  const worker = new Worker(localWorkerUrl as string | URL, { name: 'keyhold-local', type })
  return new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), ANSWER_WITHIN_MS)
    worker.addEventListener('message', ({ data }) => resolve(data === true))
    worker.addEventListener('error', () => resolve(false))
    worker.postMessage(url)
  }).finally(() => worker.terminate())
}
