// endpoint-step: an address of one's own becomes a provider. A step of the key dialog.
import { completed, isLocal, overlapping } from '../providers'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import type { ProviderId, ProviderInfo } from '../../protocol/messages'

const ADDRESS_RULES = 'It must begin with https:// (http:// only for this computer) and have no user name, “?” or “#”.'

/** What the step uses of the dialog around it. */
interface Dialog {
  busy: boolean
  problem: Explained | null
  endpointName: string
  endpointLike: ProviderId | null
  endpointAddress: string
  canSaveEndpoint: boolean
  enter(provider: string): void
}

const ANY_EXAMPLE = 'https://example.com/v1/'

export const endpointStep = () => ({
  endpointName: '',
  endpointBase: '',
  /** The provider it is as; null: OpenAI-compatible. */
  endpointLike: null as ProviderId | null,
  endpointExample: ANY_EXAMPLE,
  endpointHint: '',
  endpointSteps: [] as string[],

  get endpointAddress(): string {
    return completed(this.endpointBase.trim(), this.endpointLike === null ? '' : this.endpointExample)
  },
  get canSaveEndpoint(): boolean {
    return this.endpointName.trim() !== '' && URL.canParse(this.endpointAddress)
  },
  /** Empties the step, or fills it with what is known of the provider that the endpoint is like. */
  beginEndpoint(like: ProviderInfo | null) {
    this.endpointLike = like?.id ?? null
    this.endpointName = like?.name ?? ''
    this.endpointExample = like?.base ?? ANY_EXAMPLE
    // An address on this computer is probably the right one, another place's is certainly not.
    this.endpointBase = like !== null && isLocal(like.base) ? like.base : ''
    this.endpointHint = hintFor(like)
    this.endpointSteps = like === null ? [] : stepsOf(like)
  },
  async saveEndpoint(this: Dialog) {
    if (this.busy || !this.canSaveEndpoint) return
    const base = this.endpointAddress
    const taken = overlapping(base, session().providers)
    if (taken !== null) {
      this.problem = refused(
        `This address belongs to ${taken.name}, which Keyhold already knows.`,
        'Go back and choose it in the list.',
      )
      return
    }
    this.busy = true
    this.problem = null
    try {
      const provider = await vault().addEndpoint(this.endpointName.trim(), base, this.endpointLike)
      await session().refresh()
      this.busy = false
      this.enter(provider.id)
    } catch (error) {
      const why = explainThrown(error)
      this.problem = why.code === 'ERR_BAD_INPUT' ? refused('This address cannot be used.', ADDRESS_RULES) : why
      this.busy = false
    }
  },
})

/** Steps may name this page's address, for a server that has to be told it. */
export function stepsOf({ steps }: ProviderInfo): string[] {
  return steps.map((step) => step.replace('{origin}', location.origin))
}

function hintFor(like: ProviderInfo | null): string {
  if (like === null) return 'The part before “chat/completions”. A key stored for it goes to this address only.'
  return isLocal(like.base)
    ? 'This is where it usually is. A key stored for it goes to this address only.'
    : 'As the provider shows it. A key stored for it goes to this address only.'
}

function refused(sentence: string, next: string): Explained {
  return { code: 'ERR_BAD_INPUT', sentence, next }
}
