// alpine: the few words the components need of Alpine, with types.
import type { Magics, XDataContext } from 'alpinejs'
import type { WayIn } from '../engine'
import type { AccessQuestion, ImportPreview } from '../protocol/messages'
import { wantPart } from './parts'
import type { Way } from './text'

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
  prove: ProofWish
  'name-slot': { slot: string }
  passkey: null
  recovery: null
  passphrase: null
  rotate: null
  backup: { aim: 'file' | 'codes' | 'auto' }
  /** `opened`: what the vault has open already, to be looked at. `mine`: from this site's own vault. */
  restore: { scan: boolean; mine?: boolean; opened?: ImportPreview }
  'check-all': null
  wipe: null
  cap: { key: string }
  /** What pages of other origins wait for; empty once they have been answered or taken back. */
  consent: { questions: AccessQuestion[] }
}

/** Something that asks for a way in again: signal('prove', ...). */
export interface ProofWish {
  title: string
  text: string
  /** What it is about, in its own line; '' for none. */
  subject: string
  action: string
  danger?: boolean
  /** Only these ways; all if not given. */
  ways?: Way[]
  /**
   * Rejects with KeyholdError: the dialog stays, says why, and may call it again with another proof; whatever else it hands
   * over must therefore be a copy. `signal`: the person gave up.
   */
  run: (proof: WayIn, signal: AbortSignal) => Promise<void>
  /** The dialog is gone, whatever came of it: the time to wipe. */
  closed?: () => void
}

export interface Added {
  /** null: to be chosen; '': an endpoint of one's own, to be entered. */
  provider: string | null
  /** For the key's field. */
  text?: string
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

/** Whose dialogs are there from the start; all others come with a part of the page. */
const FROM_THE_START: readonly (keyof Signals)[] = ['add', 'replace', 'rename', 'confirm', 'security']

export function signal<N extends keyof Signals>(name: N, detail: Signals[N]): void {
  const send = () => dispatchEvent(new CustomEvent(`keyhold-${name}`, { detail }))
  if (FROM_THE_START.includes(name)) send()
  else void wantPart(name === 'cap' ? 'usage' : 'keeping').then((here) => here && send())
}
