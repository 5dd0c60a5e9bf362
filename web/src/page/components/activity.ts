// activity: the record of what was done with the vault, a page at a time: ten thousand entries are searched, fifty are drawn.
import { component } from '../alpine'
import {
  actionWords,
  chainWords,
  failed,
  filtered,
  GROUPS,
  jsonLines,
  NO_FILTER,
  outcomeWords,
  trimmedWords,
  type ActionGroup,
} from '../audit'
import { dated, download } from '../download'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { AuditEntry, AuditTrail } from '../../protocol/messages'

const PAGE = 50
const NUMBER = new Intl.NumberFormat('en')
const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' })
const DAY = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

interface Row {
  seq: number
  at: string
  iso: string
  what: string
  whom: string
  outcome: string
  dot: string
}

export const activity = () => {
  // Kept out of Alpine's data: it would watch every one of them.
  let trail: AuditTrail | null = null
  let found: AuditEntry[] = []
  return component({
    loaded: false,
    loading: false,
    problem: null as Explained | null,
    group: '' as ActionGroup | '',
    provider: '',
    failuresOnly: false,
    text: '',
    first: 0,
    count: 0,
    all: 0,
    rows: [] as Row[],
    chain: { good: true, sentence: '', next: '' },
    trimmed: '',
    providers: [] as { id: string; name: string }[],
    groups: Object.entries(GROUPS).map(([id, { name }]) => ({ id, name })),

    get range(): string {
      if (this.count === 0) return ''
      const last = Math.min(this.first + PAGE, this.count)
      const of = this.count === this.all ? NUMBER.format(this.all) : `${NUMBER.format(this.count)} found`
      return `${NUMBER.format(this.first + 1)}–${NUMBER.format(last)} of ${of}`
    },
    get narrowed(): boolean {
      return this.group !== '' || this.provider !== '' || this.failuresOnly || this.text.trim() !== ''
    },
    get nothingFound(): boolean {
      return this.loaded && this.all > 0 && this.count === 0
    },
    get hasNewer(): boolean {
      return this.first > 0
    },
    get hasOlder(): boolean {
      return this.first + PAGE < this.count
    },
    get several(): boolean {
      return this.hasNewer || this.hasOlder
    },

    async opened(event: globalThis.Event) {
      if (event.target instanceof HTMLDetailsElement && event.target.open) await this.load()
    },
    async load() {
      if (this.loading) return
      this.loading = true
      this.problem = null
      try {
        trail = await vault().audit()
        this.all = trail.entries.length
        this.chain = chainWords(trail)
        this.trimmed = trimmedWords(trail)
        const ids = [...new Set(trail.entries.map(({ provider }) => provider).filter((id) => id !== null))]
        this.providers = ids
          .map((id) => ({ id, name: session().providerName(id) }))
          .sort((a, b) => a.name.localeCompare(b.name))
        this.loaded = true
        this.narrow()
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.loading = false
      }
    },
    narrow() {
      const { group, provider, failuresOnly, text } = this
      found = filtered(trail?.entries ?? [], { group, provider, failuresOnly, text }, (id) =>
        session().providerName(id),
      )
      this.count = found.length
      this.show(0)
    },
    clearFilter() {
      Object.assign(this, NO_FILTER)
      this.narrow()
      document.getElementById('activity-text')?.focus()
    },
    show(first: number) {
      this.first = first
      this.rows = found.slice(first, first + PAGE).map(rowOf)
    },
    newer() {
      this.show(Math.max(0, this.first - PAGE))
    },
    older() {
      this.show(this.first + PAGE)
      document.getElementById('activity-range')?.scrollIntoView({ block: 'nearest' })
    },
    save() {
      if (trail === null) return
      const now = new Date()
      download(dated('activity', 'jsonl', now), jsonLines(trail, now.getTime()), 'application/jsonl')
    },
  })
}

function rowOf(entry: AuditEntry): Row {
  const { seq, at, action, label, provider } = entry
  const name = provider === null ? '' : session().providerName(provider)
  return {
    seq,
    // Uses are counted by the day; a time would be made up.
    at: (action === 'use' ? DAY : MOMENT).format(at),
    iso: new Date(at).toISOString(),
    what: actionWords(entry),
    whom: [label ?? '', name].filter((part) => part !== '').join(' · '),
    outcome: outcomeWords(entry),
    dot: failed(entry) ? 'dot-bad' : '',
  }
}
