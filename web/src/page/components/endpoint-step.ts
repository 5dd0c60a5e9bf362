// endpoint-step: an address of one's own becomes a provider. A step of the key dialog.
import { overlapping } from '../providers'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

interface Preset {
  name: string
  base: string
}

const PRESETS: Preset[] = [
  { name: 'Ollama', base: 'http://localhost:11434/v1/' },
  { name: 'LM Studio', base: 'http://localhost:1234/v1/' },
  { name: 'llama.cpp', base: 'http://localhost:8080/v1/' },
]

const ADDRESS_RULES = 'It must begin with https:// (http:// only for this computer) and have no user name, “?” or “#”.'

/** What the step uses of the dialog around it. */
interface Dialog {
  busy: boolean
  problem: Explained | null
  endpointName: string
  endpointBase: string
  canSaveEndpoint: boolean
  enter(provider: string): void
}

export const endpointStep = () => ({
  endpointName: '',
  endpointBase: '',
  presets: PRESETS,

  get ollamaOrigins(): string {
    return `OLLAMA_ORIGINS=${location.origin}`
  },
  get canSaveEndpoint(): boolean {
    return this.endpointName.trim() !== '' && URL.canParse(this.endpointBase.trim())
  },
  usePreset({ name, base }: Preset) {
    this.endpointName = name
    this.endpointBase = base
  },
  clearEndpoint() {
    this.endpointName = ''
    this.endpointBase = ''
  },
  async saveEndpoint(this: Dialog) {
    if (this.busy || !this.canSaveEndpoint) return
    const base = slashed(this.endpointBase.trim())
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
      const provider = await vault().addEndpoint(this.endpointName.trim(), base)
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

function refused(sentence: string, next: string): Explained {
  return { code: 'ERR_BAD_INPUT', sentence, next }
}

/** The base is a folder: without its last "/" the last part of the path would be lost. */
function slashed(base: string): string {
  return base.endsWith('/') ? base : `${base}/`
}
