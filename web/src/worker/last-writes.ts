// last-writes: what a lock still has to write: sealed while there are keys, written when there are none.
import type { AutoSave } from './auto-save'
import type { Copy } from './copy'
import type { Plan, Row } from './engine-module'
import type { Ledger } from './ledger'
import type { Notes } from './notes'
import type { Storage } from './storage'
import type { CallsUnderWay } from './under-way'
import type { Usage } from './usage'

/** A lock waits no longer than this; the rows are sealed, and the keys are gone by then. */
const WITHIN_MS = 300

/** Where it comes from and goes to. */
export interface Parts {
  ledger: Ledger
  calls: CallsUnderWay
  usage: Usage
  notes: Notes
  copy: Copy
  autoSave: AutoSave
  storage: Storage
}

interface LastWrites {
  rows: Row[]
  usage: Row[]
  notes: Plan | null
}

/** A trap costs what it keeps from being sealed, and no lock. */
export function sealLast({ ledger, calls, usage, notes, copy, autoSave }: Parts): LastWrites {
  const last: LastWrites = { rows: [], usage: [], notes: null }
  try {
    last.rows = ledger.take()
    calls.settleAll()
    last.usage = usage.last()
    last.notes = notes.last()
    void copy.flush()
    void autoSave.flush()
  } catch {
    // The heap is wiped next, whatever state it is in.
  }
  return last
}

/** @param last  null after a trap: then only what was sealed before is waited for. */
export async function writeLast({ usage, copy, autoSave, storage }: Parts, last: LastWrites | null): Promise<void> {
  const { rows, usage: used, notes } = last ?? { rows: [], usage: [], notes: null }
  const written = [
    rows.length > 0 ? storage.writeLedger(rows).catch(() => {}) : null,
    used.length > 0 ? usage.writeLast(used).catch(() => {}) : null,
    // Another worker's write, or a lock that comes in the middle of one of ours, leaves them out.
    notes === null ? null : storage.write(notes).catch(() => {}),
    copy.flush(),
    autoSave.flush(),
  ]
  await Promise.race([Promise.all(written), new Promise((resolve) => setTimeout(resolve, WITHIN_MS))])
}
