// slot-name-dialog: a way in gets a name its owner will know it by.
import { component, dialog, input } from '../alpine'
import { session } from '../session'
import { slotKind } from '../slots'
import { explainThrown, type Explained } from '../text'
import { vault } from '../vault'

export const slotNameDialog = () =>
  component({
    slot: '',
    title: '',
    name: '',
    busy: false,
    problem: null as Explained | null,

    open({ slot }: { slot: string }) {
      const found = session().slots.find(({ id }) => id === slot)
      if (found === undefined) return
      this.slot = slot
      this.title = `Name this ${slotKind(found.kind).toLowerCase()}`
      this.name = found.name
      this.problem = null
      dialog('slot-name-dialog').showModal()
      this.$nextTick(() => input('slot-name')?.select())
    },
    close() {
      dialog('slot-name-dialog').close()
    },
    async save() {
      if (this.busy) return
      this.busy = true
      this.problem = null
      try {
        session().take(await vault().nameSlot(this.slot, this.name.trim()))
        this.close()
        session().say('Renamed.')
      } catch (error) {
        this.problem = explainThrown(error)
      } finally {
        this.busy = false
      }
    },
  })
