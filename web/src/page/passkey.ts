// passkey: a passkey that can open a vault gives a secret of its own, the same for the same question (WebAuthn's `prf`).
import type { WayIn } from '../engine'
import { KeyholdError } from '../engine/error'
import type { NewPasskey, SlotInfo } from '../protocol/messages'
import { Told } from './text'

export interface Created {
  credential: Uint8Array
  rp: string
  /** Both results, one after the other. */
  prf: Uint8Array
}

const CHALLENGE_BYTES = 32
/** ES256, EdDSA, RS256: what devices offer. The signature itself is not used. */
const ALGORITHMS = [-7, -8, -257]

/** @returns why there can be no passkeys on this page, or '' where there can. */
export function whyNoPasskeys(): string {
  if (!isSecureContext || typeof PublicKeyCredential !== 'function' || navigator.credentials === undefined)
    return 'This browser offers no passkeys here.'
  if (/^[\d.]+$|:/.test(location.hostname))
    return 'Passkeys belong to a name, and this page was opened by a number. Open it as “localhost” or by its domain.'
  return ''
}

/** @returns null when the person called it off. ERR_PASSKEY_PRF for one that gives no secret. */
export async function createPasskey({ userId, salts }: NewPasskey, others: SlotInfo[]): Promise<Created | null> {
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { id: location.hostname, name: `Keyhold on ${location.host}` },
        user: { id: own(userId), name: `Keyhold vault (${location.host})`, displayName: 'Keyhold vault' },
        challenge: crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES)),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        excludeCredentials: here(others).map(({ credential }) => ({ type: 'public-key', id: own(credential) })),
        attestation: 'none',
        extensions: { prf: { eval: { first: own(salts[0]), second: own(salts[1]) } } },
      },
    }),
  )
  if (made === null) return null
  const credential = new Uint8Array(made.rawId)
  // Many give their secret only when they are used, not when they are made.
  const prf = secretOf(made) ?? (await usePasskeys([{ id: '', credential, rp: location.hostname, salts }]))?.prf
  if (prf === undefined) return null
  return { credential, rp: location.hostname, prf }
}

/** Asks for any of these. @returns null when the person called it off, or has none of them at hand. */
export async function presentPasskey(slots: SlotInfo[]): Promise<(WayIn & { passkey: string }) | null> {
  const used = await usePasskeys(here(slots))
  return used === null ? null : { passkey: used.id, prf: used.prf }
}

interface Known {
  id: string
  credential: Uint8Array
  rp: string
  salts: [Uint8Array, Uint8Array]
}

/** Those made on this address; others cannot be used here. */
function here(slots: SlotInfo[]): Known[] {
  return slots.flatMap(({ id, passkey }) => (passkey?.rp === location.hostname ? [{ id, ...passkey }] : []))
}

async function usePasskeys(known: Known[]): Promise<{ id: string; prf: Uint8Array } | null> {
  if (known.length === 0)
    throw new Told('No passkey of this vault was made on this address.', 'Open the vault in another way.')
  const evalByCredential = Object.fromEntries(
    known.map(({ credential, salts: [first, second] }) => [
      base64url(credential),
      { first: own(first), second: own(second) },
    ]),
  )
  const used = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        rpId: location.hostname,
        challenge: crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES)),
        allowCredentials: known.map(({ credential }) => ({ type: 'public-key', id: own(credential) })),
        userVerification: 'required',
        extensions: { prf: { evalByCredential } },
      },
    }),
  )
  if (used === null) return null
  const name = base64url(new Uint8Array(used.rawId))
  const found = known.find(({ credential }) => base64url(credential) === name)
  const prf = secretOf(used)
  if (found === undefined || prf === null) throw new KeyholdError('ERR_PASSKEY_PRF')
  return { id: found.id, prf }
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await ask()) as PublicKeyCredential | null
  } catch (error) {
    const name = error instanceof DOMException ? error.name : ''
    // The browser does not tell "called off" from "none at hand" or "took too long", on purpose.
    if (name === 'NotAllowedError' || name === 'AbortError') return null
    if (name === 'InvalidStateError')
      throw new Told('This device already has a passkey for this vault.', 'Use that one.')
    if (name === 'SecurityError')
      throw new Told('The browser does not allow passkeys on this address.', 'Use the passphrase.')
    throw new Told('The browser could not use a passkey.', 'Try again, or use another device or browser.')
  }
}

/** Both results as one, the parts wiped; null where there are none. */
function secretOf(credential: PublicKeyCredential): Uint8Array | null {
  const { first, second } = credential.getClientExtensionResults().prf?.results ?? {}
  if (first === undefined || second === undefined) return null
  const parts = [first, second].map((part) =>
    ArrayBuffer.isView(part) ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part),
  )
  const secret = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    secret.set(part, at)
    at += part.length
    part.fill(0)
  }
  return secret
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
