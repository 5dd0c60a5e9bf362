// receipts: what the app's server signed that a call cost: asked for once the call is over, checked, and kept. Nobody waits.
import type { EngineBuffer, ReceiptErrand, Signed } from './engine-module'
import { CHECK_LIMITS, exchange } from './exchange'
import { take } from './failure'
import type { Vault } from './vault'

const ASK_FOR_KEYS = 1
const OVER = 3

/** @returns the server's keys, as it said; null if there is no receipt */
export async function fetchReceipt(
  vault: Vault,
  begun: ReceiptErrand,
  token: EngineBuffer,
  signal: AbortSignal,
): Promise<string | null> {
  let errand = begun
  while (errand[0] <= ASK_FOR_KEYS) {
    const [, waitMs] = errand
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    const call = vault.heap.hold(take(vault.engine.receipt('ask', errand, token)))
    // What came of it is in the call. After a lock there is no engine to ask.
    await exchange(call, vault.net, CHECK_LIMITS, signal).catch((error: unknown) => vault.crash(error))
    errand = vault.engine.receipt('read', errand, call)
    vault.heap.release(call)
  }
  if (errand[0] === OVER) return null
  const holds = await verified(vault.engine.receipt('check', errand))
  await vault.storage.changeUsage(
    () => vault.engine.receipt('rows'),
    (_, stored) => vault.engine.receipt('keep', errand, holds, stored, vault.now()),
  )
  return errand[2]
}

/** Null: there is nothing to verify, or this browser cannot. */
async function verified(signed: Signed | null): Promise<boolean | null> {
  if (signed === null) return null
  try {
    const [text, signature, key] = signed
    const known = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
    return await crypto.subtle.verify('Ed25519', known, signature, text)
  } catch {
    return null
  }
}
