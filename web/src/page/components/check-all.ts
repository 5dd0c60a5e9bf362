// check-all: every key is checked, one after the other: what is being done, and what came of each.
import { component, dialog } from '../alpine'
import { checkAll as runRound, summary } from '../check-all'
import { look, type Look } from '../providers'
import { session } from '../session'
import { checkTone, checkWords, explain, explainThrown, type Explained, type Tone } from '../text'
import { clock } from '../waiting'
import { vault } from '../vault'
import type { ErrorCode } from '../../protocol/errors'
import type { KeyInfo, Problem } from '../../protocol/messages'

interface Row extends Look {
  id: string
  label: string
  /** '', 'ok' or the error's code. */
  code: string
  busy: boolean
  words: string
  dot: string
  trouble: Explained | null
}

const DOTS: Record<Tone, string> = { good: 'dot-good', warn: 'dot-warn', bad: 'dot-bad', none: '' }

export const checkAll = () => {
  /** Counts rounds: a round that is not the last one has been stopped. */
  let turn = 0
  let wake: () => void = () => {}
  return component({
    rows: [] as Row[],
    running: false,
    doing: '',
    countdown: '',
    problem: null as Explained | null,

    get total(): number {
      return this.rows.length
    },
    get done(): number {
      return this.rows.filter(({ code }) => code !== '').length
    },
    get status(): string {
      return this.running
        ? this.doing
        : summary(this.rows.filter(({ code }) => code === 'ok').length, this.done, this.total)
    },
    get ended(): boolean {
      return !this.running
    },

    open() {
      const one = dialog('check-all-dialog')
      if (!one.open) one.showModal()
      void this.run()
    },
    async run() {
      const mine = ++turn
      const keys = [...session().keys]
      this.rows = keys.map(rowOf)
      this.running = true
      this.problem = null
      this.countdown = ''
      try {
        await runRound(keys, {
          check: (id) => vault().check(id),
          now: () => Date.now(),
          sleep: (ms) => this.sleep(ms),
          stopped: () => turn !== mine,
          checking: (key) => {
            this.countdown = ''
            this.doing = `Checking ${this.row(key)?.name}: ${key.label}…`
            this.set(key, { busy: true })
          },
          waiting: (key, leftS) => {
            this.set(key, { busy: false })
            this.doing = `Waiting: ${this.row(key)?.name} is asked five times a minute at most.`
            this.countdown = `On with it in ${clock(leftS)}.`
          },
          checked: (key, problem) => {
            this.set(key, { busy: false, ...outcome(problem) })
            void session().refresh()
          },
        })
      } catch (error) {
        if (turn === mine) this.problem = explainThrown(error)
      }
      if (turn !== mine) return
      this.stopped()
      this.$nextTick(() => document.getElementById('check-all-status')?.focus())
    },
    row(key: KeyInfo): Row | undefined {
      return this.rows.find(({ id }) => id === key.id)
    },
    set(key: KeyInfo, change: Partial<Row>) {
      const row = this.row(key)
      if (row !== undefined) Object.assign(row, change)
    },
    sleep(ms: number): Promise<void> {
      return new Promise((resolve) => {
        const limit = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(limit)
          resolve()
        }
      })
    },
    /** The check under way goes to its end, unseen; no other begins. */
    stop() {
      turn++
      wake()
      this.stopped()
    },
    stopped() {
      this.running = false
      this.countdown = ''
      for (const row of this.rows) row.busy = false
    },
    close() {
      dialog('check-all-dialog').close()
    },
    closed() {
      this.stop()
      this.rows = []
    },
  })
}

function rowOf(key: KeyInfo): Row {
  const { id, label, provider, base } = key
  const { name, host, initial, tile } = look(provider, session().provider(provider), base)
  return { id, label, name, host, initial, tile, code: '', busy: false, words: '', dot: '', trouble: null }
}

function outcome(problem: Problem | null): Partial<Row> {
  const code: ErrorCode | 'ok' = problem?.code ?? 'ok'
  const checked = { at: 0, code }
  return {
    code,
    words: checkWords(checked),
    dot: DOTS[checkTone(checked)],
    trouble: problem === null ? null : explain(problem),
  }
}
