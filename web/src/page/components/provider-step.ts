// provider-step: which provider is meant? The first step of the key dialog.
import { isLocal, look, type Look } from '../providers'
import { session } from '../session'
import type { ProviderInfo } from '../../protocol/messages'

interface Offer extends Look {
  id: string
  /** What is said of it below its name. */
  below: string
  /** "2 keys", where there are some. */
  stored: string
  /** It cannot be chosen; `below` says why. */
  closed: boolean
  /** The first of its kind in the list says so above it. */
  heading: string
}

const HEADINGS = ['', 'On this computer', 'Not from a web page']

export const providerStep = () => ({
  search: '',

  get found(): Offer[] {
    const wanted = this.search.trim().toLowerCase()
    const found = session().providers.filter(
      (one) => mayBeChosen(one) && [one.name, one.id, one.base].some((text) => text.toLowerCase().includes(wanted)),
    )
    let last = 0
    return found
      .toSorted((a, b) => kindOf(a) - kindOf(b))
      .map((one) => {
        const kind = kindOf(one)
        const heading = kind === last ? '' : (HEADINGS[kind] ?? '')
        last = kind
        return offerOf(one, heading)
      })
  },
  /** Enter in the search takes the first that is left. */
  takeFirst(this: { found: Offer[]; enter(id: string): void }) {
    const first = this.found.find(({ closed }) => !closed)
    if (first !== undefined) this.enter(first.id)
  },
  focusFirst(this: { $refs: Record<string, HTMLElement | undefined> }) {
    this.$refs['providers']?.querySelector('button')?.focus()
  },
})

function offerOf(one: ProviderInfo, heading: string): Offer {
  const closed = one.browser === 'no'
  const { host, ...rest } = look(one.id, one)
  const below = closed ? `Not from a browser: ${one.browserNote ?? ''}` : one.example ? 'At your own address' : host
  return { id: one.id, host, ...rest, below, stored: storedWords(one.id), closed, heading }
}

/** An example needs an address of one's own, which the site may not allow outside of this computer. */
function mayBeChosen(one: ProviderInfo): boolean {
  return !one.example || isLocal(one.base) || session().customEndpoints
}

/** The place in HEADINGS. Own endpoints stand with the others, wherever they are. */
function kindOf({ browser, base, kind }: ProviderInfo): number {
  return browser === 'no' ? 2 : kind === 'catalogue' && isLocal(base) ? 1 : 0
}

function storedWords(provider: string): string {
  const count = session().keys.filter((key) => key.provider === provider).length
  return count === 0 ? '' : count === 1 ? '1 key' : `${count} keys`
}
