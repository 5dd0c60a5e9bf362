// questions: does a page of another origin wait for an answer? It is asked for in the window that the vault's frame opened, and
// nowhere else: nobody should be asked out of the blue.
import { signal } from './alpine'
import { vault } from './vault'
import { isWindow } from './window'

let asked = false

/** Of an open vault. @param opened it was opened a moment ago: with nothing to ask, the window has served its purpose. */
export async function lookAtQuestions(opened = false): Promise<void> {
  if (!isWindow) return
  const questions = await vault()
    .questions()
    .catch(() => null)
  if (questions === null) return
  if (questions.length > 0 || asked) {
    asked = true
    signal('consent', { questions })
  } else if (opened) close()
}
