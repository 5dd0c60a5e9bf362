// parts: which components does the page have? Most from its start; those that keep a vault once somebody asks for them.
import Alpine from '@alpinejs/csp'

/** What templates ask: `$store.parts.keeping` guards everything in them that needs ./keeping. */
const here = { keeping: false }
let coming: Promise<boolean> | null = null

export function installParts(): void {
  Alpine.store('parts', here)
}

export function nameComponents(components: Record<string, unknown>): void {
  for (const [name, make] of Object.entries(components)) Alpine.data(name, make as () => object)
}

/** @returns whether the part is there, its dialogs listening; if not, the person has been told why. */
export function keepingPart(): Promise<boolean> {
  coming ??= import('./keeping').then(
    async ({ components }) => {
      nameComponents(components)
      ;(Alpine.store('parts') as typeof here).keeping = true
      await Alpine.nextTick()
      return true
    },
    () => {
      coming = null
      const session = Alpine.store('session') as { say(text: string): void }
      session.say('This part of Keyhold could not be loaded. Look at your connection, then try again.')
      return false
    },
  )
  return coming
}
