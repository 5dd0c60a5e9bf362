// unlock-vault: a way in goes to the vault, and what comes back is said; after many failures, how long to wait.
import { blend } from '../alpine'
import { session } from '../session'
import { explainWay, type Explained, type Way } from '../text'
import { vault } from '../vault'
import { attemptsWords, clock } from '../waiting'
import { waysIn } from './ways-in'
import type { WayIn } from '../../engine'

const TICK_MS = 250

export const unlockVault = () =>
  blend(waysIn({ passphrase: 'passphrase', code: 'recovery-code' }), {
    busy: false,
    problem: null as Explained | null,
    leftS: 0,
    waitUntil: 0,
    ticker: 0,
    greeting: 'Your keys are sealed in this browser.',

    get invalid(): boolean {
      return this.problem?.code === 'ERR_CANNOT_UNLOCK' || this.problem?.code === 'ERR_RECOVERY_CODE'
    },
    get waiting(): boolean {
      return this.leftS > 0
    },
    get unlockWords(): string {
      if (this.waiting) return `Try again in ${clock(this.leftS)}`
      return this.busy ? 'Checking…' : 'Unlock'
    },
    /** Without the seconds, which nobody wants to hear counted. */
    get waitWords(): string {
      return `${attemptsWords(session().status?.failedAttempts ?? 0)} So the next one waits, longer each time: that slows down whoever is guessing. Your keys are safe, and the right way in works as soon as the time is up.`.trim()
    },
    get forgotten(): string {
      if (this.canRecover) return 'Use your recovery code: it opens the vault without the passphrase.'
      return this.canPasskey ? 'Use a passkey: it opens the vault without the passphrase.' : ''
    },

    init() {
      this.firstWay()
      this.begin(session().status?.waitS ?? 0)
      this.$nextTick(() => this.wayField()?.focus())
    },
    destroy() {
      clearInterval(this.ticker)
    },
    typed() {
      this.problem = null
      this.hintTyped()
    },
    typeInstead(way: 'passphrase' | 'recovery') {
      this.problem = null
      this.forgetTyped()
      this.typing = way
      this.$nextTick(() => this.wayField()?.focus())
    },

    async unlock() {
      if (this.busy || this.waiting) return
      const way = this.typing === 'recovery' ? 'recovery' : 'passphrase'
      await this.tryWay(way, async () => this.takeTyped())
    },
    async usePasskey() {
      if (this.busy || this.waiting) return
      await this.tryWay('passkey', () => this.takePasskey())
    },
    async tryWay(way: Way, take: () => Promise<WayIn | null>) {
      this.problem = null
      this.busy = true
      try {
        const by = await take()
        if (by === null) {
          this.busy = false
          return
        }
        const status = await vault().unlock(by)
        session().byRecovery = way === 'recovery'
        await session().enter(status)
      } catch (error) {
        this.problem = explainWay(error, way)
        this.busy = false
        await this.lookAtClock()
        this.$nextTick(() => this.wayField()?.focus())
      }
    },
    /** How long the next attempt has to wait is the vault's to say. */
    async lookAtClock() {
      try {
        const status = await vault().status()
        session().take(status)
        this.begin(status.waitS)
        if (this.waiting && this.problem?.code === 'ERR_UNLOCK_WAIT') this.problem = null
      } catch {
        // Then the next attempt says it.
      }
    },
    begin(waitS: number) {
      clearInterval(this.ticker)
      this.waitUntil = Date.now() + waitS * 1000
      this.leftS = waitS
      if (waitS > 0) this.ticker = window.setInterval(() => this.tick(), TICK_MS)
    },
    tick() {
      this.leftS = Math.max(0, Math.ceil((this.waitUntil - Date.now()) / 1000))
      if (this.leftS > 0) return
      clearInterval(this.ticker)
      this.$nextTick(() => this.wayField()?.focus())
    },
  })
