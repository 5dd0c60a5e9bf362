// parts: which components does the page have? Most from its start; the others once somebody asks for them.
import Alpine from '@alpinejs/csp'

/** What templates ask: `$store.parts.keeping` guards everything in them that needs ./keeping; so with ./usage-view. */
const here = { keeping: false, usage: false }
export type Part = keyof typeof here
const coming: Partial<Record<Part, Promise<boolean>>> = {}
const FILES: Record<Part, () => Promise<{ components: Record<string, unknown> }>> = {
  keeping: () => import('./keeping'),
  usage: () => import('./usage-view'),
}

export function installParts(): void {
  Alpine.store('parts', here)
}

export function nameComponents(components: Record<string, unknown>): void {
  for (const [name, make] of Object.entries(components)) Alpine.data(name, make as () => object)
}

/** @returns whether the part is there, its dialogs listening; if not, the person has been told why. */
export function wantPart(part: Part): Promise<boolean> {
  return (coming[part] ??= FILES[part]().then(
    async ({ components }) => {
      nameComponents(components)
      ;(Alpine.store('parts') as typeof here)[part] = true
      await Alpine.nextTick()
      return true
    },
    () => {
      delete coming[part]
      const session = Alpine.store('session') as { say(text: string): void }
      session.say('This part of Keyhold could not be loaded. Look at your connection, then try again.')
      return false
    },
  ))
}
