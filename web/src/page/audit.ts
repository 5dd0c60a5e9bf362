// audit: what has been done with this vault, in words; which of it is looked for; and the file of it.
import { ERROR_TEXT } from '../protocol/errors'
import type { AuditAction, AuditEntry, AuditTrail } from '../protocol/messages'

export type ActionGroup = 'keys' | 'use' | 'access' | 'files' | 'vault'

export const GROUPS: Record<ActionGroup, { name: string; actions: AuditAction[] }> = {
  keys: {
    name: 'Keys added and changed',
    actions: [
      'key-add',
      'key-replace',
      'key-label',
      'key-delete',
      'key-default',
      'key-expires',
      'key-caps',
      'key-order',
      'failover',
      'failover-end',
      'grant',
      'grant-end',
      'app-key',
      'endpoint-add',
      'endpoint-remove',
    ],
  },
  use: { name: 'Keys used and checked', actions: ['use', 'key-check', 'key-reflected', 'receipt-refused'] },
  access: {
    name: 'Unlocking and ways in',
    actions: ['unlock', 'unlock-failed', 'slot-add', 'slot-remove', 'slot-name', 'passphrase-change', 'root-rotate'],
  },
  files: { name: 'Backup and restore', actions: ['export', 'import', 'auto-save', 'auto-save-end'] },
  vault: { name: 'Vault and settings', actions: ['create', 'repair', 'trail-restart', 'settings'] },
}

const DONE: Record<AuditAction, string> = {
  create: 'Vault made',
  unlock: 'Unlocked',
  'unlock-failed': 'Wrong attempt to unlock',
  'key-add': 'Key added',
  'key-replace': 'Key updated',
  'key-label': 'Key renamed',
  'key-delete': 'Key deleted',
  'key-default': 'Made the default key',
  'key-check': 'Key checked',
  'key-expires': 'Expiry date set',
  'key-caps': 'Spending cap changed',
  'key-order': 'Keys put in order',
  use: 'Key used',
  'slot-add': 'Way in added',
  'slot-remove': 'Way in removed',
  'slot-name': 'Way in renamed',
  'passphrase-change': 'Passphrase changed',
  'root-rotate': 'Everything sealed anew',
  export: 'Backup made',
  import: 'Keys restored',
  repair: 'Damage repaired',
  'endpoint-add': 'Own server added',
  'endpoint-remove': 'Own server removed',
  settings: 'Settings changed',
  'trail-restart': 'Record begun anew: the entries before were lost with their database',
  'key-reflected': 'Answer stopped: it held the key itself',
  'auto-save': 'Backup file kept up to date from here on',
  'auto-save-end': 'Backup file not kept up to date any more',
  failover: 'Keys may stand in for each other',
  'failover-end': 'Keys stand in for each other no longer',
  grant: 'Page allowed to use keys',
  'grant-end': 'Page not allowed any more',
  'app-key': 'When the app’s own key is used, changed',
  'receipt-refused': 'Receipt of this app’s server refused',
}

export function actionWords({ action, count, label = '' }: Pick<AuditEntry, 'action' | 'count' | 'label'>): string {
  if (action === 'export' && label !== '') return 'Keys copied for a page'
  if (action === 'use') return `Key used ${count === 1 ? 'once' : `${count} times`} that day`
  // An action a newer version wrote is shown by its own name, not left out.
  return DONE[action] ?? action
}

/** An attempt refused is a failure though the entry itself was written. */
export function failed({ action, code }: Pick<AuditEntry, 'action' | 'code'>): boolean {
  return code !== 'ok' || action === 'unlock-failed' || action === 'receipt-refused'
}

export function outcomeWords({ action, code }: Pick<AuditEntry, 'action' | 'code'>): string {
  if (code === 'ok' || action === 'unlock-failed') return ''
  return ERROR_TEXT[code]?.sentence ?? code
}

export interface AuditFilter {
  group: ActionGroup | ''
  /** A provider's id, or ''. */
  provider: string
  failuresOnly: boolean
  text: string
}

export const NO_FILTER: AuditFilter = { group: '', provider: '', failuresOnly: false, text: '' }

/** Newest first. `name` tells what a provider is called, so that it can be searched for by that. */
export function filtered(entries: AuditEntry[], filter: AuditFilter, name: (provider: string) => string): AuditEntry[] {
  const actions = filter.group === '' ? null : new Set(GROUPS[filter.group].actions)
  const wanted = filter.text.trim().toLowerCase()
  const found = entries.filter((entry) => {
    if (actions !== null && !actions.has(entry.action)) return false
    if (filter.provider !== '' && entry.provider !== filter.provider) return false
    if (filter.failuresOnly && !failed(entry)) return false
    if (wanted === '') return true
    const provider = entry.provider ?? ''
    return [actionWords(entry), entry.label ?? '', provider, name(provider), outcomeWords(entry), String(entry.seq)]
      .join('\n')
      .toLowerCase()
      .includes(wanted)
  })
  return found.sort((a, b) => b.seq - a.seq)
}

/** Whether the record can be relied on. */
export function chainWords({ verified, entries, firstSeq }: AuditTrail): {
  good: boolean
  sentence: string
  next: string
} {
  if (verified.ok) {
    return entries.length === 0
      ? { good: true, sentence: 'Nothing has been recorded yet.', next: '' }
      : { good: true, sentence: `Complete and unaltered since entry ${firstSeq}.`, next: '' }
  }
  return {
    good: false,
    sentence: `Broken at entry ${verified.broken}: it does not fit the one before it.`,
    next:
      'Something outside Keyhold changed or removed a part of this record. What is listed before that entry is as it was ' +
      'written; do not rely on the rest. If you did not do that yourself, change your keys at the providers.',
  }
}

export function trimmedWords({ firstSeq }: AuditTrail): string {
  const gone = firstSeq - 1
  if (gone <= 0) return ''
  return gone === 1
    ? 'The oldest entry was dropped to make room.'
    : `The ${new Intl.NumberFormat('en').format(gone)} oldest entries were dropped to make room.`
}

/** One JSON object a line, oldest first, and in the last line what the vault found when it verified them. */
export function jsonLines({ entries, firstSeq, verified }: AuditTrail, exportedAt: number): string {
  const lines = entries
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ at, ...rest }) => ({ ...rest, at: new Date(at).toISOString() }))
    .map((entry) => JSON.stringify(entry))
  const summary = {
    verification: {
      ok: verified.ok,
      ...(verified.ok ? {} : { brokenAtSeq: verified.broken }),
      entries: entries.length,
      firstSeq,
      lastSeq: entries.reduce((last, { seq }) => Math.max(last, seq), 0) || null,
      exportedAt: new Date(exportedAt).toISOString(),
    },
  }
  return [...lines, JSON.stringify(summary), ''].join('\n')
}
