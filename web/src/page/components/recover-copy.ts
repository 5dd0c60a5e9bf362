// recover-copy: the vault is gone from its place, its sealed copy is not.
import { component } from '../alpine'
import { session } from '../session'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const recoverCopy = () =>
  component({
    busy: false,
    problem: null as Explained | null,

    async recover() {
      if (this.busy) return
      this.busy = true
      this.problem = null
      try {
        await session().enter(await vault().recoverCopy())
        session().say('Your vault is back. Unlock it as before.')
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })
