// key-row: what is said of one key, and what its buttons do. `key` comes from the list around it.
import { component, signal } from '../alpine'
import { capStates, capWarning, type CapState } from '../caps'
import { expiry, moved, unused, type Expiry } from '../key-life'
import { askForLocalNetwork } from '../../engine'
import { session } from '../session'
import { checkTone, checkWords, explain, explainThrown, type Explained, type Tone } from '../text'
import { ago } from '../time'
import { vault } from '../vault'
import type { KeyInfo } from '../../protocol/messages'

const DOTS: Record<Tone, string> = { good: 'dot-good', warn: 'dot-warn', bad: 'dot-bad', none: '' }

/** The loop's variable, which Alpine finds in the scope around the component. */
interface Row {
  key: KeyInfo
}

export const keyRow = () =>
  component({
    menu: false,
    checking: false,
    /** What a button here just ran into; the stored outcome of the last check is in the key. */
    failure: null as Explained | null,

    get row(): KeyInfo {
      return (this as unknown as Row).key
    },
    get hint(): string {
      if (this.row.hint === '') return '••••'
      return `•••• ${this.row.hint}`
    },
    get hintLabel(): string {
      return this.row.hint === '' ? 'key, nothing of it shown' : `key ending in ${[...this.row.hint].join(' ')}`
    },
    get used(): string {
      const { lastUsedAt, createdAt } = this.row
      const { now } = session()
      return lastUsedAt === null ? `Added ${ago(createdAt, now)}, not used yet` : `Last used ${ago(lastUsedAt, now)}`
    },
    get end(): Expiry | null {
      return expiry(this.row.expiresAt, session().now)
    },
    get expiryNear(): boolean {
      return this.end !== null && this.end.tone !== 'none'
    },
    get expiryBadge(): string {
      return this.expiryNear ? (this.end?.words ?? '') : ''
    },
    get expiryFar(): string {
      return this.expiryNear ? '' : (this.end?.words ?? '')
    },
    get expiryClass(): string {
      return this.end?.tone === 'bad' ? 'badge-danger' : 'badge-brass'
    },
    get expiryNote(): string {
      return this.end?.tone === 'bad' ? 'note-bad' : 'note-warn'
    },
    /** The badge says it; one note at a time says what to do. */
    get expiryNoted(): boolean {
      return this.expiryNear && this.trouble === null
    },
    get expiryAdvice(): string {
      return this.end?.tone === 'bad'
        ? 'By the date you entered this key has ended. Make a new one at the provider and put it in its place.'
        : 'Make a new key at the provider in time and put it in this one’s place.'
    },
    get unusedHint(): string {
      return unused(this.row, session().now)
    },
    get caps(): CapState[] {
      return capStates(this.row, session().spending.find(({ key }) => key === this.row.id) ?? null)
    },
    get capWarning(): string {
      return capWarning(this.caps)
    },
    get among(): KeyInfo[] {
      return session().keys.filter((key) => key.provider === this.row.provider)
    },
    get canMove(): boolean {
      return this.among.length > 1
    },
    get canMoveUp(): boolean {
      return this.among[0]?.id !== this.row.id
    },
    get canMoveDown(): boolean {
      return this.among.at(-1)?.id !== this.row.id
    },
    get moveUpLabel(): string {
      return `Move ${this.row.label} up`
    },
    get moveDownLabel(): string {
      return `Move ${this.row.label} down`
    },
    get dotClass(): string {
      return DOTS[checkTone(this.row.lastChecked)]
    },
    get checkedText(): string {
      return this.checking ? 'Checking…' : checkWords(this.row.lastChecked)
    },
    get checkedAgo(): string {
      const { lastChecked } = this.row
      return lastChecked === null || this.checking ? '' : `Checked ${ago(lastChecked.at, session().now)}`
    },
    get trouble(): Explained | null {
      if (this.failure !== null) return this.failure
      const { lastChecked } = this.row
      return lastChecked === null || lastChecked.code === 'ok' ? null : explain(lastChecked.code)
    },
    get troubleClass(): string {
      return this.failure === null && checkTone(this.row.lastChecked) === 'bad' ? 'note-bad' : 'note-warn'
    },
    get canAskBrowser(): boolean {
      return !this.checking && this.trouble?.code === 'ERR_LOCAL_PERMISSION'
    },
    get moreLabel(): string {
      return `More for ${this.row.label}`
    },

    closeMenu(event: KeyboardEvent) {
      if (!this.menu) return
      event.stopPropagation()
      this.menu = false
      this.$refs['menuButton']?.focus()
    },
    leaveMenu(event: FocusEvent) {
      const { currentTarget, relatedTarget } = event
      if (currentTarget instanceof Node && relatedTarget instanceof Node && !currentTarget.contains(relatedTarget))
        this.menu = false
    },
    tryIt() {
      session().tryKey(this.row.id, '')
    },
    async check() {
      const { id, label } = this.row
      this.checking = true
      this.failure = null
      try {
        const { ok, error } = await vault().check(id)
        await session().refresh()
        if (ok) session().say(`${label} works.`)
        else if (error !== undefined) this.failure = explain(error)
      } catch (error) {
        this.failure = explainThrown(error)
      } finally {
        this.checking = false
      }
    },
    async askBrowser() {
      this.checking = true
      await askForLocalNetwork(this.row.base)
      await this.check()
    },
    update() {
      signal('replace', { key: this.row.id })
    },
    cap() {
      signal('cap', { key: this.row.id })
    },
    rename() {
      signal('rename', { key: this.row.id })
    },
    /** The menu stays open and the button keeps the focus: moving is done several times over. */
    async move(event: globalThis.Event, by: -1 | 1) {
      const button = event.currentTarget
      const { id, label } = this.row
      const order = moved(session().keys, id, by)
      if (order === null) return
      this.failure = null
      try {
        await vault().setOrder(order)
        await session().refresh()
        const place = this.among.findIndex((key) => key.id === id) + 1
        session().say(`${label} is now ${place} of ${this.among.length}.`)
      } catch (error) {
        this.failure = explainThrown(error)
      }
      this.$nextTick(() => {
        if (!(button instanceof HTMLElement)) return
        this.menu = true
        button.focus()
      })
    },
    async makeDefault() {
      this.failure = null
      const { id, label, provider } = this.row
      try {
        await vault().setDefault(id)
        await session().refresh()
        session().say(`${label} is now the default for ${session().providerName(provider)}.`)
      } catch (error) {
        this.failure = explainThrown(error)
      }
    },
    remove() {
      const { id, label, hint, provider } = this.row
      const name = session().providerName(provider)
      signal('confirm', {
        title: 'Delete this key?',
        text: 'It is removed from this vault and cannot be brought back. At the provider it stays valid until you revoke it there.',
        subject: `${name} · ${label}${hint === '' ? '' : ` · •••• ${hint}`}`,
        action: 'Delete key',
        run: async () => {
          await vault().delete(id)
          await session().refresh()
          session().say(`${label} deleted.`)
        },
      })
    },
  })
