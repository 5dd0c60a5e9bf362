// provider-step: which provider is meant? The first step of the key dialog.
import { look, type Look } from '../providers'
import { session } from '../session'

interface Offer extends Look {
  id: string
  /** "2 keys", where there are some. */
  stored: string
}

export const providerStep = () => ({
  search: '',

  get found(): Offer[] {
    const wanted = this.search.trim().toLowerCase()
    return session()
      .providers.filter(({ name, id, base }) => [name, id, base].some((text) => text.toLowerCase().includes(wanted)))
      .map((one) => ({ id: one.id, ...look(one.id, one), stored: storedWords(one.id) }))
  },
  /** Enter in the search takes the first that is left. */
  takeFirst(this: { found: Offer[]; enter(id: string): void }) {
    const [first] = this.found
    if (first !== undefined) this.enter(first.id)
  },
  focusFirst(this: { $refs: Record<string, HTMLElement | undefined> }) {
    this.$refs['providers']?.querySelector('button')?.focus()
  },
})

function storedWords(provider: string): string {
  const count = session().keys.filter((key) => key.provider === provider).length
  return count === 0 ? '' : count === 1 ? '1 key' : `${count} keys`
}
