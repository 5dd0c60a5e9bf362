// hosted: how are workers started where the host sends no headers? The policy is in the page then, and a worker that is made of a
// file has none. One that is made of a blob has its page's.
import { blobWorkerUrl, kdfWorkerUrl, vaultWorkerUrl, type ScriptUrl } from '../trusted'
import { KeyholdError } from '../wire/error'
import type { ConnectOptions } from './launch'

/** web/hosting/settings.mjs puts it there. */
export const policyIsInPage = (): boolean => document.querySelector('meta[name=keyhold-policy]') !== null

/** ERR_WORKER; TypeError when the network fails. */
export async function workersHere(): Promise<ConnectOptions> {
  if (!policyIsInPage()) return {}
  const [workerUrl, kdfUrl] = await Promise.all([withPolicy(vaultWorkerUrl), withPolicy(kdfWorkerUrl)])
  // No other page could join a worker that is made of this page's blob.
  return { workerUrl, kdfWorkerUrl: kdfUrl, shared: false }
}

async function withPolicy(url: ScriptUrl): Promise<ScriptUrl> {
  const answer = await fetch(String(url))
  if (!answer.ok) throw new KeyholdError('ERR_WORKER')
  return blobWorkerUrl(await answer.text())
}
