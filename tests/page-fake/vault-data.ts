// vault-data: ways in and findings, for the page without a vault.
import type { Finding, SlotInfo } from '../../web/src/protocol/messages'

const DAY = 86_400_000
const now = Date.now()

const slot = (id: string, kind: SlotInfo['kind'], name: string, days: number): SlotInfo => ({
  id,
  kind,
  name,
  createdAt: now - days * DAY,
  damaged: false,
  ...(kind === 'passkey' && {
    passkey: {
      credential: new TextEncoder().encode(`credential of ${id}`),
      rp: 'localhost',
      salts: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)] as [Uint8Array, Uint8Array],
    },
  }),
})

const passphrase = slot('slot-passphrase', 'passphrase', '', 120)
const laptop = slot('slot-laptop', 'passkey', 'MacBook fingerprint', 100)
const phone = slot('slot-phone', 'passkey', '', 3)
const recovery = slot('slot-recovery', 'recovery', 'Paper in the safe', 119)

/** By the wish `slots`. */
export const SLOTS: Record<string, SlotInfo[]> = {
  one: [passphrase],
  norecovery: [passphrase, laptop],
  passkeys: [laptop, phone, recovery],
  all: [passphrase, laptop, phone, recovery],
}

export const FINDINGS: Finding[] = [
  { code: 'ERR_TAMPERED', kind: 'altered', purpose: 'record', id: 'k3' },
  { code: 'ERR_STALE_RECORD', kind: 'missing', purpose: 'record', id: 'b81fe2a09c' },
]
export const ROLLED_BACK: Finding[] = [
  { code: 'ERR_ROLLED_BACK', kind: 'rolled-back', purpose: 'manifest', id: 'manifest' },
]
