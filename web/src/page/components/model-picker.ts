// model-picker: a model from the provider's list, or any name typed. An ARIA combobox; `model` and `models` are the playground's.
import { component, input } from '../alpine'

/** The list is for choosing; thousands (OpenRouter) are for searching. */
const MOST_SHOWN = 200

interface Around {
  model: string
  models: string[]
}

export const modelPicker = () =>
  component({
    listed: false,
    /** Nothing typed since it opened: the whole list, not only what matches the present choice. */
    untouched: true,
    active: -1,

    get around(): Around {
      return this as unknown as Around
    },
    get shownModels(): { id: string; name: string; chosen: boolean; active: boolean }[] {
      const { model, models } = this.around
      const wanted = model.trim().toLowerCase()
      const matching = this.untouched ? models : models.filter((name) => name.toLowerCase().includes(wanted))
      return matching
        .slice(0, MOST_SHOWN)
        .map((name, index) => ({ id: `model-${index}`, name, chosen: name === model, active: index === this.active }))
    },
    get isListed(): boolean {
      return this.listed && this.shownModels.length > 0
    },
    get activeId(): string | false {
      return this.isListed && this.active >= 0 ? `model-${this.active}` : false
    },
    get more(): string {
      const left = this.around.models.length - MOST_SHOWN
      return this.untouched && left > 0 ? `${left} more: type to search` : ''
    },

    list() {
      this.listed = true
      this.untouched = true
      this.active = -1
    },
    toggle() {
      if (this.listed) this.close()
      else this.list()
      input('model')?.focus()
    },
    close() {
      this.listed = false
    },
    narrow() {
      this.listed = true
      this.untouched = false
      this.active = -1
    },
    move(by: number) {
      if (!this.isListed) return this.list()
      const count = this.shownModels.length
      this.active = (this.active + by + count) % count
      this.$nextTick(() => document.getElementById(`model-${this.active}`)?.scrollIntoView({ block: 'nearest' }))
    },
    take(name: string) {
      this.around.model = name
      this.close()
      input('model')?.focus()
    },
    pressed(event: KeyboardEvent) {
      if (event.key === 'ArrowDown') this.move(1)
      else if (event.key === 'ArrowUp') this.move(-1)
      else if (event.key === 'Enter' && this.isListed) {
        const taken = this.shownModels[this.active]
        if (taken === undefined) this.close()
        else this.take(taken.name)
      } else if (event.key === 'Escape' && this.isListed) this.close()
      else return
      event.preventDefault()
    },
    left(event: FocusEvent) {
      const { currentTarget, relatedTarget } = event
      if (!(currentTarget instanceof Node && relatedTarget instanceof Node && currentTarget.contains(relatedTarget)))
        this.close()
    },
  })
