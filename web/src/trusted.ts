// trusted: which script URLs this site may start workers from. The only Trusted Types policy, for exactly these files.
import { default as kdfWorkerFile } from './worker/kdf-worker.ts?worker&url'
import { default as localWorkerFile } from './worker/local-worker.ts?worker&url'
import { default as vaultWorkerFile } from './worker/vault-worker.ts?worker&url'

/** What a TrustedScriptURL is to TypeScript, whose DOM library does not know it yet. */
export type ScriptUrl = string | { toString(): string; readonly __trustedScriptUrl?: never }

interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): ScriptUrl }
}

/** Made by web/hosting, beside the page. */
const serviceWorkerFile = './service-worker.js'

const ours = [vaultWorkerFile, kdfWorkerFile, localWorkerFile, serviceWorkerFile]

const rules = {
  createScriptURL(url: string): string {
    if (!ours.includes(url)) throw new TypeError('not one of our scripts')
    return url
  },
}

const factory = (globalThis as { trustedTypes?: PolicyFactory }).trustedTypes
const policy = factory === undefined ? rules : factory.createPolicy('keyhold-url', rules)

export const vaultWorkerUrl: ScriptUrl = policy.createScriptURL(vaultWorkerFile)
export const kdfWorkerUrl: ScriptUrl = policy.createScriptURL(kdfWorkerFile)
export const localWorkerUrl: ScriptUrl = policy.createScriptURL(localWorkerFile)
export const serviceWorkerUrl: ScriptUrl = policy.createScriptURL(serviceWorkerFile)

/** Of the text of one of these files: a worker with the policy of this page. */
export function blobWorkerUrl(script: string): ScriptUrl {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  ours.push(url)
  return policy.createScriptURL(url)
}
