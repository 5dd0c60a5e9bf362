// login-step: a key without copying one: by logging in at the provider, in another tab. A part of the key dialog.
import { input } from '../alpine'
import { awaitLogin, readLoginCode, stopAwaiting } from '../logins'
import { explain, explainThrown, Told, type Explained } from '../text'
import { vault } from '../vault'
import type { LoginNews } from '../callback'
import type { KeyInfo, Stored } from '../../protocol/messages'

/** As long as the vault waits for one. A link that was not followed is made anew halfway, so that five minutes are left. */
const LOGIN_LIVES_MS = 600_000

/** What the step uses of the dialog around it. */
interface Dialog {
  chosen: { id: string; name: string; login: boolean }
  replacing: KeyInfo | null
  label: string
  defaultLabel: string
  busy: boolean
  problem: Explained | null
  loginUrl: string
  loginWaits: boolean
  byLogin: boolean
  offerLogin(): Promise<void>
  endLogin(): void
  finishLogin(state: string, code: string): Promise<void>
  failLogin(why: Explained): void
  run(store: () => Promise<Stored>, told: (stored: Stored) => string): Promise<void>
}

/** Counts what was begun, so that an answer to something given up is known for that. */
let turn = 0
let timer: ReturnType<typeof setTimeout> | undefined

export const loginStep = () => ({
  /** '': not offered, or not yet. Made beforehand, so that a plain link opens the tab and no browser takes it for a pop-up. */
  loginUrl: '',
  loginWaits: false,
  /** What is under way, or went wrong, is a login; not a key that was typed in. */
  byLogin: false,

  get offersLogin(): boolean {
    return this.loginUrl !== '' && !this.loginWaits
  },
  async offerLogin(this: Dialog) {
    this.endLogin()
    if (!this.chosen.login) return
    const mine = turn
    try {
      const { url, state } = await vault().beginLogin(this.chosen.id)
      if (mine !== turn) return
      this.loginUrl = url
      awaitLogin(state, (news: LoginNews) => {
        if ('code' in news) void this.finishLogin(news.state, news.code)
        else this.failLogin(news.error === 'access_denied' ? denied(this.chosen.name) : explain('ERR_LOGIN_REFUSED'))
      })
      timer = setTimeout(() => {
        if (!this.loginWaits) void this.offerLogin()
        else timer = setTimeout(() => this.failLogin(explain('ERR_LOGIN_STATE')), LOGIN_LIVES_MS / 2)
      }, LOGIN_LIVES_MS / 2)
    } catch {
      // A key can still be pasted.
    }
  },
  /** The link itself opens the tab. */
  followLogin(this: Dialog) {
    this.problem = null
    this.loginWaits = true
  },
  endLogin(this: Dialog) {
    turn++
    clearTimeout(timer)
    stopAwaiting()
    this.loginUrl = ''
    this.loginWaits = false
  },
  pasteLogin(this: Dialog) {
    const field = input('login-code')
    const read = readLoginCode(field?.value ?? '')
    if (read !== null) void this.finishLogin(read.state, read.code)
    else {
      this.byLogin = true
      this.problem = explainThrown(
        new Told('This is not the code that the other tab shows.', 'Copy all of it: it is long, with a dot inside.'),
      )
      field?.focus()
    }
  },
  async finishLogin(this: Dialog, state: string, code: string) {
    if (this.busy) return
    const { replacing, chosen } = this
    const label = this.label.trim() || this.defaultLabel
    this.byLogin = true
    await this.run(
      () => vault().finishLogin({ state, code, label, key: replacing?.id ?? null }),
      ({ key }) => `${chosen.name}: ${key.label} ${replacing === null ? 'is sealed' : 'has its new key'}.`,
    )
    if (this.problem !== null) void this.offerLogin()
  },
  failLogin(this: Dialog, why: Explained) {
    this.byLogin = true
    this.problem = why
    void this.offerLogin()
  },
})

function denied(name: string): Explained {
  return {
    code: 'ERR_CANCELLED',
    sentence: `${name} gave no key: the login was refused there.`,
    next: 'Nothing was stored. Try again, or paste a key instead.',
  }
}
