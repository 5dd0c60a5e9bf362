// login-step: a key without copying one: by logging in at the provider, in another tab. Inside the key dialog, one for each
// provider that is entered.
import { component, input } from '../alpine'
import { awaitLogin, readLoginCode, stopAwaiting } from '../logins'
import { lostLogins } from '../lost-logins'
import { session } from '../session'
import { explain, explainThrown, Told, type Explained } from '../text'
import { vault } from '../vault'
import type { LoginNews } from '../callback'
import type { ErrorCode } from '../../protocol/errors'
import type { KeyInfo, Stored } from '../../protocol/messages'

/** As long as the vault waits for one. A link that was not followed is made anew halfway, so that five minutes are left. */
const LOGIN_LIVES_MS = 600_000

/** After these the provider has made no key. */
const NOTHING_MADE: ReadonlySet<ErrorCode> = new Set([
  'ERR_LOGIN_STATE',
  'ERR_LOGIN_REFUSED',
  'ERR_BAD_INPUT',
  'ERR_NOT_FOUND',
  'ERR_ENDPOINT_MISMATCH',
  'ERR_NOT_PERMITTED_BY_SITE',
  'ERR_OFFLINE',
  'ERR_RATE_LIMITED',
  'ERR_REGION',
])

/** What the step uses of the dialog around it. */
interface Dialog {
  chosen: { id: string; name: string }
  replacing: KeyInfo | null
  label: string
  defaultLabel: string
  busy: boolean
  problem: Explained | null
  byLogin: boolean
  loginWaits: boolean
  reveal(id: string): void
  run(
    store: () => Promise<Stored>,
    told: (stored: Stored) => string,
    late: (stored: Stored) => void | Promise<void>,
  ): Promise<void>
}

interface Step extends Dialog {
  url: string
  offer(): Promise<void>
  end(): void
  finish(state: string, code: string): Promise<void>
  fail(why: Explained): void
}

/** Counts what was begun, so that an answer to something given up is known for that. */
let turn = 0
let timer: ReturnType<typeof setTimeout> | undefined

export const loginStep = () =>
  component({
    /** '': not there yet. Made beforehand, so that a plain link opens the tab and no browser takes it for a pop-up. */
    url: '',

    get offered(): boolean {
      return this.url !== '' && !(this as unknown as Dialog).loginWaits
    },
    get offerText(): string {
      return `Log in with ${(this as unknown as Dialog).chosen.name}`
    },
    get loginProblem(): Explained | null {
      const { byLogin, problem } = this as unknown as Dialog
      return byLogin ? problem : null
    },
    get waitText(): string {
      const { loginWaits, chosen } = this as unknown as Dialog
      return loginWaits ? `Waiting for ${chosen.name}. Go on in the tab that has opened.` : ''
    },

    init() {
      void (this as unknown as Step).offer()
    },
    destroy() {
      ;(this as unknown as Step).end()
    },
    async offer(this: Step) {
      this.end()
      const mine = turn
      try {
        const { url, state } = await vault().beginLogin(this.chosen.id)
        if (mine !== turn) return
        this.url = url
        awaitLogin(state, (news: LoginNews) => {
          if ('code' in news) void this.finish(news.state, news.code)
          else this.fail(news.error === 'access_denied' ? denied(this.chosen.name) : explain('ERR_LOGIN_REFUSED'))
        })
        timer = setTimeout(() => {
          if (!this.loginWaits) void this.offer()
          else timer = setTimeout(() => this.fail(explain('ERR_LOGIN_STATE')), LOGIN_LIVES_MS / 2)
        }, LOGIN_LIVES_MS / 2)
      } catch {
        // A key can still be pasted.
      }
    },
    /** The link itself opens the tab. */
    follow(this: Step) {
      this.problem = null
      this.loginWaits = true
    },
    end(this: Step) {
      turn++
      clearTimeout(timer)
      stopAwaiting()
      this.url = ''
      this.loginWaits = false
    },
    use(this: Step) {
      const field = input('login-code')
      const read = readLoginCode(field?.value ?? '')
      if (read !== null) return void this.finish(read.state, read.code)
      this.byLogin = true
      this.problem = explainThrown(
        new Told('This is not the code that the other tab shows.', 'Copy all of it: it is long, with a dot inside.'),
      )
      field?.focus()
    },
    async finish(this: Step, state: string, code: string) {
      if (this.busy) return
      const { replacing, chosen } = this
      const label = this.label.trim() || this.defaultLabel
      const mine = turn
      const told = ({ key }: Stored) =>
        `${chosen.name}: ${key.label} ${key.id === replacing?.id ? 'has its new key' : 'is sealed'}.`
      this.byLogin = true
      let maybeMade = false
      await this.run(
        async () => {
          lostLogins.begin(chosen.id)
          try {
            const stored = await vault().finishLogin({ state, code, label, key: replacing?.id ?? null })
            lostLogins.end()
            return stored
          } catch (error) {
            maybeMade = !NOTHING_MADE.has(explainThrown(error).code)
            if (maybeMade) lostLogins.tell()
            else lostLogins.end()
            throw error
          }
        },
        told,
        // The provider made it for somebody who then left the dialog: better here than forgotten there.
        (stored) => session().say(told(stored)),
      )
      if (mine !== turn || this.problem === null) return
      if (maybeMade) this.problem = { ...this.problem, next: lostLogins.advice(chosen.name) }
      void this.offer()
    },
    fail(this: Step, why: Explained) {
      this.byLogin = true
      this.problem = why
      this.reveal('login-outcome')
      void this.offer()
    },
  })

function denied(name: string): Explained {
  return {
    code: 'ERR_CANCELLED',
    sentence: `${name} gave no key: the login was refused there.`,
    next: 'Nothing was stored. Try again, or paste a key instead.',
  }
}
