// service-worker: the site without a connection. Keeps exactly the files of its own build, each checked against its digest and
// with the headers it came with, and answers for these alone. The next version waits until a page says that no vault is open.
// Imports nothing: web/hosting makes one small file of it, with a first line that is known once it is known what the site consists of.
declare const self: ServiceWorkerGlobalScope

/** All that a page may say: its vault is not open, and this version may take the place of the one before. */
export type PageSays = 'take over'

/** The digest of each file of the site, by its path. */
declare const __KEYHOLD_FILES__: Record<string, string>
/** Another one whenever a file, or a header that one is to be served with, is another. */
declare const __KEYHOLD_SITE__: string

const FILES = new Map(Object.entries(__KEYHOLD_FILES__))
/** The folder that the site is in. */
const SITE = new URL('./', location.href).href
/** What its host may set at any time: asked for anew while there is a connection. */
const CONFIG = 'keyhold.config.json'
const CONFIG_WITHIN_MS = 3_000
const KEPT = 'keyhold-kept-'
/** Empty: its name says that this version was in use, after those whose names were made before. */
const USED = 'keyhold-used-'

self.addEventListener('fetch', (event) => {
  // First of all: what goes elsewhere, like a call with a key to a provider, is none of this worker's business. (It is asked
  // all the same: Chromium 156 applies static routes to what pages ask for, not to what shared workers do.)
  if (!event.request.url.startsWith(SITE)) return
  const name = nameOf(event.request)
  if (name !== null) event.respondWith(name === CONFIG ? newest(event) : kept(name, event.request))
})

self.addEventListener('install', (event) => event.waitUntil(keepAll()))

self.addEventListener('activate', (event) => event.waitUntil(forgetOld()))

self.addEventListener('message', ({ data }: { data: PageSays | null }) => {
  if (data === 'take over') void self.skipWaiting()
})

/** @returns null for what the server is to answer: a query (a login that comes back), and who wants no copy (verify.html). */
function nameOf({ method, url, cache }: Request): string | null {
  if (method !== 'GET' || cache === 'no-store' || url.includes('?')) return null
  const path = url.slice(SITE.length).replace(/#.*/, '')
  // Under their short names, too.
  const name = path === '' ? 'index.html' : /^(callback|verify)$/.test(path) ? `${path}.html` : path
  // A page of the version before may still want a part of that one.
  return FILES.has(name) || name.startsWith('assets/') ? name : null
}

async function kept(name: string, request: Request): Promise<Response> {
  const url = SITE + name
  const own = await caches.open(KEPT + __KEYHOLD_SITE__)
  return (await own.match(url, LOOSELY)) ?? (await caches.match(url, LOOSELY)) ?? fetch(request)
}

/** One file, one answer: no header of a request changes it. */
const LOOSELY = { ignoreVary: true }

async function newest(event: FetchEvent): Promise<Response> {
  try {
    const response = await fetch(event.request, { signal: AbortSignal.timeout(CONFIG_WITHIN_MS) })
    const copy = response.clone()
    if (response.ok)
      event.waitUntil(caches.open(KEPT + __KEYHOLD_SITE__).then((cache) => cache.put(SITE + CONFIG, copy)))
    return response
  } catch {
    return kept(CONFIG, event.request)
  }
}

/** All of it, or this version is not installed. */
async function keepAll(): Promise<void> {
  const cacheName = KEPT + __KEYHOLD_SITE__
  const cache = await caches.open(cacheName)
  try {
    await Promise.all([...FILES].map(([name, digest]) => keep(cache, name, digest)))
    // A version that takes over meanwhile forgets what it does not know.
    if (!(await caches.has(cacheName))) throw new TypeError('forgotten meanwhile')
  } catch (error) {
    await caches.delete(cacheName)
    throw error
  }
}

async function keep(cache: Cache, name: string, digest: string): Promise<void> {
  // Names of assets change with their content. A worker's headers may change without, and are half of it.
  const isSettled = name.startsWith('assets/') && !name.includes('-worker-')
  const options: RequestInit = { cache: isSettled ? 'default' : 'reload' }
  if (name !== CONFIG) options.integrity = digest
  const response = await fetch(SITE + name, options)
  if (!response.ok) throw new TypeError(`${name} is not there`)
  // A page must not be answered with what came by a redirect, as some hosts make one to the short name.
  await cache.put(SITE + name, response.redirected ? new Response(response.body, response) : response)
}

/** All but this version and the one in use before, of which pages may be open. */
async function forgetOld(): Promise<void> {
  await caches.delete(USED + __KEYHOLD_SITE__)
  const names = await caches.keys()
  const before = names.findLast((name) => name.startsWith(USED))?.slice(USED.length)
  await caches.open(USED + __KEYHOLD_SITE__)
  const needed = [__KEYHOLD_SITE__, before].flatMap((version) => [`${KEPT}${version}`, `${USED}${version}`])
  const old = names.filter((name) => (name.startsWith(KEPT) || name.startsWith(USED)) && !needed.includes(name))
  await Promise.all(old.map((name) => caches.delete(name)))
}
