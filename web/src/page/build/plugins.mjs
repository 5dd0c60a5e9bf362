// plugins: how do the page's HTML and its dictionary come to be, when Vite builds?
import { readFileSync } from 'node:fs'
import { commonPasswordsModule } from './common-passwords.mjs'

const PARTIALS = new URL('../partials/', import.meta.url)
const COMMON_PASSWORDS = 'virtual:common-passwords'

/** The plugins of the page part of vite.config.ts. */
export function pagePlugins() {
  return [partials(), commonPasswords()]
}

/**
 * `<!-- @name a="b" -->` becomes partials/name.html with {{a}} replaced by b. Partials may use partials.
 * Only so that index.html can be read: what is served is one file.
 */
function partials() {
  return {
    name: 'keyhold-partials',
    transformIndexHtml: { order: 'pre', handler: (html) => tidy(assemble(html)) },
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
