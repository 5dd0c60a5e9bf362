// pages-list: which pages of other origins may use keys, and an end to that.
import { component, signal } from '../alpine'
import { session } from '../session'
import { callsWords, modelsWords, spendWords, untilWords } from '../terms'
import { explainThrown, type Explained } from '../text'
import { ago } from '../time'
import { vault } from '../vault'
import type { GrantInfo } from '../../protocol/messages'

interface Row {
  id: string
  origin: string
  providers: string
  about: string
  spend: string
  until: string
  over: boolean
  given: string
  revokeLabel: string
}

export const pagesList = () =>
  component({
    rows: [] as Row[],
    loaded: false,
    problem: null as Explained | null,

    get none(): boolean {
      return this.loaded && this.rows.length === 0
    },
    async init() {
      await this.load()
    },
    async load() {
      try {
        const grants = await vault().grants()
        this.rows = grants.map((grant) => rowOf(grant, session().now))
        this.loaded = true
        this.problem = null
      } catch (error) {
        this.problem = explainThrown(error)
      }
    },
    revoke(id: string) {
      const row = this.rows.find((one) => one.id === id)
      if (row === undefined) return
      signal('confirm', {
        title: 'Take this back?',
        subject: row.origin,
        text: 'This page can use your keys no longer, and what it is asking right now is broken off. It can ask you again.',
        action: 'Revoke',
        run: async () => {
          await vault().revoke(id)
          await this.load()
          session().say(`${row.origin} can use your keys no longer.`)
        },
      })
    },
  })

function rowOf(grant: GrantInfo, now: number): Row {
  const { id, origin, providers, models, scopes, expiresAt, grantedAt } = grant
  return {
    id,
    origin,
    providers: providers.map((one) => session().providerName(one)).join(', '),
    about: `${modelsWords(models)}. ${callsWords(scopes)}.`,
    spend: spendWords(grant),
    until: untilWords(expiresAt, now),
    over: expiresAt !== null && expiresAt <= now,
    given: `Allowed ${ago(grantedAt, now)}`,
    revokeLabel: `Revoke what ${origin} may do`,
  }
}
