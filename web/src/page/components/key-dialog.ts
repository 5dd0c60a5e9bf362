// key-dialog: how does a key get in? Choose the provider, enter the key, have it checked, and have it sealed.
import { blend, dialog, input, signal, type Added } from '../alpine'
import { chosenFrom, NOBODY } from './chosen'
import { endpointStep } from './endpoint-step'
import { providerStep } from './provider-step'
import { askForLocalNetwork } from '../../engine'
import { wantPart } from '../parts'
import { hintFor, isSeveral, severalWords, type Hint } from '../pasted'
import { look } from '../providers'
import { clear, readKey } from '../secrets'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { ErrorCode } from '../../protocol/errors'
import type { ImportPreview, KeyId, KeyInfo, Stored } from '../../protocol/messages'

type Step = 'choose' | 'endpoint' | 'key'

/** What is typed is looked at when it pauses; what is pasted, at once. */
const LOOK_AFTER_MS = 200
/** A hint that appeared later than this before the press has not been read. */
const READ_AFTER_MS = 700

/** What looks at it may have to be loaded first, and is only for a hint. */
const LOOK_WITHIN_MS = 3_000

/** The check failed, which need not mean the key is wrong; other failures storing unchecked would meet again. */
const CHECK_FAILURES: ReadonlySet<ErrorCode> = new Set([
  'ERR_BAD_KEY',
  'ERR_BAD_KEY_LIKELY',
  'ERR_NO_PERMISSION',
  'ERR_NO_CREDIT',
  'ERR_RATE_LIMITED',
  'ERR_REGION',
  'ERR_BROWSER_FORBIDDEN',
  'ERR_PROVIDER_REFUSED',
  'ERR_PROVIDER_DOWN',
  'ERR_OFFLINE',
  'ERR_BLOCKED',
  'ERR_NO_CORS',
  'ERR_TIMEOUT',
  'ERR_CONNECTION_CUT',
  'ERR_BAD_ANSWER',
  'ERR_BAD_STREAM',
  'ERR_LINE_TOO_LONG',
  'ERR_MODEL_NOT_FOUND',
  'ERR_LOCAL_NOT_RUNNING',
  'ERR_LOCAL_CORS',
  'ERR_LOCAL_PERMISSION',
  'ERR_CHECKED_TOO_OFTEN',
])

export const keyDialog = () => {
  /** What the vault opened of a paste that held several keys; it waits there until it is taken over or given up. */
  let several: ImportPreview | null = null
  /** A text for the key field of whichever provider is chosen next. */
  let carried = ''
  let looking: ReturnType<typeof setTimeout> | undefined
  return blend(blend(providerStep(), endpointStep()), {
    step: 'choose' as Step,
    chosen: NOBODY,
    replacing: null as KeyInfo | null,
    label: '',
    shown: false,
    busy: false,
    problem: null as Explained | null,
    hint: null as Hint | null,
    /** What has been looked at, and since when the hint about it is shown. */
    seen: '',
    hintSince: 0,
    severalText: '',
    /** What is under way, or went wrong, is a login (login-step.ts); not a key that was typed in. */
    byLogin: false,
    loginWaits: false,
    better: null as { id: string; text: string; action: string } | null,
    /** Counts what was begun, so that an answer to something given up is known for that. */
    turn: 0,

    get title(): string {
      if (this.replacing !== null) return `Update ${this.replacing.label}`
      if (this.step === 'endpoint') return session().provider(this.endpointLike ?? '')?.name ?? 'Your own server'
      return this.step === 'choose' ? 'Add a key' : `Add a key for ${this.chosen.name}`
    },
    get canGoBack(): boolean {
      return this.step !== 'choose' && this.replacing === null && !this.busy
    },
    get stored(): KeyInfo[] {
      return session().keys.filter((key) => key.provider === this.chosen.id)
    },
    /** Adding where a key is: a second one, or was the first meant to be replaced? */
    get existing(): { text: string; action: string } | null {
      const first = this.stored.find((key) => key.isDefault) ?? this.stored[0]
      if (this.replacing !== null || first === undefined) return null
      return { text: `You already have a key here: ${first.label}.`, action: 'Replace that one instead' }
    },
    get guided(): boolean {
      return this.replacing === null && this.stored.length === 0
    },
    get defaultLabel(): string {
      return this.stored.length === 0 ? 'Main' : `Key ${this.stored.length + 1}`
    },
    get keyLabel(): string {
      if (this.replacing !== null) return 'New key'
      return this.chosen.keyOptional ? 'API key, if the server wants one' : 'API key'
    },
    get keyHint(): string {
      return this.chosen.keyOptional
        ? 'Leave it empty for a server without keys.'
        : 'It is checked with the provider first, then sealed.'
    },
    get invalid(): boolean {
      return (
        this.problem !== null && ['ERR_BAD_KEY', 'ERR_BAD_KEY_TEXT', 'ERR_BAD_KEY_LIKELY'].includes(this.problem.code)
      )
    },
    /** Of the demo provider: everybody may know it. */
    get demoKey(): string {
      const { demo } = session()
      return demo !== null && this.chosen?.id === demo.provider ? demo.key : ''
    },
    get canPaste(): boolean {
      return typeof navigator.clipboard?.readText === 'function'
    },
    /** What went wrong with a key that was typed in. A login's failure stands where the login is. */
    get keyProblem(): Explained | null {
      return this.byLogin ? null : this.problem
    },
    get canStoreUnchecked(): boolean {
      return !this.busy && this.keyProblem !== null && CHECK_FAILURES.has(this.keyProblem.code)
    },
    get canAskBrowser(): boolean {
      return !this.busy && this.problem?.code === 'ERR_LOCAL_PERMISSION'
    },
    get busyText(): string {
      return this.byLogin ? `Fetching the key from ${this.chosen.name}…` : `Checking with ${this.chosen.name}…`
    },
    get saveText(): string {
      if (this.busy && !this.byLogin) return 'Checking…'
      if (this.keyProblem !== null) return 'Check again'
      return this.hint?.stops === true ? 'Check and save anyway' : 'Check and save'
    },

    add({ provider, text }: Added) {
      this.replacing = null
      carried = text ?? ''
      this.label = ''
      this.search = ''
      if (provider === null) this.choose()
      else if (provider === '') this.ownEndpoint('')
      else this.enter(provider)
      this.show()
    },
    replace({ key }: { key: KeyId }) {
      const found = session().key(key)
      if (found === null) return
      this.replacing = found
      this.enter(found.provider)
      this.show()
    },
    show() {
      const one = dialog('key-dialog')
      if (!one.open) one.showModal()
    },
    choose() {
      this.goTo('choose', 'provider-search')
    },
    /** @param like the provider it is as, or "" */
    ownEndpoint(like: string) {
      const provider = session().provider(like)
      this.beginEndpoint(provider)
      this.goTo('endpoint', provider === null ? 'endpoint-name' : 'endpoint-url')
    },
    enter(id: string) {
      const provider = session().provider(id)
      if (provider?.example === true) return this.ownEndpoint(id)
      this.chosen =
        provider === null
          ? { ...NOBODY, ...look(id, null), id, sentTo: this.replacing?.base ?? '' }
          : chosenFrom(provider)
      this.goTo('key', 'api-key')
      const text = carried
      carried = ''
      if (text !== '') this.$nextTick(() => this.take(text))
      if (this.chosen.logins.length > 0) void wantPart('keeping')
    },
    goTo(step: Step, focus: string) {
      this.step = step
      this.problem = null
      this.hint = null
      this.seen = ''
      this.dropSeveral()
      this.shown = false
      this.byLogin = false
      this.$nextTick(() => input(focus)?.focus())
    },
    switchProvider() {
      const better = this.hint?.better ?? null
      if (better === null) return
      // The same field stays, with what is in it.
      this.enter(better)
    },
    updateExisting() {
      const first = this.stored.find((key) => key.isDefault) ?? this.stored[0]
      if (first !== undefined) this.replace({ key: first.id })
    },

    typed() {
      this.problem = null
      this.byLogin = false
      this.hint = null
      clearTimeout(looking)
      looking = setTimeout(() => void this.look(), LOOK_AFTER_MS)
    },
    /** Asks the vault what is in the field; nothing leaves the vault for it. */
    async look() {
      clearTimeout(looking)
      const field = input('api-key')
      if (field === null) return
      const { value } = field
      const pasted = await vault()
        .lookAt(this.replacing === null ? this.chosen.id : '', readKey(field))
        .catch(() => null)
      // Typed on meanwhile, or another provider chosen: that has a look of its own.
      if (pasted === null || input('api-key')?.value !== value) return
      if (this.seen !== value) this.hintSince = performance.now()
      this.seen = value
      const better = this.replacing === null ? pasted.better : null
      this.hint = hintFor({ ...pasted, better }, this.chosen.name, session().providers)
      this.reveal('key-said')
    },
    pasted(event: ClipboardEvent) {
      const text = event.clipboardData?.getData('text') ?? ''
      if (!isSeveral(text) || this.replacing !== null) return
      event.preventDefault()
      void this.take(text)
    },
    async paste() {
      const field = input('api-key')
      if (field === null) return
      try {
        await this.take(await navigator.clipboard.readText())
      } catch {
        session().say('The browser did not allow pasting. Use Ctrl+V.')
      }
      field.focus()
    },
    /** Several lines may be several keys; those are opened in the vault and offered. Anything else goes into the field. */
    async take(text: string) {
      this.dropSeveral()
      if (isSeveral(text) && this.replacing === null) {
        const preview = await vault()
          .openEnv(new TextEncoder().encode(text))
          .catch(() => null)
        if (preview !== null && preview.items.length > 0) {
          several = preview
          this.severalText = severalWords(preview.items.map(({ provider }) => session().providerName(provider)))
          this.reveal('key-said')
          return
        }
        closeImport()
      }
      const field = input('api-key')
      if (field === null) return
      field.value = text
      this.problem = null
      await this.look()
    },
    /** They are shown one by one before anything is stored. */
    addSeveral() {
      const preview = several
      if (preview === null) return
      several = null
      this.close()
      signal('restore', { scan: false, opened: preview })
    },
    dropSeveral() {
      if (several !== null) closeImport()
      several = null
      this.severalText = ''
    },
    async askBrowser() {
      await askForLocalNetwork(session().provider(this.chosen.id)?.base ?? '')
      await this.save(false)
    },

    async save(unchecked: boolean) {
      const field = input('api-key')
      if (field === null || this.busy) return
      if (field.value.trim() === '' && !this.chosen.keyOptional) {
        field.focus()
        return
      }
      this.busy = true
      this.problem = null
      this.byLogin = false
      const turn = ++this.turn
      // Before it goes to a provider it may not belong to, that is said. The press that comes after it was read goes on.
      if (this.seen !== field.value) await Promise.race([this.look(), passed(LOOK_WITHIN_MS)])
      if (turn !== this.turn) return
      if (this.hint?.stops === true && performance.now() - this.hintSince < READ_AFTER_MS) {
        this.busy = false
        return
      }
      const replaced = this.replacing
      const label = this.label.trim() || this.defaultLabel
      const secret = readKey(field)
      const { id, name } = this.chosen
      await this.run(
        () =>
          replaced === null
            ? vault().add({ provider: id, label, secret, unchecked })
            : vault().replace(replaced.id, secret, { unchecked }),
        ({ key, check }) => {
          const done = replaced === null ? 'is sealed' : 'has its new key'
          return check === null
            ? `${name}: ${key.label} ${done}, unchecked.`
            : `${name}: ${key.label} works and ${done}.`
        },
      )
    },
    /** Has a key stored. `late`: what becomes of it when the dialog was left meanwhile. */
    async run(
      store: () => Promise<Stored>,
      told: (stored: Stored) => string,
      late: (stored: Stored, replaced: KeyInfo | null) => void | Promise<void> = tidyUp,
    ) {
      this.busy = true
      this.problem = null
      const turn = ++this.turn
      const replaced = this.replacing
      try {
        const stored = await store()
        if (turn === this.turn) {
          this.close()
          session().say(told(stored))
        } else await late(stored, replaced)
      } catch (error) {
        if (turn === this.turn) this.problem = explainThrown(error)
        else if (replaced !== null) session().say(`${replaced.label}: the old key stays.`)
      } finally {
        if (turn === this.turn) this.busy = false
        await session().refresh()
      }
      if (this.problem !== null) this.reveal(this.byLogin ? 'login-outcome' : 'key-outcome')
    },
    /** What is said may lie below what a small screen shows. */
    reveal(id: string) {
      this.$nextTick(() => document.getElementById(id)?.scrollIntoView({ block: 'nearest' }))
    },
    close() {
      dialog('key-dialog').close()
    },
    cancel() {
      if (this.busy && this.replacing !== null)
        session().say('The check goes on; the old key stays unless the new one works.')
      this.close()
    },
    /** However it was closed: the key does not stay in the field. */
    closed() {
      clear(input('api-key'))
      clearTimeout(looking)
      this.dropSeveral()
      this.hint = null
      this.seen = ''
      carried = ''
      this.turn++
      this.busy = false
      this.step = 'choose'
      this.replacing = null
      this.problem = null
    },
  })
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function closeImport(): void {
  void vault()
    .closeImport()
    .catch(() => {})
}

/** What was given up was stored all the same: a new key is taken out again; a replaced one cannot be, and is said. */
async function tidyUp({ key }: Stored, replaced: KeyInfo | null): Promise<void> {
  if (replaced === null) await vault().delete(key.id)
  else session().say(`${key.label} has its new key: the check had succeeded.`)
}
