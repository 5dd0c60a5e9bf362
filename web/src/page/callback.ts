// callback: where does a login at a provider end? At callback.html, in a tab of its own, which tells the waiting page what
// it was given, or, where none answers, shows it to be copied. Imports nothing: it is one small file.

/** Types only, so that this file and the page share no code, which would become a third file. */
export type LoginChannel = 'keyhold-login'
/** To the page that began the login of this state: what the provider said. */
export type LoginNews = { state: string; code: string } | { state: string; error: string }
/** Back: the page takes it from here. */
export interface LoginHeard {
  heard: string
}

const CHANNEL: LoginChannel = 'keyhold-login'
const ANSWER_WITHIN_MS = 2_000
const CLOSE_AFTER_MS = 1_000

const news = readNews(location.search)
// At once: neither the code nor the state stays in the address, where it could be copied along or sent on.
history.replaceState(null, '', location.pathname)

if (news === null) show('nothing')
else deliver(news)

/** null for anything that no provider sends. */
function readNews(search: string): LoginNews | null {
  // OpenRouter adds to the address it was given, which has a query already.
  const given = new URLSearchParams(search.slice(1).replace(/\?(?=(code|error)=)/, '&'))
  const [state, code, error] = ['state', 'code', 'error'].map((name) => given.get(name) ?? '') as [
    string,
    string,
    string,
  ]
  if (!/^[\w-]{43}$/.test(state)) return null
  if (/^[\w.-]{1,64}$/.test(error)) return { state, error }
  return /^[!-~]{1,2048}$/.test(code) ? { state, code } : null
}

function deliver(news: LoginNews): void {
  const channel = new BroadcastChannel(CHANNEL)
  const alone = setTimeout(() => showAlone(news), ANSWER_WITHIN_MS)
  // Also later: a page that sleeps in the background answers when it is looked at.
  channel.addEventListener('message', ({ data }: MessageEvent<LoginNews | LoginHeard>) => {
    if (!('heard' in data) || data.heard !== news.state) return
    clearTimeout(alone)
    channel.close()
    show('done')
    // A tab that was somewhere else before may not close itself, and the browser would say so in the console.
    if (history.length === 1) setTimeout(() => close(), CLOSE_AFTER_MS)
  })
  channel.postMessage(news)
}

function showAlone(news: LoginNews): void {
  if ('error' in news) return show('refused')
  const code = document.querySelector('textarea')
  const button = document.querySelector('button')
  if (code === null || button === null) return
  code.value = `${news.state}.${news.code}`
  button.addEventListener('click', () => {
    code.select()
    navigator.clipboard?.writeText(code.value).then(
      () => (button.textContent = 'Copied'),
      () => (button.textContent = 'Press Ctrl+C'),
    )
  })
  show('alone')
}

function show(name: 'done' | 'alone' | 'refused' | 'nothing'): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-part]')) part.hidden = part.dataset['part'] !== name
  document.querySelector<HTMLElement>(`[data-part=${name}] h1`)?.focus()
}
