// compare-site: does the server give the files that integrity.json lists, and does this browser keep the same? Fetches each
// anew, and hashes what comes.

/** integrity.json: a digest for each file, by its path within the site. */
export type DigestList = Map<string, string>
export type Verdict = 'agrees' | 'differs' | 'missing' | 'unanswered'

/** Many times the files that there are. */
const MAX_FILES = 500
const MAX_LIST_BYTES = 200_000
const AT_ONCE = 6
const NAME = /^(?!.*\.\.)[\w.-]+(\/[\w.-]+)*$/
const DIGEST = /^sha384-[A-Za-z0-9+/]{64}$/

/** @returns null where it is no such list. */
export function readList(bytes: ArrayBuffer): DigestList | null {
  if (bytes.byteLength > MAX_LIST_BYTES) return null
  try {
    const { files } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as { files: unknown }
    if (typeof files !== 'object' || files === null) return null
    const entries = Object.entries(files)
    const isSound = ([name, digest]: [string, unknown]) =>
      NAME.test(name) && typeof digest === 'string' && DIGEST.test(digest)
    return entries.length > 0 && entries.length <= MAX_FILES && entries.every(isSound) ? new Map(entries) : null
  } catch {
    return null
  }
}

/** As an `integrity` attribute has it. */
export async function sha384(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes))
  return `sha384-${btoa(String.fromCharCode(...digest))}`
}

/** From the server itself: neither the browser's cache nor the copy for use without a connection (service-worker.ts). */
export function fetchAnew(name: string): Promise<Response> {
  return fetch(`./${name}`, { cache: 'no-store', credentials: 'omit' })
}

/** Some files at once; `done` hears of each. */
export async function compareAll(
  list: DigestList,
  done: (name: string, verdict: Verdict) => void,
  fetchOne: (name: string) => Promise<Response> = fetchAnew,
): Promise<void> {
  const waiting = [...list]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      done(next[0], await compare(...next, fetchOne))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/**
 * The copy for use without a connection (service-worker.ts), which is what runs here once it is there.
 * @returns how many of the listed files are kept, and which of them are others; null where nothing is kept
 */
export async function compareKept(list: DigestList): Promise<{ kept: number; others: string[] } | null> {
  const used = (await globalThis.caches?.keys())?.findLast((name) => name.startsWith('keyhold-used-'))
  if (used === undefined) return null
  const cache = await caches.open(used.replace('used', 'kept'))
  const others: string[] = []
  let kept = 0
  for (const [name, wanted] of list) {
    const answer = await cache.match(`./${name}`, { ignoreVary: true })
    if (answer === undefined) continue
    kept += 1
    if ((await sha384(await answer.arrayBuffer())) !== wanted) others.push(name)
  }
  return { kept, others }
}

async function compare(name: string, wanted: string, fetchOne: (name: string) => Promise<Response>): Promise<Verdict> {
  try {
    const response = await fetchOne(name)
    if (response.status === 404 || response.status === 410) return 'missing'
    if (!response.ok) return 'unanswered'
    return (await sha384(await response.arrayBuffer())) === wanted ? 'agrees' : 'differs'
  } catch {
    return 'unanswered'
  }
}
