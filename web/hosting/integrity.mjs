// integrity: which bytes is the site made of? dist/integrity.json lists the SHA-384 of each file, so that anybody can compare what
// a host serves with what was built.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const INTEGRITY_FILE = 'integrity.json'

/**
 * What is not in the list: the list itself; the brotli copies, which a browser unpacks to files that are in it (and whose
 * bytes depend on the packer); and _headers, which hosts take for themselves and never serve.
 * @param {string} name a file's path within dist/
 */
export const isListed = (name) => name !== INTEGRITY_FILE && name !== '_headers' && !name.endsWith('.br')

/**
 * As a link's or script's `integrity` attribute has it.
 * @param {Uint8Array | string} bytes
 */
export function sha384(bytes) {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`
}

/**
 * @param {string} dist
 * @param {string[]} names paths within it
 * @returns {Record<string, string>} by name, in the order of their code units: that of no machine's language
 */
export function digestsOf(dist, names) {
  const listed = names.filter(isListed).sort()
  return Object.fromEntries(listed.map((name) => [name, sha384(readFileSync(join(dist, name)))]))
}

/**
 * A page whose scripts and styles the browser takes only as they were built: a host that mixes two versions, or whose file was
 * damaged, is found out before anything of it runs.
 * @param {string} html
 * @param {(name: string) => string} digestOf of a file's path within dist/
 */
export function withIntegrity(html, digestOf) {
  return html.replaceAll(/<(?:script\b[^>]*? src|link rel="stylesheet"[^>]*? href)="\.\/([^"]+)"/g, (tag, name) => {
    return `${tag} integrity="${digestOf(name)}"`
  })
}

/** @param {Record<string, string>} files */
export function integrityFile(files) {
  return JSON.stringify({ files }, null, 1) + '\n'
}
