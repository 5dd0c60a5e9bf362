// repair: what was found wrong in the vault, and what can be done about each?
import { component, signal } from '../alpine'
import { dated, download } from '../download'
import { session } from '../session'
import { explainThrown, findingNext, findingSentence, type Explained } from '../text'
import { vault } from '../vault'
import type { Finding } from '../../protocol/messages'

interface Line {
  id: string
  record: string
  sentence: string
  next: string
  canDelete: boolean
  deleteText: string
  canAdd: boolean
  canKeep: boolean
}

export const repair = () =>
  component({
    busy: false,
    saving: false,
    problem: null as Explained | null,
    /** What the last repair could do. */
    outcome: '',

    get lines(): Line[] {
      return session().findings.map(lineOf)
    },
    get sound(): boolean {
      return this.lines.length === 0
    },
    get canRepair(): boolean {
      // Of what should not be there, a repair takes away only lists: whatever else it is may be somebody's.
      return session().findings.some(({ kind, purpose }) => kind !== 'unexpected' || purpose === 'page')
    },
    async repair() {
      if (this.busy) return
      const before = session().findings.length
      this.busy = true
      this.problem = null
      try {
        session().take(await vault().repair())
        await session().refresh()
        this.outcome = outcomeWords(before, session().findings.length)
        if (session().findings.length === 0) session().say(this.outcome)
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
    addAgain(record: string) {
      signal('add', { provider: session().key(record)?.provider ?? null })
    },
    keep() {
      signal('confirm', {
        title: 'Keep the older state?',
        text: 'The sealed copy will follow it: what was added or changed since then is then gone for good, here. If you did not put it back yourself, bring back the later state instead.',
        subject: '',
        action: 'Keep it',
        run: async () => {
          session().take(await vault().keepState())
          session().say('Kept as it is.')
        },
      })
    },
    remove(record: string) {
      signal('confirm', {
        title: 'Delete what is left of it?',
        text: 'First try to repair it: once deleted, it cannot be. At the provider the key stays valid until you revoke it there.',
        subject: session().keyName(record) ?? `A stored key (${record.slice(0, 6)}…)`,
        action: 'Delete',
        run: async () => {
          await vault().delete(record)
          await session().refresh()
          session().say('Deleted.')
        },
      })
    },
    async saveRaw() {
      if (this.saving) return
      this.saving = true
      this.problem = null
      try {
        const bytes = await vault().exportRaw()
        download(dated('as-it-lies', 'bin', new Date()), new Uint8Array(bytes))
        session().say('Saved as it lies, sealed.')
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.saving = false
      }
    },
  })

function lineOf(finding: Finding): Line {
  const { purpose, id, kind } = finding
  const record = purpose === 'record'
  return {
    id: `${purpose}/${id}/${kind}`,
    record: record ? id : '',
    sentence: findingSentence(finding, session().keyName(id)),
    next: findingNext(finding),
    canDelete: record,
    deleteText: kind === 'missing' ? 'Forget it' : 'Delete what is left',
    canAdd: record && kind !== 'unexpected',
    canKeep: kind === 'rolled-back',
  }
}

function outcomeWords(before: number, after: number): string {
  const done = before - after
  if (after === 0) return before === 1 ? 'Repaired from the sealed copy.' : 'All repaired from the sealed copy.'
  if (done <= 0) return 'The sealed copy does not have these as they should be, so nothing was changed.'
  return `${done} of ${before} repaired from the sealed copy; it does not have the rest as it should be.`
}
