// parts: which components does the page have? Most from its start; the others once somebody asks for them.
// The HTML of those, if it is in no other template, comes in a file, too: the build leaves `<template data-part="…">` empty.
import Alpine from '@alpinejs/csp'
import { partFiles } from 'virtual:part-files'

/** What templates ask: `$store.parts.keeping` guards everything in them that needs ./keeping; so with the others. */
const here = { keeping: false, usage: false, account: false }
export type Part = keyof typeof here
const coming: Partial<Record<Part, Promise<boolean>>> = {}
const FILES: Record<Part, () => Promise<{ components: Record<string, unknown> }>> = {
  keeping: () => import('./keeping'),
  usage: () => import('./usage-view'),
  account: () => import('./account-view'),
}

export function installParts(): void {
  Alpine.store('parts', here)
}

export function nameComponents(components: Record<string, unknown>): void {
  for (const [name, make] of Object.entries(components)) Alpine.data(name, make as () => object)
}

/** @returns whether the part is there, its dialogs listening; if not, the person has been told why. */
export function wantPart(part: Part): Promise<boolean> {
  return (coming[part] ??= Promise.all([FILES[part](), htmlOf(part)]).then(
    async ([{ components }, html]) => {
      nameComponents(components)
      fill(part, html)
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

/** Parsed by XMLHttpRequest: under Trusted Types no string may become HTML. Rejects if it cannot be had. */
function htmlOf(part: Part): Promise<Document | null> {
  const file = partFiles[part]
  if (file === undefined) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('GET', file)
    request.responseType = 'document'
    const missing = () => reject(new Error('not there'))
    request.addEventListener('load', () => (request.status === 200 ? resolve(request.responseXML) : missing()))
    request.addEventListener('error', missing)
    request.send()
  })
}

function fill(part: Part, html: Document | null): void {
  const places = document.querySelectorAll<HTMLTemplateElement>(`template[data-part=${part}]`)
  html?.querySelectorAll('template').forEach((one, index) => places[index]?.content.append(one.content))
}
