// starting: is it taking long enough to say so?
import { component } from '../alpine'
import { session } from '../session'

const SAY_AFTER_MS = 350

export const starting = () =>
  component({
    late: false,
    get shown(): boolean {
      return this.late && session().phase === 'starting'
    },
    init() {
      setTimeout(() => (this.late = true), SAY_AFTER_MS)
    },
  })
