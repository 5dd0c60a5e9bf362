// plugins: how do the page's HTML, the parts of it that come later, and its dictionary come to be, when Vite builds?
import { readFileSync } from 'node:fs'
import { commonPasswordsModule } from './common-passwords.mjs'

const PARTIALS = new URL('../partials/', import.meta.url)
const INDEX = new URL('../../../index.html', import.meta.url)
const COMMON_PASSWORDS = 'virtual:common-passwords'
const PART_FILES = 'virtual:part-files'

/** The plugins of the page part of vite.config.ts. */
export function pagePlugins() {
  return [partials(), partFiles(), commonPasswords()]
}

/**
 * `<!-- @name a="b" -->` becomes partials/name.html with {{a}} replaced by b. Partials may use partials.
 * So that index.html can be read.
 */
function partials() {
  return {
    name: 'keyhold-partials',
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { server }) => (server ? tidy(assemble(html)) : divide(tidy(assemble(html))).rest),
    },
    handleHotUpdate({ file, server }) {
      if (file.includes('/page/partials/')) server.ws.send({ type: 'full-reload' })
    },
  }
}

export function assemble(html, depth = 0) {
  if (depth > 5) throw new Error('partials use each other in a circle')
  return html.replace(/<!-- @([\w-]+)((?:\s+[\w-]+="[^"]*")*) -->/g, (_, name, attributes) => {
    let text = readFileSync(new URL(`${name}.html`, PARTIALS), 'utf8')
    for (const [, key, value] of attributes.matchAll(/([\w-]+)="([^"]*)"/g)) text = text.replaceAll(`{{${key}}}`, value)
    const missing = /{{[\w-]+}}/.exec(text)
    if (missing) throw new Error(`partials/${name}.html wants ${missing[0]}`)
    return assemble(text, depth + 1)
  })
}

/**
 * `<template data-part="usage" ...>`, where it is in no other template, is left empty: what is in it goes into a file of
 * its part, in the same order. See ../parts.ts.
 * @returns {{ rest: string, parts: Map<string, string> }}
 */
export function divide(html) {
  const parts = new Map()
  let rest = ''
  let depth = 0
  /** Of the template being taken out. */
  let part = null
  let from = 0
  for (const { 0: tag, index } of html.matchAll(/<template\b[^>]*>|<\/template>/g)) {
    if (tag === '</template>') {
      depth -= 1
      if (depth > 0 || part === null) continue
      parts.set(part, `${parts.get(part) ?? ''}<template>${html.slice(from, index)}</template>`)
      part = null
      from = index
    } else {
      depth += 1
      if (depth > 1) continue
      part = /\bdata-part="([\w-]+)"/.exec(tag)?.[1] ?? null
      if (part === null) continue
      rest += html.slice(from, index) + tag
      from = index + tag.length
    }
  }
  if (depth !== 0) throw new Error('a template is not closed')
  return { rest: rest + html.slice(from), parts }
}

/** Where the parts' files are, by their names. A server of sources has none: there the page is whole. */
function partFiles() {
  let serves = false
  return {
    name: 'keyhold-part-files',
    configResolved: ({ command }) => void (serves = command === 'serve'),
    resolveId: (id) => (id === PART_FILES ? `\0${PART_FILES}` : undefined),
    load(id) {
      if (id !== `\0${PART_FILES}`) return
      if (serves) return 'export const partFiles = {}'
      const { parts } = divide(tidy(assemble(readFileSync(INDEX, 'utf8'))))
      const entries = [...parts].map(([part, html]) => {
        const source = `<!doctype html><meta charset="utf-8" /><title>Part of Keyhold</title>${html}`
        const file = this.emitFile({ type: 'asset', name: `part-${part}.html`, source })
        return `${part}: import.meta.ROLLUP_FILE_URL_${file}`
      })
      return `export const partFiles = { ${entries.join(', ')} }`
    },
  }
}

/** Without comments and indentation: a fifth of the bytes. Text that needs its line breaks is not in the HTML. */
function tidy(html) {
  return html
    .replace(/<!--[^]*?-->/g, '')
    .replace(/\n\s*/g, '\n')
    .trim()
}

function commonPasswords() {
  return {
    name: 'keyhold-common-passwords',
    resolveId: (id) => (id === COMMON_PASSWORDS ? `\0${COMMON_PASSWORDS}` : undefined),
    load: (id) => (id === `\0${COMMON_PASSWORDS}` ? commonPasswordsModule() : undefined),
  }
}
