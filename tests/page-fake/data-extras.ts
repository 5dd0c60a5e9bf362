// data-extras: what the page without a vault keeps, restores and records.
import type { AuditAction, AuditEntry, AuditTrail, ImportPreview, KeyInfo } from '../../web/src/protocol/messages'

const DAY = 86_400_000
const now = Date.now()

/** Laid over MANY_KEYS by ?extras. */
export const KEY_EXTRAS: Record<string, Partial<KeyInfo>> = {
  k1: { expiresAt: now + 200 * DAY },
  k2: { expiresAt: now + 5 * DAY },
  k3: { lastUsedAt: now - 118 * DAY },
  k4: { expiresAt: now - 3 * DAY },
}

const nothing = { hint: '', base: '', key: null, unknownProvider: false }
export const PREVIEW: ImportPreview = {
  madeAt: now - 20 * DAY,
  skippedLines: [],
  items: [
    { ...nothing, provider: 'mistral', label: 'Main', hint: 'm9Qa', base: 'https://api.mistral.ai/v1/', state: 'new' },
    { ...nothing, provider: 'groq', label: 'Fast one', hint: '77xZ', base: 'https://api.groq.com/v1/', state: 'new' },
    { ...nothing, provider: 'openai', label: 'Personal', hint: 'x7Qf', state: 'same', key: 'k1' },
    { ...nothing, provider: 'anthropic', label: 'Main, renewed', hint: 'ZZ4d', state: 'differs', key: 'k3' },
    {
      ...nothing,
      provider: 'acme-inference',
      label: 'Work',
      hint: 'f00d',
      base: 'https://api.acme-inference.example/v1/',
      state: 'new',
      unknownProvider: true,
    },
  ],
}
export const ENV_PREVIEW: ImportPreview = {
  madeAt: null,
  skippedLines: [1, 4, 9],
  items: [
    { ...nothing, provider: 'openai', label: 'OPENAI_API_KEY', hint: 'e5T1', state: 'new' },
    { ...nothing, provider: 'xai', label: 'XAI_API_KEY', hint: '0pQr', state: 'new' },
  ],
}

const USUAL: [AuditAction, Partial<AuditEntry>][] = [
  ['unlock', {}],
  ['use', { provider: 'openai', subject: 'k1', label: 'Personal', count: 41 }],
  ['key-check', { provider: 'google', subject: 'k4', label: 'My old one', code: 'ERR_BAD_KEY' }],
  ['use', { provider: 'anthropic', subject: 'k3', label: 'Main', count: 1 }],
  ['key-label', { provider: 'openai', subject: 'k2', label: 'Work: the shared one of the research team' }],
  ['unlock-failed', { code: 'ERR_CANNOT_UNLOCK' }],
  ['export', {}],
  ['key-add', { provider: 'openrouter', subject: 'k5', label: 'Main' }],
  ['slot-add', { subject: 's2', label: 'Laptop' }],
  ['settings', {}],
]

/** @param how 'many': 10,000 after trimming; 'broken'; 'empty' */
export function trail(how: string | null): AuditTrail {
  if (how === 'empty') return { entries: [], firstSeq: 1, verified: { ok: true } }
  const count = how === 'many' ? 10_000 : 64
  const firstSeq = how === 'many' ? 2_346 : 1
  const entries = Array.from({ length: count }, (_, index): AuditEntry => {
    const first = firstSeq === 1 && index === 0
    const [action, rest] = first ? (['create', {}] as const) : (USUAL[index % USUAL.length] ?? ['unlock', {}])
    const seq = firstSeq + index
    const at = now - (count - index) * 0.37 * DAY
    return { seq, at, action, code: 'ok', provider: null, subject: null, label: null, count: null, ...rest }
  })
  return { entries, firstSeq, verified: how === 'broken' ? { ok: false, broken: 37 } : { ok: true } }
}
