// quota-bar: how much of the app's key is left, and the way to a key of one's own.
import { component } from '../alpine'
import { leftWords, percentUsed } from '../app-key'
import { session } from '../session'
import type { ProviderId } from '../../protocol/messages'

export const quotaBar = () =>
  component({
    get shown(): boolean {
      return session().app !== null
    },
    get planName(): string {
      return session().app?.plan.name ?? ''
    },
    get percent(): number {
      const { app } = session()
      return app === null ? 0 : percentUsed(app.account)
    },
    get left(): string {
      const { app } = session()
      if (app === null) return ''
      return app.account.status === 'active' ? leftWords(app.account) : 'This plan has ended.'
    },
    get low(): boolean {
      return this.percent >= 80
    },
    /** As a style is bound: the policy allows no inline ones. */
    get width(): object {
      return { width: `${this.percent}%` }
    },
    addOwn(provider: ProviderId | null) {
      session().wantKey(provider)
    },
  })
