// playground: does a key work, and what does an answer cost? A conversation that lives as long as the page.
import { component } from '../alpine'
import { choiceOf, modelsOf, providerChosen, providersOf } from '../app-key'
import { look } from '../providers'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'
import { answerOf, askedBefore, withSummary, type Said } from '../conversation'
import type { Fallback } from '../../engine'
import type { ErrorCode } from '../../protocol/errors'
import type { KeyId, ProviderId } from '../../protocol/messages'

/** Text is put on the page this often: more would only make the page slower than the stream. */
const PAINT_EVERY_MS = 40
const NEAR_THE_END_PX = 80
/** What a key of one's own helps against. */
const APP_REFUSED: readonly ErrorCode[] = ['ERR_QUOTA', 'ERR_PLAN', 'ERR_APP_KEY', 'ERR_NO_TOKEN']

const OPENERS = [
  'Explain how a lock works, in three sentences.',
  'Write a haiku about keys.',
  'What can you help me with?',
]

/** Kept while the page lives, also when another screen is looked at; a lock reloads the page and forgets it. */
let said: Said[] = []
let lastKey: KeyId = ''
let lastModel = ''
let controller: AbortController | null = null

export const playground = () =>
  component({
    said,
    keyId: '' as KeyId,
    model: '',
    models: [] as string[],
    modelsProblem: null as Explained | null,
    loadingModels: false,
    maxTokens: '4096',
    draft: '',
    busy: false,
    openers: OPENERS,

    get hasKeys(): boolean {
      return this.keyChoices.length > 0
    },
    get keyChoices(): { id: KeyId; text: string }[] {
      const own = session().keys.map((key) => ({
        id: key.id,
        text: `${session().providerName(key.provider)} · ${key.label}${key.hint === '' ? '' : ` (••••${key.hint})`}`,
      }))
      const byApp = providersOf(session().app, session().providers).map(({ id, name }) => ({
        id: choiceOf(id),
        text: `${name} · this app's key`,
      }))
      return [...own, ...byApp]
    },
    /** Whose models are asked by the app's key; null: by one of the user's. */
    get appProvider(): ProviderId | null {
      return providerChosen(this.keyId)
    },
    get byApp(): boolean {
      return this.appProvider !== null
    },
    get wayText(): string {
      return this.byApp
        ? "Your message goes to this app's server, which asks the provider with its own key."
        : 'Your message goes from this browser straight to the provider.'
    },
    get canSend(): boolean {
      return !this.busy && this.draft.trim() !== '' && this.model.trim() !== '' && this.keyId !== ''
    },
    get modelHint(): string {
      if (this.loadingModels) return 'Loading the list…'
      if (this.modelsProblem !== null) return `${this.modelsProblem.sentence} Type a model's name.`
      return this.models.length === 0 ? "Type a model's name." : ''
    },
    /** For engines whose text areas do not grow by themselves. */
    get draftRows(): number {
      return Math.min(6, this.draft.split('\n').length)
    },
    get whyNot(): string {
      return this.draft.trim() !== '' && this.model.trim() === '' ? 'Choose a model first.' : ''
    },

    init() {
      const { pending, keys } = session()
      session().pending = null
      const wanted = keys.find((key) => key.id === (pending?.key ?? lastKey))
      const first = wanted ?? keys.toSorted((a, b) => (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))[0]
      this.$watch('$store.session.replay', () => void this.replay())
      this.$watch('keyChoices', () => this.choose())
      const chosen = first?.id ?? this.keyChoices[0]?.id
      if (chosen === undefined) return
      this.keyId = chosen
      if (pending !== null) this.draft = pending.message
      else if (chosen === lastKey) this.model = lastModel
      if (session().replay !== '') return void this.replay()
      void this.loadModels()
      this.$nextTick(() => {
        if (pending !== null) document.getElementById('draft')?.focus()
        if (this.said.length > 0) this.toEnd(true)
      })
    },
    destroy() {
      lastModel = this.model
      lastKey = this.keyId
    },
    /** What the app lends may be heard of only after the page is there. */
    choose() {
      if (this.keyId !== '' && this.keyChoices.some(({ id }) => id === this.keyId)) return
      this.keyId = this.keyChoices[0]?.id ?? ''
      this.keyChanged()
    },
    /** The question that the app's key could not answer, with the key that was added for it: once. */
    async replay() {
      const key = session().replay
      const failed = this.said.findLast((one) => one.role === 'assistant' && one.wantsKeyOf !== '')
      if (key === '' || this.busy) return
      session().replay = ''
      this.keyId = key
      await this.loadModels()
      if (failed !== undefined) await this.retry(failed.id)
    },
    keyChanged() {
      this.model = ''
      void this.loadModels()
    },
    async loadModels() {
      const key = session().key(this.keyId)
      this.models = []
      this.modelsProblem = null
      if (this.appProvider !== null) {
        this.models = modelsOf(session().app, this.appProvider)
        this.model ||= this.models[0] ?? session().provider(this.appProvider)?.suggestedModel ?? ''
        return
      }
      if (key === null) return
      this.model ||= session().provider(key.provider)?.suggestedModel ?? ''
      this.loadingModels = true
      try {
        const models = await vault().models(key.id)
        if (this.keyId !== key.id) return
        this.models = models
        this.model ||= models[0] ?? ''
      } catch (error) {
        if (this.keyId === key.id) this.modelsProblem = explainThrown(error)
      } finally {
        if (this.keyId === key.id) this.loadingModels = false
      }
    },

    /** Enter sends, Shift+Enter is a new line; not while an input method is composing. */
    pressed(event: KeyboardEvent) {
      if (event.key !== 'Enter' || event.shiftKey || event.altKey || event.isComposing) return
      event.preventDefault()
      void this.send()
    },
    open(text: string) {
      this.draft = text
      void this.send()
    },
    async send() {
      if (!this.canSend) return
      this.said.push({ id: nextId(this.said), role: 'user', text: this.draft.trim() })
      this.draft = ''
      await this.ask()
    },
    async retry(id: number) {
      if (this.busy) return
      this.said = said = this.said.filter((one) => one.id !== id)
      await this.ask()
    },
    /** Asks for an answer to what has been said so far. */
    async ask() {
      const { appProvider } = this
      const key = session().key(this.keyId)
      const { fallback } = vault()
      if (key === null && (appProvider === null || fallback === null)) return
      const question = {
        ...(key === null ? { app: { provider: appProvider ?? '', fallback: fallback as Fallback } } : { key: key.id }),
        model: this.model.trim(),
        messages: askedBefore(this.said),
        maxTokens: Number(this.maxTokens),
      }
      const payer =
        key === null ? "this app's key" : `your key “${key.label}” at ${session().providerName(key.provider)}`
      this.said.push(answerOf(nextId(this.said), question, payer))
      // Alpine's proxy of it: changes through this one are seen.
      const answer = this.said.at(-1)
      if (answer?.role !== 'assistant') return
      controller = new AbortController()
      this.busy = true
      this.toEnd(true)
      let text = ''
      let reasoning = ''
      const paint = () => {
        answer.text += text
        answer.reasoning += reasoning
        text = reasoning = ''
        this.toEnd(false)
      }
      const painter = setInterval(paint, PAINT_EVERY_MS)
      try {
        for await (const part of vault().chat({ ...question, signal: controller.signal })) {
          if (part.type === 'text') text += part.text
          else if (part.type === 'reasoning') reasoning += part.text
          else if (part.type === 'end') withSummary(answer, part.summary)
        }
        answer.state = 'done'
      } catch (error) {
        answer.state = controller.signal.aborted ? 'stopped' : 'failed'
        if (!controller.signal.aborted) {
          answer.problem = explainThrown(error)
          if (APP_REFUSED.includes(answer.problem.code)) answer.wantsKeyOf = appProvider ?? ''
        }
      } finally {
        clearInterval(painter)
        paint()
        this.busy = false
        if (appProvider !== null) void session().lookAtApp()
        this.$nextTick(() => this.toEnd(false))
      }
    },
    stop() {
      controller?.abort()
      document.getElementById('draft')?.focus()
    },
    clear() {
      this.stop()
      this.said = said = []
      document.getElementById('draft')?.focus()
    },
    async copyAnswer(text: string) {
      try {
        await navigator.clipboard.writeText(text)
        session().say('Answer copied.')
      } catch {
        session().say('The browser did not allow copying.')
      }
    },
    tileOf(): string {
      const key = session().key(this.keyId)
      const { appProvider } = this
      if (appProvider !== null) return look(appProvider, session().provider(appProvider)).tile
      return key === null ? '' : look(key.provider, session().provider(key.provider)).tile
    },
    /** Follows the answer, unless the reader has scrolled away from its end. */
    toEnd(anyway: boolean) {
      const page = document.scrollingElement
      if (page === null) return
      const distance = page.scrollHeight - page.scrollTop - page.clientHeight
      if (anyway || distance < NEAR_THE_END_PX) this.$nextTick(() => page.scrollTo({ top: page.scrollHeight }))
    },
  })

function nextId(all: Said[]): number {
  return (all.at(-1)?.id ?? 0) + 1
}
