// key-list: the keys by provider, and the ways to a first one.
import { component, signal } from '../alpine'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { hostOf, look, wellKnown } from '../providers'
import { vault } from '../vault'
import type { KeyInfo, ProviderInfo } from '../../protocol/messages'

interface Group {
  provider: string
  name: string
  host: string
  initial: string
  tile: string
  console: string | null
  consoleLabel: string
  addLabel: string
  keys: KeyInfo[]
  several: boolean
  failover: boolean
  removable: boolean
  emptyText: string
}

/** Of the catalogue; all others are in the dialog. With the two cards behind them they fill their rows. */
const MOST_OFFERED = 7

const DEMO_MESSAGE = 'Hello! In two sentences: who are you, and how did this message reach you?'

export const keyList = () =>
  component({
    problem: null as Explained | null,
    demoBusy: false,
    failoverProblem: null as Explained | null,

    get empty(): boolean {
      return this.groups.length === 0 && session().listFailure === null
    },
    get summary(): string {
      const keys = session().keys.length
      if (session().listFailure !== null) return ''
      if (keys === 0) return 'Nothing stored yet.'
      const providers = new Set(session().keys.map((key) => key.provider)).size
      return `${count(keys, 'key')} for ${count(providers, 'provider')}, sealed in this browser.`
    },
    /** Providers with keys, in the order of the catalogue; own endpoints also while they have none. */
    get groups(): Group[] {
      const { providers, keys } = session()
      const unknown = keys.filter((key) => !providers.some((one) => one.id === key.provider)).map((key) => key.provider)
      const known = providers.map((one) => groupOf(one.id, one, keys))
      return [...known, ...[...new Set(unknown)].map((id) => groupOf(id, null, keys))].filter(
        (group) => group.keys.length > 0 || group.removable,
      )
    },
    get choices(): (ReturnType<typeof look> & { id: string; offer: string })[] {
      const { demo, providers } = session()
      const ofSite = providers.filter((one) => one.kind === 'site' && one.id !== demo?.provider)
      return [...ofSite, ...wellKnown(providers, MOST_OFFERED)].map((one) => ({
        id: one.id,
        ...look(one.id, one),
        offer: one.keyOptional ? 'No key needed' : 'Add or get a key',
      }))
    },
    get moreText(): string {
      return `${session().providers.filter((one) => one.browser !== 'no').length} in all, local ones too`
    },
    get demoText(): string {
      const { demo } = session()
      const host = hostOf(session().provider(demo?.provider ?? '')?.base ?? '')
      return /^(localhost|127\.0\.0\.1)(:|$)/.test(host)
        ? 'A stand-in that answers from this computer. No key needed, and nothing leaves it.'
        : 'A stand-in that answers without a key of yours.'
    },
    get keptText(): string {
      const { persisted } = session()
      if (persisted === null) return 'Kept in this browser only.'
      return persisted
        ? 'Kept in this browser only, and the browser has promised not to clear it by itself.'
        : 'Kept in this browser only. The browser may clear it when the disk runs full.'
    },

    get canCheckAll(): boolean {
      return session().keys.length > 1
    },

    checkAll() {
      signal('check-all', null)
    },
    restore() {
      signal('restore', { scan: false })
    },
    makeBackup() {
      signal('backup', { aim: 'file' })
    },
    add(provider: string | null) {
      signal('add', { provider })
    },
    async tryDemo() {
      const { demo, keys } = session()
      if (demo === null || this.demoBusy) return
      this.demoBusy = true
      this.problem = null
      try {
        const stored = keys.find((key) => key.provider === demo.provider)
        const key =
          stored ??
          (await vault().add({ provider: demo.provider, label: 'Demo', secret: new TextEncoder().encode(demo.key) }))
            .key
        await session().refresh()
        session().tryKey(key.id, DEMO_MESSAGE)
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.demoBusy = false
      }
    },
    async setFailover(id: string, event: globalThis.Event) {
      const box = event.target as HTMLInputElement
      const on = box.checked
      this.failoverProblem = null
      try {
        await vault().setFailover(id, on)
        await session().refresh()
        const name = session().providerName(id)
        session().say(on ? `Keys of ${name} now stand in for each other.` : `Each key of ${name} stands alone.`)
      } catch (error) {
        box.checked = !on
        this.failoverProblem = explainThrown(error)
      }
    },
    removeEndpoint(id: string) {
      const { name, base } = session().provider(id) ?? { name: id, base: '' }
      signal('confirm', {
        title: 'Remove this endpoint?',
        text: 'It can be added again at any time.',
        subject: `${name} · ${base}`,
        action: 'Remove endpoint',
        run: async () => {
          await vault().removeEndpoint(id)
          await session().refresh()
          session().say(`${name} removed.`)
        },
      })
    },
  })

function groupOf(id: string, provider: ProviderInfo | null, all: KeyInfo[]): Group {
  const keys = all.filter((key) => key.provider === id)
  const { name, host, initial, tile } = look(id, provider, keys[0]?.base)
  return {
    provider: id,
    name,
    host,
    initial,
    tile,
    console: provider?.consoleUrl ?? null,
    consoleLabel: ` of ${name} (opens in a new tab)`,
    addLabel: `Add a key for ${name}`,
    keys,
    // Keys of a provider that is not there any more are used for nothing.
    several: provider !== null && keys.length > 1,
    failover: keys.some((key) => key.failover),
    removable: provider?.kind === 'custom' && keys.length === 0,
    emptyText: 'No key stored for this endpoint.',
  }
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
