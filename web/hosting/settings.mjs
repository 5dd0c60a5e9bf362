// settings: which files of the site follow from the others and from keyhold.config.json? The headers or, where there will be none, the
// pages with their policy; the service worker, whose name for itself covers all; and the list of digests. The build makes them (finish.mjs), and so does whoever puts the built
// site somewhere with settings of their own (the package's command).
import { headersFile, metaPolicyFor } from './headers.mjs'
import { INTEGRITY_FILE, integrityFile, sha384 } from './integrity.mjs'
import { serverFiles } from './servers.mjs'
import { embedSnippet } from './snippet.mjs'

export const CONFIG_FILE = 'keyhold.config.json'
export const HEADERS_FILE = '_headers'
/** At the top of the site: it answers for what is below it. */
export const SERVICE_WORKER_FILE = 'service-worker.js'
const MADE = [HEADERS_FILE, SERVICE_WORKER_FILE, INTEGRITY_FILE]

/** Everything that does not follow from something else, but the packed copies. */
export const isGiven = (name) => !MADE.includes(name) && !name.endsWith('.br')

export const isPage = (name) => /^[^/]+\.html$/.test(name)

/**
 * @param {object} site
 * @param {Record<string, string>} site.digests of each given file, keyhold.config.json among them
 * @param {import('./headers.mjs').SiteConfig} site.config
 * @param {import('./headers.mjs').Provider[]} site.catalogue
 * @param {Record<string, string>} site.pages the HTML of each given page
 * @param {string} site.workerCode of the service worker, but its first line
 * @returns {{ files: Record<string, string>, beside: Record<string, string> }} texts by name: of the site, and of what lies beside it:
 *   configuration of servers that do not read _headers, and what a page needs that embeds this site
 * @throws {Error} for an `embedders` that is none
 */
export function settingsFiles({ digests: given, config, catalogue, pages, workerCode }) {
  const altered = config.policyInPages === true ? pagesWithPolicy(pages, { ...config, catalogue }) : {}
  const digests = { ...given, ...digestsOfTexts(altered) }
  const pathnames = [...Object.keys(digests), SERVICE_WORKER_FILE, INTEGRITY_FILE].sort().map((name) => `/${name}`)
  // A host serves a page under its short name too.
  const short = pathnames
    .filter((path) => /^\/[^/]+\.html$/.test(path))
    .map((path) => path.replace(/(index)?\.html$/, ''))
  const site = { ...config, catalogue }
  const headers = headersFile([...short, ...pathnames], site)
  const worker = `${firstLine(digests, versionOf(digests, headers))}\n${workerCode}`
  const listed = Object.entries({ ...digests, [SERVICE_WORKER_FILE]: sha384(worker) }).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )
  return {
    files: {
      ...altered,
      [HEADERS_FILE]: headers,
      [SERVICE_WORKER_FILE]: worker,
      [INTEGRITY_FILE]: integrityFile(Object.fromEntries(listed)),
    },
    beside: { ...serverFiles(['/', ...pathnames], site), 'embed.html': embedSnippet(digests['keyhold.js']) },
  }
}

/** A page with this starts its workers so that they have its policy: src/engine/hosted.ts. */
function pagesWithPolicy(pages, site) {
  const first = '<meta charset="utf-8" />'
  return Object.fromEntries(
    Object.entries(pages).map(([name, html]) => {
      if (!html.includes(first)) throw new Error(`${name} has no ${first}`)
      const policy = `<meta http-equiv="Content-Security-Policy" content="${metaPolicyFor(`/${name}`, site)}" />`
      return [name, html.replace(first, `${first}${policy}<meta name="keyhold-policy" content="page" />`)]
    }),
  )
}

const digestsOfTexts = (texts) => Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, sha384(text)]))

/** What src/worker/service-worker.ts declares and does not define. */
const firstLine = (digests, version) =>
  `const __KEYHOLD_FILES__=${JSON.stringify(digests)},__KEYHOLD_SITE__=${JSON.stringify(version)};`

/** @param {string} text of a service worker */
export const workerCodeOf = (text) => text.slice(text.indexOf('\n') + 1)

/** Files are kept with their headers, so others make another version. */
function versionOf(digests, headers) {
  return sha384(JSON.stringify(digests) + headers)
    .replace(/\W/g, '')
    .slice(6, 22)
}
