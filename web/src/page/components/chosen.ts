// chosen: whom is a key for? What the key dialog says of the provider that was chosen.
import type { ProviderInfo } from '../../protocol/messages'
import { hostOf, look, type Look } from '../providers'
import { session } from '../session'
import { stepsOf } from './endpoint-step'

export interface Chosen extends Look {
  id: string
  sentTo: string
  stepsTitle: string
  steps: string[]
  console: string | null
  consoleText: string
  note: string
  keyOptional: boolean
  /** It may be somewhere else, too. */
  movable: boolean
  /** Its id, once, if it gives a key to somebody who logs in there. */
  logins: string[]
}

export const NOBODY: Chosen = {
  id: '',
  name: '',
  host: '',
  initial: '',
  tile: '',
  sentTo: '',
  stepsTitle: '',
  steps: [],
  console: null,
  consoleText: '',
  note: '',
  keyOptional: false,
  movable: false,
  logins: [],
}

export function chosenFrom(provider: ProviderInfo): Chosen {
  return {
    id: provider.id,
    ...look(provider.id, provider),
    sentTo: `Sent to ${hostOf(provider.base)} and nowhere else`,
    stepsTitle: provider.keyOptional ? 'How to set it up' : 'How to get a key',
    steps: stepsOf(provider),
    console: provider.consoleUrl ?? null,
    consoleText: `Open ${provider.name}'s key page`,
    note: provider.browser === 'yes' ? '' : (provider.browserNote ?? ''),
    keyOptional: provider.keyOptional,
    movable: provider.kind === 'catalogue' && session().customEndpoints,
    logins: provider.login ? [provider.id] : [],
  }
}
