// alpine: the few words the components need of Alpine, with types.
import type { Magics, XDataContext } from 'alpinejs'
import type { WayIn } from '../engine/with-kdf'

/** A component's data and methods; gives `this` its type inside them. */
export function component<T extends object>(
  parts: T & XDataContext & ThisType<T & XDataContext & Magics<T>>,
): T & XDataContext & ThisType<T & XDataContext & Magics<T>> {
  return parts
}

/** Two halves of a component as one, getters and all: a spread would read the getters once and for ever. */
export function blend<A extends object, B extends object>(
  first: A,
  second: B & ThisType<A & B & Magics<A & B>>,
): A & B {
  return Object.defineProperties(
    {},
    { ...Object.getOwnPropertyDescriptors(first), ...Object.getOwnPropertyDescriptors(second) },
  ) as A & B
}

/** A field by its id, or null where the screen that holds it is gone. */
export function input(id: string): HTMLInputElement | null {
  const found = document.getElementById(id)
  return found instanceof HTMLInputElement ? found : null
}

/** A dialog by its id. Not by $root: that is the root around whatever was clicked, and a click may remove what it hit. */
export function dialog(id: string): HTMLDialogElement {
  const found = document.getElementById(id)
  if (!(found instanceof HTMLDialogElement)) throw new Error(`there is no dialog '${id}'`)
  return found
}

/** Dialogs listen on the window (`keyhold-add`...), so that whoever opens one need not know where it is. */
export interface Signals {
  add: Added
  replace: { key: string }
  rename: { key: string }
  confirm: Confirmation
  security: null
  proof: ProofAsked
  backup: { aim: 'file' | 'codes' }
  restore: { scan: boolean }
  wipe: null
}

export interface ProofAsked {
  /** Called once; null when the person thinks better of it. */
  answer: (way: WayIn | null) => void
}

export interface Added {
  /** null: to be chosen; '': an endpoint of one's own, to be entered. */
  provider: string | null
}

export interface Confirmation {
  title: string
  text: string
  /** What is named in its own line, e.g. the key. */
  subject: string
  action: string
  /** Rejects with KeyholdError: the dialog stays and says why. */
  run: () => Promise<void>
}

export function signal<N extends keyof Signals>(name: N, detail: Signals[N]): void {
  dispatchEvent(new CustomEvent(`keyhold-${name}`, { detail }))
}
