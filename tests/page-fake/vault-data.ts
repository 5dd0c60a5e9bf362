// vault-data: ways in, findings, a log and things to import, for the page without a vault.
import type { AuditEntry, AuditTrail, Finding, ImportItem, KeyInfo, SlotInfo } from '../../web/src/protocol/messages'

const DAY = 86_400_000
const now = Date.now()

const slot = (id: string, kind: SlotInfo['kind'], name: string, days: number): SlotInfo => ({
  id,
  kind,
  name,
  createdAt: now - days * DAY,
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

/** One of each state; the first two beside keys that the vault may hold. */
export function importItems(held: KeyInfo[]): ImportItem[] {
  const item = (provider: string, label: string, hint: string, rest: Partial<ImportItem> = {}): ImportItem => ({
    provider,
    label,
    hint,
    base: `https://api.${provider}.com/v1/`,
    state: 'new',
    key: null,
    unknownProvider: false,
    ...rest,
  })
  const [first, second] = held
  return [
    item('openai', 'Personal', 'x7Qf', first === undefined ? {} : { state: 'same', key: first.id }),
    item('openai', 'Work', '4tGh', second === undefined ? {} : { state: 'differs', key: second.id }),
    item('mistral', 'Side project', 'p0Zx'),
    item('old-gateway', 'Gateway of 2024', 'aa11', { unknownProvider: true, base: 'https://gw.example/v1/' }),
  ]
}

export function auditTrail(broken: boolean): AuditTrail {
  const entries: AuditEntry[] = []
  const add = (hoursAgo: number, action: AuditEntry['action'], rest: Partial<AuditEntry> = {}) =>
    entries.push({
      seq: 41 + entries.length,
      at: now - hoursAgo * 3_600_000,
      action,
      code: 'ok',
      provider: null,
      subject: null,
      label: null,
      count: null,
      ...rest,
    })
  add(900, 'create')
  add(899, 'key-add', { provider: 'openai', subject: 'k1', label: 'Personal' })
  add(898, 'slot-add', { subject: 'slot-recovery', label: 'Paper in the safe' })
  add(700, 'slot-add', { subject: 'slot-laptop', label: 'MacBook fingerprint' })
  add(400, 'key-check', { provider: 'google', subject: 'k4', label: 'My old one', code: 'ERR_BAD_KEY' })
  add(120, 'use', { provider: 'anthropic', subject: 'k3', label: 'Main', count: 214 })
  add(76, 'unlock-failed', { code: 'ERR_CANNOT_UNLOCK' })
  add(75.9, 'unlock', { subject: 'slot-passphrase' })
  add(75, 'use', { provider: 'openai', subject: 'k2', label: 'Work: the shared one of the research team', count: 3 })
  add(50, 'export')
  add(26, 'use', { provider: 'anthropic', subject: 'k3', label: 'Main', count: 41 })
  add(3, 'settings')
  add(0.3, 'unlock', { subject: 'slot-laptop', label: 'MacBook fingerprint' })
  return { entries, firstSeq: 41, verified: broken ? { ok: false, broken: 47 } : { ok: true } }
}
