// provider-step: which provider is meant? The first step of the key dialog.
import { input } from '../alpine'
import { hostOf, isLocal, look, wellKnown, type Look } from '../providers'
import { session } from '../session'
import type { ProviderId, ProviderInfo } from '../../protocol/messages'

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

/** The groups of the list, in their order. */
const HEADINGS = ['', 'More, from A to Z', 'On this computer', 'Not from a web page']
const MORE = 1

/** Of the catalogue's, before those from A to Z. */
const FIRST_SHOWN = 8

/** Names of products by which people look for those who make them. */
const ALSO_CALLED: Record<ProviderId, string> = {
  openai: 'ChatGPT',
  anthropic: 'Claude',
  google: 'AI Studio',
  'azure-openai': 'Microsoft',
  xai: 'Grok',
  'moonshot-cn': 'Kimi',
}

const ADDRESS_CHARACTERS = 4

interface Dialog {
  $refs: Record<string, HTMLElement | undefined>
  found: Offer[]
  enter(id: string): void
}

export const providerStep = () => ({
  search: '',

  get found(): Offer[] {
    const { providers, keys } = session()
    const wanted = this.search.trim().toLowerCase()
    const first = new Set(wellKnown(providers, FIRST_SHOWN).map(({ id }) => id))
    for (const { provider } of keys) first.add(provider)
    const found = providers
      .filter((one) => mayBeChosen(one) && isCalled(one, wanted))
      .map((one) => ({ one, group: groupOf(one, first) }))
      .toSorted((a, b) => a.group - b.group || (a.group === MORE ? a.one.name.localeCompare(b.one.name) : 0))
    return found.map(({ one, group }, index) => {
      const begins = group !== (found[index - 1]?.group ?? 0)
      // Of a few that were searched for, it does not matter which are best known.
      const heading = begins && (group !== MORE || wanted === '') ? HEADINGS[group] : undefined
      return offerOf(one, heading ?? '')
    })
  },
  /** What fits is at the top, wherever the list was. */
  searched(this: Dialog) {
    this.$refs['providers']?.parentElement?.scrollTo(0, 0)
  },
  /** Enter in the search takes the first that is left. */
  takeFirst(this: Dialog) {
    const first = this.found.find(({ closed }) => !closed)
    if (first !== undefined) this.enter(first.id)
  },
  focusNext(this: Dialog) {
    const options = optionsIn(this.$refs['providers'])
    options[options.findIndex((one) => one === document.activeElement) + 1]?.focus()
  },
  focusPrevious(this: Dialog) {
    const options = optionsIn(this.$refs['providers'])
    const place = options.findIndex((one) => one === document.activeElement)
    if (place > 0) options[place - 1]?.focus()
    else input('provider-search')?.focus()
  },
})

function optionsIn(list: HTMLElement | undefined): HTMLButtonElement[] {
  return [...(list?.querySelectorAll<HTMLButtonElement>('button:enabled') ?? [])]
}

function offerOf(one: ProviderInfo, heading: string): Offer {
  const closed = one.browser === 'no'
  const { host, ...rest } = look(one.id, one)
  const below = closed ? (one.browserNote ?? '') : one.example && !isLocal(one.base) ? 'At your own address' : host
  return { id: one.id, host, ...rest, below, stored: storedWords(one.id), closed, heading }
}

/** Of an address only what is long enough to mean it: "co" is not for all that end in ".com". */
function isCalled({ name, id, base }: ProviderInfo, wanted: string): boolean {
  const names = [name, id, ALSO_CALLED[id] ?? '', wanted.length < ADDRESS_CHARACTERS ? '' : hostOf(base)]
  return names.some((text) => text.toLowerCase().includes(wanted))
}

/** An example needs an address of one's own, which the site may not allow outside of this computer. */
function mayBeChosen(one: ProviderInfo): boolean {
  return !one.example || isLocal(one.base) || session().customEndpoints
}

/** The place in HEADINGS. Own endpoints stand with those that are used, wherever they are. */
function groupOf({ id, browser, base, kind }: ProviderInfo, first: Set<ProviderId>): number {
  if (browser === 'no') return 3
  if (kind !== 'catalogue' || first.has(id)) return 0
  return isLocal(base) ? 2 : MORE
}

function storedWords(provider: string): string {
  const count = session().keys.filter((key) => key.provider === provider).length
  return count === 0 ? '' : count === 1 ? '1 key' : `${count} keys`
}
