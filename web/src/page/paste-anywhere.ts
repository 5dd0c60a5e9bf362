// paste-anywhere: a key pasted onto the list of keys, where there is no field, goes to the dialog for it.
import { keyBytes } from '../engine/bytes'
import { signal } from './alpine'
import { isSeveral } from './pasted'
import { session } from './session'
import { vault } from './vault'

const LONGEST_KEY = 4_096

export async function pasteAnywhere({ target, clipboardData }: ClipboardEvent): Promise<void> {
  const inField = target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null
  if (!session().isOpen || session().view !== 'keys' || inField || document.querySelector('dialog[open]')) return
  const text = clipboardData?.getData('text').trim() ?? ''
  // What is no key was hardly meant for this page.
  try {
    if (isSeveral(text)) {
      const opened = await vault().openEnv(new TextEncoder().encode(text))
      if (opened.items.length > 0) signal('restore', { scan: false, opened })
      else await vault().closeImport()
    } else if (text.length <= LONGEST_KEY) {
      const { kind, better } = await vault().lookAt('', keyBytes(text))
      if (kind === 'key') signal('add', { provider: better, text })
    }
  } catch {
    // Too large, or locked meanwhile: as if nothing had been pasted.
  }
}
