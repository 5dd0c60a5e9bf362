// restore-dialog: a file comes in: chosen, dropped or scanned; opened; looked at; and taken over as far as wanted.
import { blend, dialog, input } from '../alpine'
import { passphraseBytes } from '../../engine/bytes'
import {
  choicesFor,
  explainFile,
  fileTooLarge,
  firstChoice,
  kindOf,
  MAX_FILE_BYTES,
  planWords,
  resultWords,
  skippedWords,
  sweep,
  type Sweep,
} from '../imports'
import { hostOf, look } from '../providers'
import { copyOwnVault, hostOrigin } from '../own-vault'
import { clear, takePassphrase } from '../secrets'
import { session } from '../session'
import type { Explained } from '../text'
import { ago } from '../time'
import { vault } from '../vault'
import { isWindow } from '../window'
import { scanning } from './scanning'
import type { ImportChoice, ImportItem, ImportPreview } from '../../protocol/messages'

type Step = 'choose' | 'scan' | 'mine' | 'passphrase' | 'review' | 'done'

interface Row {
  id: string
  name: string
  initial: string
  tile: string
  label: string
  detail: string
  badge: string
  badgeClass: string
  note: string
  choices: { value: ImportChoice; words: string }[]
  settled: string
  choiceLabel: string
}

const BADGES: Record<ImportItem['state'], [words: string, look: string]> = {
  new: ['New', 'badge-brand'],
  same: ['Already here', 'badge-plain'],
  differs: ['Differs', 'badge-brass'],
}

const NO_FILE: Explained = {
  code: 'ERR_BAD_INPUT',
  sentence: 'That was not a file.',
  next: 'Drop one .keyhold or .env file, or choose it.',
}
const NO_OWN_VAULT: Explained = {
  code: 'ERR_NOT_FOUND',
  sentence: 'This site has no vault of your own in this browser.',
  next: 'Add keys here, or open Keyhold in a tab of its own and make one there first.',
}

export const restoreDialog = () => {
  /** The file as it was chosen; a wrong passphrase must not mean choosing it again. */
  let file: Uint8Array | null = null
  let items: ImportItem[] = []
  return blend(scanning(), {
    step: 'choose' as Step,
    busy: false,
    problem: null as Explained | null,
    /** The file asks for so much memory that it is opened only on demand. */
    large: false,
    fileName: '',
    over: false,
    rows: [] as Row[],
    picked: [] as ImportChoice[],
    source: '',
    skipped: '',
    unknownText: '',
    result: '',

    get title(): string {
      if (this.step === 'scan') return 'Scan from another device'
      if (this.step === 'mine') return 'From your own Keyhold'
      if (this.step === 'passphrase') return 'Open the backup'
      if (this.step === 'review') return 'What to take over?'
      return this.step === 'done' ? 'Done' : 'Restore'
    },
    get canGoBack(): boolean {
      return !this.busy && this.step !== 'choose' && this.step !== 'done'
    },
    get invalid(): boolean {
      return this.problem?.code === 'ERR_CANNOT_UNLOCK'
    },
    get plan(): string {
      return planWords(this.picked)
    },
    get planText(): string {
      if (this.busy) return 'Restoring…'
      return this.plan === '' ? 'Nothing chosen' : this.plan
    },
    get replaces(): boolean {
      return this.picked.includes('replace')
    },
    get hasRows(): boolean {
      return this.rows.length > 0
    },
    get canReplace(): boolean {
      return this.rows.some(({ choices }) => choices.some(({ value }) => value === 'replace'))
    },
    get canSweep(): boolean {
      return this.rows.filter(({ settled }) => settled === '').length > 1
    },
    /** In a window that a page's frame opened, another vault is this site's own. */
    get canTakeMine(): boolean {
      return isWindow
    },
    get host(): string {
      return hostOrigin()
    },
    get canScan(): boolean {
      return typeof navigator.mediaDevices?.getUserMedia === 'function'
    },

    open({ scan, mine, opened }: { scan: boolean; mine?: boolean; opened?: ImportPreview }) {
      this.reset()
      const one = dialog('restore-dialog')
      if (!one.open) one.showModal()
      if (scan) this.scan()
      if (mine === true) this.mine()
      if (opened === undefined) return
      this.fileName = 'What you pasted'
      this.review(opened)
    },
    reset() {
      this.stopScan()
      file = null
      items = []
      this.step = 'choose'
      this.problem = null
      this.large = false
      this.rows = []
      this.picked = []
      this.over = false
      this.busy = false
      clear(input('restore-passphrase'))
      clear(input('mine-passphrase'))
    },
    back() {
      if (this.step === 'review')
        void vault()
          .closeImport()
          .catch(() => {})
      this.reset()
      this.$nextTick(() => document.getElementById('restore-file')?.focus())
    },
    scan() {
      this.step = 'scan'
      this.problem = null
      this.$nextTick(() => {
        void this.startScan(
          (whole) => {
            file = whole
            this.fileName = 'Scanned from another device'
            this.askPassphrase()
          },
          (why) => (this.problem = why),
        )
      })
    },

    chosen(event: globalThis.Event) {
      const { target } = event
      if (!(target instanceof HTMLInputElement)) return
      const [one] = target.files ?? []
      void this.read(one)
      target.value = ''
    },
    dropped(event: DragEvent) {
      this.over = false
      const [one] = event.dataTransfer?.files ?? []
      void this.read(one)
    },
    async read(one: File | undefined) {
      this.problem = null
      if (one === undefined) {
        this.problem = NO_FILE
        return
      }
      if (one.size > MAX_FILE_BYTES) {
        this.problem = fileTooLarge()
        return
      }
      try {
        file = new Uint8Array(await one.arrayBuffer())
      } catch {
        // A folder, or a file that went away.
        this.problem = NO_FILE
        return
      }
      this.fileName = one.name
      if (kindOf(one.name, file) === 'backup') this.askPassphrase()
      else await this.openEnv()
    },
    askPassphrase() {
      this.step = 'passphrase'
      this.problem = null
      this.large = false
      this.$nextTick(() => input('restore-passphrase')?.focus())
    },
    mine() {
      this.step = 'mine'
      this.problem = null
      this.fileName = 'Your own Keyhold'
      this.$nextTick(() => input('mine-passphrase')?.focus())
    },
    async openMine() {
      const field = input('mine-passphrase')
      if (field === null || this.busy) return
      if (field.value === '') return field.focus()
      await this.tryOpening(async () => {
        const copy = await copyOwnVault(takePassphrase(field))
        return vault().openBackup(copy.file, copy.passphrase, { large: true })
      })
      if (this.problem?.code === 'ERR_NOT_FOUND') this.problem = NO_OWN_VAULT
      if (this.problem !== null) this.$nextTick(() => field.focus())
    },
    typed() {
      this.problem = null
      this.large = false
    },
    async openEnv() {
      if (file === null) return
      const own = file
      // It holds keys as they are: this page keeps no second copy.
      file = null
      await this.tryOpening(() => vault().openEnv(own))
    },
    async openBackup(large: boolean) {
      const field = input('restore-passphrase')
      const whole = file
      if (field === null || whole === null || this.busy) return
      if (field.value === '') return field.focus()
      await this.tryOpening(() => vault().openBackup(whole.slice(), passphraseBytes(field.value), { large }))
      // Kept while it is asked whether to go on; it need not be typed twice.
      if (!this.large) clear(field)
      if (this.problem !== null) this.$nextTick(() => field.focus())
    },
    async tryOpening(opening: () => Promise<ImportPreview>) {
      this.busy = true
      this.problem = null
      this.large = false
      try {
        this.review(await opening())
      } catch (error) {
        const why = explainFile(error)
        if (why.code === 'ERR_KDF_LARGE') this.large = true
        else this.problem = why
      } finally {
        this.busy = false
      }
    },
    review(preview: ImportPreview) {
      items = preview.items
      this.rows = items.map(rowOf)
      this.picked = items.map(firstChoice)
      this.source =
        preview.madeAt === null
          ? `${this.fileName}: ${counted(items.length)} recognised.`
          : `${this.fileName}: ${counted(items.length)}, made ${ago(preview.madeAt, session().now)}.`
      this.skipped = skippedWords(preview.skippedLines)
      this.unknownText = unknownWords(items)
      this.step = 'review'
      this.$nextTick(() => document.getElementById('restore-title')?.focus())
    },
    pick(index: number, event: globalThis.Event) {
      if (event.target instanceof HTMLSelectElement) this.picked[index] = event.target.value as ImportChoice
    },
    isPicked(index: number, value: ImportChoice): boolean {
      return this.picked[index] === value
    },
    pickAll(how: Sweep) {
      this.picked = sweep(items, how)
    },
    async restore() {
      if (this.busy || this.plan === '') return
      this.busy = true
      this.problem = null
      try {
        const result = await vault().restore([...this.picked])
        this.result = resultWords(result)
        this.step = 'done'
        await session().refresh()
        this.$nextTick(() => document.getElementById('restore-done')?.focus())
      } catch (error) {
        this.problem = explainFile(error)
      } finally {
        this.busy = false
      }
    },
    finish() {
      this.close()
      session().show('keys')
    },
    close() {
      dialog('restore-dialog').close()
    },
    /** However it was closed: nothing of the file stays. */
    closed() {
      if (this.step === 'review')
        void vault()
          .closeImport()
          .catch(() => {})
      this.reset()
    },
  })
}

function rowOf(item: ImportItem, index: number): Row {
  const provider = session().provider(item.provider)
  const { name, initial, tile } = look(item.provider, provider, item.base)
  const [badge, badgeClass] = item.unknownProvider ? (['Unknown provider', 'badge-brass'] as const) : BADGES[item.state]
  const choices = choicesFor(item)
  const hint = item.hint === '' ? '' : `•••• ${item.hint}`
  return {
    id: String(index),
    name,
    initial,
    tile,
    label: item.label,
    detail: [name, hint, provider === null ? hostOf(item.base) : ''].filter((part) => part !== '').join(' · '),
    badge,
    badgeClass,
    note: differs(item),
    choices,
    settled: choices.length === 1 ? (choices[0]?.words ?? '') : '',
    choiceLabel: `What to do with ${item.label} of ${name}`,
  }
}

/** What is here, where it differs. */
function differs({ state, key, label, hint }: ImportItem): string {
  const here = state === 'differs' && key !== null ? session().key(key) : null
  if (here === null) return ''
  const parts = [
    here.label === label ? '' : `named “${here.label}”`,
    here.hint === hint || here.hint === '' ? '' : `ending in ${here.hint}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? 'Here with other details.' : `Here ${parts.join(', ')}.`
}

function unknownWords(items: ImportItem[]): string {
  const unknown = [
    ...new Set(items.filter((item) => item.unknownProvider).map((item) => hostOf(item.base) || item.provider)),
  ]
  if (unknown.length === 0) return ''
  const names = new Intl.ListFormat('en').format(unknown)
  return `This Keyhold does not know ${names}, so it cannot take over those keys: a key is sealed to an address, and this one is not in its list. Whoever runs this site can add the provider; then open the file again.`
}

function counted(keys: number): string {
  return keys === 1 ? '1 key' : `${keys} keys`
}
