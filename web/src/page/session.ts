// session: what does every part of the page know? Which state the vault is in, what it holds, and what was said last.
import Alpine from '@alpinejs/csp'
import { version } from '../../package.json'
import type { ErrorCode } from '../protocol/errors'
import { policyIsInPage } from '../engine/hosted'
import type {
  Finding,
  Hello,
  KeyId,
  KeyInfo,
  ProviderId,
  ProviderInfo,
  SlotInfo,
  Spending,
  Status,
  UnixMs,
} from '../protocol/messages'
import { signal } from './alpine'
import { lookAtAppKey, providersOf, type AppKey } from './app-key'
import { hasCap } from './caps'
import { keptUntilClosed } from './forgetful'
import { wantPart } from './parts'
import { lookAtQuestions } from './questions'
import { explain, explainThrown, type Explained } from './text'
import { connect, vault } from './vault'
import { whyNotHere } from './surroundings'

export type Phase = 'starting' | 'failed' | 'absent' | 'locked' | 'unlocked'
export type View = 'keys' | 'playground' | 'usage' | 'account' | 'security'

export interface Toast {
  id: number
  text: string
}

const TOAST_MS = 6_000
/** How often "3 minutes ago" is said anew. */
const CLOCK_MS = 30_000

const STATE_NAMES: Record<Phase, string> = {
  starting: '',
  failed: '',
  absent: '',
  locked: 'Locked',
  unlocked: 'Unlocked',
}

const store = {
  phase: 'starting' as Phase,
  view: 'keys' as View,
  failure: null as Explained | null,
  demo: null as Hello['demo'],
  customEndpoints: false,
  /** The site names an app's keyhold-server. */
  hasServer: false,
  /** What is known of the app's key; null: nothing, or nothing now. */
  app: null as AppKey | null,
  /** The playground without a vault, by the app's key. */
  trying: false,
  /** A key of this provider (null: of any) was wanted when the app's key would not do: see `replay`. */
  wantsKeyOf: undefined as ProviderId | null | undefined,
  /** The key that came then: the question that the app's key could not answer is asked again with it, once. */
  replay: '' as KeyId,
  cspMissing: false,
  /** Its host sends no headers: the policy is in the page, which cannot say who may embed it. */
  policyInPage: policyIsInPage(),
  /** See forgetful.ts. */
  forgetful: keptUntilClosed(),
  /** Another build waits to take over: see offline.ts. */
  newVersion: false,
  build: '',
  providers: [] as ProviderInfo[],
  keys: [] as KeyInfo[],
  /** Of keys with a cap. */
  spending: [] as Spending[],
  findings: [] as Finding[],
  /** What the vault last said of itself: its ways in, its waiting time, its backup. */
  status: null as Status | null,
  /** Made a moment ago: what would keep it from being lost is said first. */
  isNew: false,
  /** Opened by the recovery code: the passphrase is probably forgotten. */
  byRecovery: false,
  /** Has the browser promised not to clear the vault by itself? null: it does not say. */
  persisted: null as boolean | null,
  /** A vault is being made in order to put a backup into it. */
  restoreNext: false,
  /** Until the page is left: the next visit is early enough to say it again. */
  backupLater: false,
  /** Why the lists could not be read: an empty list must never stand for one that could not be read. */
  listFailure: null as Explained | null,
  now: Date.now(),
  locking: false,
  /** What the playground begins with, when it was opened from a key. */
  pending: null as { key: KeyId; message: string } | null,
  toasts: [] as Toast[],

  get isOpen(): boolean {
    return this.phase === 'unlocked'
  },
  get stateName(): string {
    return STATE_NAMES[this.phase]
  },
  get slots(): SlotInfo[] {
    return this.status?.slots ?? []
  },
  get version(): string {
    return this.build === '' ? 'Keyhold' : `Keyhold ${version}, build ${this.build.slice(0, 8)}`
  },
  get canAskToKeep(): boolean {
    return this.persisted === false
  },
  /** A sealed copy of a vault that is gone, or that cannot be read. */
  get hasCopy(): boolean {
    return this.status?.copy === true
  },
  get backupAt(): UnixMs | null {
    return this.status?.backup.at ?? null
  },
  get neverBackedUp(): boolean {
    return this.status?.state === 'unlocked' && this.backupAt === null && this.keys.length > 0
  },
  /** One key and no backup is one accident from nothing. */
  get remindsOfBackup(): boolean {
    return this.neverBackedUp && !this.backupLater
  },
  get changedSinceBackup(): boolean {
    return this.backupAt !== null && this.status?.backup.current === false
  },

  /** The file that is to follow every change needs a person. */
  get autoSaveWaits(): boolean {
    return ['permission', 'gone', 'failed'].includes(this.status?.autoSave?.state ?? '')
  },
  get autoSaveName(): string {
    return this.status?.autoSave?.name || 'your backup file'
  },

  get canTry(): boolean {
    return this.phase === 'absent' && providersOf(this.app, this.providers).length > 0
  },

  current(view: View): 'page' | false {
    return this.view === view ? 'page' : false
  },
  async show(view: View): Promise<void> {
    if (view === 'security' && !(await wantPart('keeping'))) return
    if (view === 'usage' && !(await wantPart('usage'))) return
    if (view === 'account' && !(await wantPart('account'))) return
    this.view = view
    focusHeading()
  },
  /** Opens the playground with this key, and a first message where one is given. */
  tryKey(key: KeyId, message: string): void {
    this.pending = { key, message }
    void this.show('playground')
  },
  try(): void {
    this.trying = true
    void this.show('playground')
  },
  endTry(): void {
    this.trying = false
    void this.show('keys')
  },
  async lookAtApp(): Promise<void> {
    if (!this.hasServer) return
    this.app = await lookAtAppKey()
  },
  /** The app's key will not do: one of the user's own comes next, and before it, where there is none, a vault to put it into. */
  wantKey(provider: ProviderId | null): void {
    this.wantsKeyOf = provider
    if (this.isOpen) signal('add', { provider })
    else this.endTry()
  },
  open(dialog: 'security'): void {
    signal(dialog, null)
  },
  provider(id: ProviderId): ProviderInfo | null {
    return this.providers.find((one) => one.id === id) ?? null
  },
  providerName(id: ProviderId): string {
    return this.provider(id)?.name ?? id
  },
  key(id: KeyId): KeyInfo | null {
    return this.keys.find((one) => one.id === id) ?? null
  },
  keyName(id: KeyId): string | null {
    const key = this.key(id)
    return key === null ? null : `${this.providerName(key.provider)}: ${key.label}`
  },

  async start(): Promise<void> {
    setInterval(() => (this.now = Date.now()), CLOCK_MS)
    void navigator.storage?.persisted?.().then((persisted) => (this.persisted = persisted))
    const obstacle = whyNotHere()
    if (obstacle !== null) return this.fail({ code: 'ERR_WORKER', ...obstacle })
    try {
      const hello = await connect({
        changed: () => void this.refresh(),
        unlocked: () => void this.joined(),
        asked: () => void (this.isOpen && lookAtQuestions()),
        locked: () => this.lockedElsewhere(),
      })
      this.demo = hello.demo
      this.customEndpoints = hello.customEndpoints
      this.cspMissing = hello.cspMissing
      this.hasServer = hello.server !== null
      this.build = hello.build
      await this.enter(hello.status)
    } catch (error) {
      this.fail(explainThrown(error))
    }
  },
  fail(why: Explained): void {
    this.failure = why
    this.phase = 'failed'
    focusHeading()
  },
  /** Takes over what the vault said of itself: after hello, create and unlock. */
  async enter(status: Status): Promise<void> {
    this.take(status)
    if (status.state === 'unlocked') await this.refresh()
    // See lost-logins.ts.
    if (status.state === 'unlocked' && sessionStorage.getItem('keyhold-login') !== null) void wantPart('keeping')
    const opens = status.state === 'unlocked' && this.phase === 'locked'
    this.phase = status.state
    focusHeading()
    if (status.state === 'unlocked') void lookAtQuestions(opens)
    if (status.state === 'unlocked' && this.wantsKeyOf !== undefined) signal('add', { provider: this.wantsKeyOf })
    if (status.state === 'absent' && this.hasServer) this.providers = await vault().providers()
    if (status.state !== 'locked') void this.lookAtApp()
  },
  /** The vault as it is after a change to it. */
  take(status: Status): void {
    this.status = status
    this.findings = status.findings
  },
  /** Back from sleep or from another tab: the worker looks at its clock, and this page at what it says. */
  async look(): Promise<void> {
    if (!this.isOpen || this.locking) return
    try {
      const status = await vault().status()
      if (status.state === 'unlocked') this.take(status)
      else this.reload()
    } catch {
      // A port that has ended tells of it by itself.
    }
  },
  /** Another tab opened the vault. */
  async joined(): Promise<void> {
    if (!this.isOpen) await this.enter(await vault().status())
  },
  async refresh(): Promise<void> {
    try {
      const [providers, keys, status] = await Promise.all([vault().providers(), vault().keys(), vault().status()])
      this.providers = providers
      this.spending = keys.some(hasCap) ? await vault().spending() : []
      this.keys = keys
      const wanted = keys.find(({ provider }) => this.wantsKeyOf === null || provider === this.wantsKeyOf)
      if (this.wantsKeyOf !== undefined && wanted !== undefined) {
        this.wantsKeyOf = undefined
        this.replay = wanted.id
      }
      if (status.state === 'unlocked') this.take(status)
      this.listFailure = null
      this.now = Date.now()
    } catch (error) {
      // Locked meanwhile: the lock itself reloads the page.
      const why = explainThrown(error)
      if (why.code !== 'ERR_LOCKED') this.listFailure = why
    }
  },
  async lock(): Promise<void> {
    if (!this.isOpen || this.locking) return
    this.locking = true
    try {
      await vault().lock()
      this.reload()
    } catch (error) {
      this.locking = false
      this.say(explainThrown(error).sentence)
    }
  },
  /** Here or in another tab. A page that showed nothing of the vault only connects again, by itself. */
  lockedElsewhere(): void {
    if (this.isOpen) this.reload()
  },
  /** The page that is loaded next takes the new version over, since its vault is not open. */
  async update(): Promise<void> {
    if (this.isOpen) await this.lock()
    else this.reload()
  },
  /** Also what a lock ends in: the page's own memory goes with it. */
  reload(): void {
    location.reload()
  },
  remindLater(): void {
    this.backupLater = true
  },
  /** Only on a click: Firefox asks the person. */
  async askToKeep(): Promise<void> {
    this.persisted = await navigator.storage.persist()
    this.say(
      this.persisted
        ? 'The browser will keep your vault.'
        : 'The browser declined. Visit often or install the page, then ask again.',
    )
  },
  say(text: string): void {
    const id = (this.toasts.at(-1)?.id ?? 0) + 1
    this.toasts.push({ id, text })
    setTimeout(() => this.dismiss(id), TOAST_MS)
  },
  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id)
  },
}

export type Session = typeof store

export function session(): Session {
  return Alpine.store('session') as Session
}

export function installSession(): void {
  Alpine.store('session', store)
}

export function explainCode(code: ErrorCode): Explained {
  return explain(code)
}

/** A new screen begins where it begins, for those who hear it. */
function focusHeading(): void {
  void Alpine.nextTick(() => document.querySelector<HTMLElement>('[data-focus]')?.focus({ preventScroll: true }))
}
