// usage: what the keys were used for and what that cost: one period, added up one way, as bars and as a table.
import { component } from '../alpine'
import { dated, download } from '../download'
import { money } from '../money'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { drawChart, type Bars, type Chart } from '../usage-chart'
import {
  add,
  csv,
  DAY_MS,
  daysBetween,
  entriesOf,
  groupOf,
  grouped,
  json,
  NOTHING,
  total,
  type Grouping,
  type Sum,
  type UsageEntry,
} from '../usage-sums'
import { vault } from '../vault'
import type { UsageReport } from '../../protocol/messages'

type Period = 'today' | 'week' | 'days30' | 'month' | 'all'
type Measure = 'cost' | 'tokens' | 'calls'

const PERIODS: { id: Period; name: string }[] = [
  { id: 'today', name: 'Today' },
  { id: 'week', name: '7 days' },
  { id: 'days30', name: '30 days' },
  { id: 'month', name: 'This month' },
  { id: 'all', name: 'All' },
]
const GROUPINGS: { id: Grouping; name: string; column: string }[] = [
  { id: 'day', name: 'Day', column: 'Day' },
  { id: 'key', name: 'Key', column: 'Key' },
  { id: 'model', name: 'Model', column: 'Model' },
  { id: 'app', name: 'App', column: 'App' },
]
const MEASURES: { id: Measure; name: string }[] = [
  { id: 'cost', name: 'Cost' },
  { id: 'tokens', name: 'Tokens' },
  { id: 'calls', name: 'Calls' },
]
/** More colours than this nobody tells apart; the rest is one. */
const MOST_BARS = 5
/** A table of more rows is not read; the files have them all. */
const MOST_ROWS = 100

const NUMBER = new Intl.NumberFormat('en')
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

interface Row {
  group: string
  name: string
  about: string
  calls: string
  input: string
  output: string
  cost: string
  notes: string
  share: number
}

const today = () => Math.floor(Date.now() / DAY_MS)

export const usage = () => {
  // Kept out of Alpine's data: it would watch every one of them.
  let report: UsageReport = { days: [], unreadable: 0, pricesMade: null }
  let entries: UsageEntry[] = []
  let chart: Chart | null = null
  let asked = 0
  const scheme = matchMedia('(prefers-color-scheme: dark)')
  let themes: MutationObserver | null = null
  let repaint = () => {}
  return component({
    loaded: false,
    loading: false,
    problem: null as Explained | null,
    period: 'days30' as Period,
    by: 'day' as Grouping,
    measure: 'cost' as Measure,
    periods: PERIODS,
    groupings: GROUPINGS,
    measures: MEASURES,
    rows: [] as Row[],
    more: 0,
    legend: [] as { name: string; swatch: string }[],
    hovered: '',
    sum: NOTHING as Sum,
    unreadable: 0,
    pricesMade: '',
    from: 0,
    to: 0,

    get empty(): boolean {
      return this.loaded && this.sum.requests === 0
    },
    get column(): string {
      return GROUPINGS.find(({ id }) => id === this.by)?.column ?? ''
    },
    get cost(): string {
      return costWords(this.sum)
    },
    get costNotes(): string {
      return noteWords(this.sum)
    },
    get calls(): string {
      return NUMBER.format(this.sum.requests)
    },
    get tokensIn(): string {
      return NUMBER.format(this.sum.input)
    },
    get tokensInNote(): string {
      return this.sum.cached === 0 ? '' : `${NUMBER.format(this.sum.cached)} of them from a cache`
    },
    get tokensOut(): string {
      return NUMBER.format(this.sum.output)
    },
    get tokensOutNote(): string {
      return this.sum.reasoning === 0 ? '' : `${NUMBER.format(this.sum.reasoning)} of them thinking`
    },
    get range(): string {
      if (this.from === this.to) return DATE.format(this.from * DAY_MS)
      return `${DATE.format(this.from * DAY_MS)} to ${DATE.format(this.to * DAY_MS)}`
    },
    get chartLabel(): string {
      const measure = MEASURES.find(({ id }) => id === this.measure)?.name.toLowerCase() ?? ''
      return `Bars of ${measure} by day, ${this.range}. The table below has the figures.`
    },
    get prices(): string {
      return this.pricesMade === ''
        ? 'The price list could not be loaded, so costs of new calls are not known.'
        : `Costs are reckoned by a price list of ${DATE.format(Date.parse(this.pricesMade))}. What a provider bills may differ.`
    },
    get damaged(): string {
      if (this.unreadable === 0) return ''
      return this.unreadable === 1
        ? 'One day’s figures were damaged on disk and are missing here.'
        : `${this.unreadable} days’ figures were damaged on disk and are missing here.`
    },
    get moreText(): string {
      return this.more === 0 ? '' : `And ${NUMBER.format(this.more)} more, which the files have.`
    },
    pressed(value: string, chosen: string): 'true' | 'false' {
      return value === chosen ? 'true' : 'false'
    },

    init() {
      repaint = () => this.paint()
      scheme.addEventListener('change', repaint)
      themes = new MutationObserver(repaint)
      themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
      // Told of each change to the vault, and so of each call.
      this.$watch('$store.session.now', () => void this.load())
      void this.load()
    },
    destroy() {
      chart?.destroy()
      chart = null
      scheme.removeEventListener('change', repaint)
      themes?.disconnect()
    },
    choosePeriod(period: Period) {
      this.period = period
      void this.load()
    },
    chooseGrouping(by: Grouping) {
      this.by = by
      this.show()
    },
    chooseMeasure(measure: Measure) {
      this.measure = measure
      this.paint()
    },
    async load() {
      const mine = ++asked
      this.loading = true
      this.problem = null
      try {
        const [from, to] = spanOf(this.period)
        const answer = await vault().usage(from * DAY_MS, to * DAY_MS)
        if (mine !== asked) return
        report = answer
        entries = entriesOf(report)
        this.from = this.period === 'all' ? Math.min(to, ...entries.slice(0, 1).map(({ day }) => day)) : from
        this.to = to
        this.unreadable = report.unreadable
        this.pricesMade = report.pricesMade ?? ''
        this.loaded = true
        this.show()
      } catch (error) {
        if (mine === asked) this.problem = explainThrown(error)
      } finally {
        if (mine === asked) this.loading = false
      }
    },
    show() {
      this.sum = total(entries)
      const groups = grouped(entries, this.by)
      this.more = Math.max(0, groups.length - MOST_ROWS)
      this.rows = groups.slice(0, MOST_ROWS).map(({ group, sum, sample }) => ({
        group,
        ...nameOf(sample, this.by),
        calls: NUMBER.format(sum.requests),
        input: NUMBER.format(sum.input),
        output: NUMBER.format(sum.output),
        cost: costWords(sum),
        notes: noteWords(sum),
        share: this.sum.costMicroUsd === 0 ? 0 : sum.costMicroUsd / this.sum.costMicroUsd,
      }))
      this.$nextTick(() => this.paint())
    },
    paint() {
      chart?.destroy()
      chart = null
      this.hovered = ''
      const place = document.getElementById('usage-chart')
      if (place === null || this.sum.requests === 0) return
      const days = daysBetween(this.from, this.to)
      const stack = barsOf(entries, days, this.by, this.measure)
      this.legend = stack.map(({ name, swatch }) => ({ name, swatch }))
      chart = drawChart(place, days, stack, axisWords(this.measure), (day) => {
        this.hovered = day === null ? '' : dayWords(entries, day)
      })
    },
    saveCsv() {
      download(dated('usage', 'csv', new Date()), csv(entries, keyName), 'text/csv')
    },
    saveJson() {
      download(dated('usage', 'json', new Date()), json(entries, keyName, report), 'application/json')
    },
  })
}

function spanOf(period: Period): [from: number, to: number] {
  const to = today()
  switch (period) {
    case 'today':
      return [to, to]
    case 'week':
      return [to - 6, to]
    case 'days30':
      return [to - 29, to]
    case 'month': {
      const now = new Date()
      return [Math.floor(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) / DAY_MS), to]
    }
    case 'all':
      return [0, to]
  }
}

/** A cost of which no part is known is not 0. */
function costWords(sum: Sum): string {
  if (sum.requests > 0 && sum.unpriced === sum.requests) return 'not known'
  return sum.estimatedMicroUsd > 0 ? `about ${money(sum.costMicroUsd)}` : money(sum.costMicroUsd)
}

function noteWords(sum: Sum): string {
  const notes = []
  if (sum.estimated > 0) {
    const cost = sum.estimatedMicroUsd > 0 ? `, ${money(sum.estimatedMicroUsd)}` : ''
    notes.push(`${counted(sum.estimated, 'call')} estimated${cost}`)
  }
  if (sum.unpriced > 0) notes.push(`${counted(sum.unpriced, 'call')} without a known cost`)
  return notes.join(' · ')
}

function counted(count: number, what: string): string {
  return `${NUMBER.format(count)} ${what}${count === 1 ? '' : 's'}`
}

function keyName(id: string): string {
  return session().key(id)?.label ?? ''
}

function nameOf(entry: UsageEntry, by: Grouping): { name: string; about: string } {
  const provider = session().providerName(entry.provider)
  switch (by) {
    case 'day':
      return { name: DATE.format(entry.day * DAY_MS), about: '' }
    case 'key':
      if (entry.key === '') return { name: 'Without a key', about: provider }
      if (entry.key === '*') return { name: 'Other keys', about: '' }
      return { name: session().key(entry.key)?.label ?? 'A deleted key', about: provider }
    case 'model':
      if (entry.model === '*') return { name: 'Other models', about: provider }
      return { name: entry.model === '' ? 'Model not named' : entry.model, about: provider }
    case 'app':
      return { name: entry.app === '' ? 'This page' : entry.app, about: '' }
  }
}

function valueOf(sum: Sum, measure: Measure): number {
  if (measure === 'cost') return sum.costMicroUsd / 1e6
  return measure === 'calls' ? sum.requests : sum.input + sum.output
}

function axisWords(measure: Measure): (value: number) => string {
  return measure === 'cost'
    ? (usd) => (usd === 0 ? '$0' : money(Math.round(usd * 1e6)))
    : (count) => SHORT.format(count)
}

/** By day: what was reported and, upon it, what is estimated. Else the dearest groups, and all others as one. */
function barsOf(entries: UsageEntry[], days: number[], by: Grouping, measure: Measure): Bars[] {
  const values = (which: (entry: UsageEntry) => boolean) => {
    const sums = new Map<number, Sum>()
    for (const entry of entries) {
      if (which(entry)) sums.set(entry.day, add(sums.get(entry.day) ?? NOTHING, entry))
    }
    return days.map((day) => valueOf(sums.get(day) ?? NOTHING, measure))
  }
  const some = (bars: Bars) => bars.values.some((value) => value > 0)
  if (by === 'day') {
    return [
      { name: 'Reported by the provider', swatch: 'swatch-0', values: values(({ figures }) => figures === 'reported') },
      { name: 'Estimated', swatch: 'swatch-estimated', values: values(({ figures }) => figures === 'estimated') },
      { name: 'Nothing known', swatch: 'swatch-other', values: values(({ figures }) => figures === 'unknown') },
    ].filter(some)
  }
  const groups = grouped(entries, by)
  const shown = groups.length > MOST_BARS + 1 ? groups.slice(0, MOST_BARS) : groups
  const names = new Set(shown.map(({ group }) => group))
  const bars = shown.map(({ group, sample }, at) => ({
    name: nameOf(sample, by).name,
    swatch: `swatch-${at}`,
    values: values((entry) => groupOf(entry, by) === group),
  }))
  const rest = {
    name: 'All others',
    swatch: 'swatch-other',
    values: values((entry) => !names.has(groupOf(entry, by))),
  }
  return [...bars, rest].filter(some)
}

function dayWords(entries: UsageEntry[], day: number): string {
  const sum = total(entries.filter((entry) => entry.day === day))
  const when = DATE.format(day * DAY_MS)
  if (sum.requests === 0) return `${when}: nothing used`
  return `${when}: ${costWords(sum)}, ${counted(sum.requests, 'call')}, ${SHORT.format(sum.input + sum.output)} tokens`
}
