// button: all that is to be seen of the frame. It says what a click would lead to; the click itself opens the vault's window.
import type { AccessQuestion, Status } from '../protocol/messages'

/** Constructed, as the frame's policy has no room for styles in the page, and a file would be a third request. */
const STYLE = `
:root { color-scheme: light dark }
body { margin: 0 }
button {
  box-sizing: border-box; width: 100vw; height: 100vh; padding: 0 1rem; display: flex; align-items: center; justify-content: center; gap: .5rem;
  border: 1px solid light-dark(#8b958f, #5f6c66); border-radius: .625rem;
  background: light-dark(#fff, #171e1b); color: light-dark(#15201c, #edf2ef);
  font: 600 .9375rem/1.2 ui-sans-serif, -apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Arial, sans-serif; cursor: pointer;
}
button[data-wanted] { border-color: transparent; background: light-dark(#0d5c4f, #62cdb8); color: light-dark(#fff, #04211b) }
button:focus-visible { outline: 2px solid currentColor; outline-offset: -5px }
`

export interface Shown {
  text: string
  /** A person is needed. */
  wanted: boolean
}

export function shownFor(status: Status | null, questions: AccessQuestion[], blocked: boolean): Shown {
  if (blocked) return { text: 'Window was blocked: try again', wanted: true }
  if (status === null) return { text: 'Keyhold', wanted: false }
  if (status.state === 'absent') return { text: 'Set up Keyhold', wanted: true }
  if (status.state === 'locked') return { text: 'Unlock Keyhold', wanted: true }
  return questions.length > 0 ? { text: 'Allow this page…', wanted: true } : { text: 'Keyhold', wanted: false }
}

export function makeButton(onClick: () => void): (shown: Shown) => void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  document.adoptedStyleSheets = [sheet]
  const button = document.createElement('button')
  button.type = 'button'
  button.addEventListener('click', (event) => event.isTrusted && onClick())
  document.body.append(button)
  return ({ text, wanted }) => {
    button.textContent = text
    button.toggleAttribute('data-wanted', wanted)
  }
}
