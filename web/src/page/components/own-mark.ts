// own-mark: the words and the colour by which a person knows their own vault: shown, chosen, chosen anew.
import { component } from '../alpine'
import { keepMark, newMark, readMark, type Mark, type Whose } from '../mark'
import { session } from '../session'
import { NOT_LOADED } from './new-passphrase'

export const ownMark = (of: Whose) =>
  component({
    mark: readMark(of) as Mark | null,

    get has(): boolean {
      return this.mark !== null
    },
    get words(): string {
      return this.mark?.words ?? ''
    },
    get look(): string {
      return this.mark === null ? '' : `swatch-${this.mark.colour}`
    },
    get action(): string {
      return this.has ? 'Another one' : 'Choose a mark'
    },
    /** Whoever makes a vault has one. */
    begin() {
      if (!this.has) void this.another()
    },
    async another() {
      try {
        const mark = await newMark()
        if (keepMark(mark)) this.mark = mark
        else session().say('This browser keeps nothing for this page, so it cannot keep a mark.')
      } catch {
        session().say(`${NOT_LOADED.sentence} ${NOT_LOADED.next}`)
      }
    },
  })
