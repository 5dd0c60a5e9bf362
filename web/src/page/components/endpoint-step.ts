// endpoint-step: an address of one's own becomes a provider. A step of the key dialog.
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
    this.busy = true
    this.problem = null
    try {
      const provider = await vault().addEndpoint(this.endpointName.trim(), slashed(this.endpointBase.trim()))
      await session().refresh()
      this.busy = false
      this.enter(provider.id)
    } catch (error) {
      this.problem = explainThrown(error)
      this.busy = false
    }
  },
})

/** The base is a folder: without its last "/" the last part of the path would be lost. */
function slashed(base: string): string {
  return base.endsWith('/') ? base : `${base}/`
}
