// proof-dialog: a change to the ways into the vault, or a copy of everything, is asked for with a way in, also while it is open:
// whoever finds it open may use keys, but not take the vault over.
import { blend, dialog, type ProofWish } from '../alpine'
import { explainWay, type Explained, type Way } from '../text'
import { waysIn } from './ways-in'
import type { WayIn } from '../../engine'

const NOTHING: ProofWish = { title: '', text: '', subject: '', action: '', run: async () => {} }
const ALL: Way[] = ['passphrase', 'passkey', 'recovery']

export const proofDialog = () => {
  let wish = NOTHING
  let controller: AbortController | null = null
  return blend(waysIn({ passphrase: 'proof-passphrase', code: 'proof-code' }), {
    title: '',
    text: '',
    subject: '',
    action: '',
    danger: false,
    busy: false,
    problem: null as Explained | null,

    get invalid(): boolean {
      return this.problem?.code === 'ERR_CANNOT_UNLOCK' || this.problem?.code === 'ERR_RECOVERY_CODE'
    },
    open(asked: ProofWish) {
      wish = asked
      this.title = asked.title
      this.text = asked.text
      this.subject = asked.subject
      this.action = asked.action
      this.danger = asked.danger ?? false
      this.allowed = asked.ways ?? ALL
      this.problem = null
      this.firstWay()
      dialog('proof-dialog').showModal()
      this.$nextTick(() => this.wayField()?.focus())
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
    /** Also what is under way is given up: nothing changes after this. */
    close() {
      controller?.abort()
      dialog('proof-dialog').close()
    },
    closed() {
      this.forgetTyped()
      this.problem = null
      wish.closed?.()
      wish = NOTHING
    },
    async prove() {
      const way = this.typing === 'recovery' ? 'recovery' : 'passphrase'
      await this.proveBy(way, async () => this.takeTyped())
    },
    async usePasskey() {
      await this.proveBy('passkey', () => this.takePasskey())
    },
    async proveBy(way: Way, take: () => Promise<WayIn | null>) {
      if (this.busy) return
      this.busy = true
      this.problem = null
      controller = new AbortController()
      const { signal } = controller
      try {
        const proof = await take()
        if (proof === null || signal.aborted) return
        await wish.run(proof, signal)
        if (!signal.aborted) dialog('proof-dialog').close()
      } catch (error) {
        if (signal.aborted) return
        this.problem = explainWay(error, way)
        this.$nextTick(() => this.wayField()?.focus())
      } finally {
        this.busy = false
      }
    },
  })
}
