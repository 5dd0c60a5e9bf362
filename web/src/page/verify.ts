// verify: what does verify.html show? Each file of the site against the list that came with it, and the digest of that list.
import { compareAll, compareKept, fetchAnew, readList, sha384, type DigestList, type Verdict } from './compare-site'

/** What the host of a site may set without being another Keyhold: said beside its name. */
const SETTINGS = 'keyhold.config.json'

const part = (name: string) => document.querySelector<HTMLElement>(`[data-part=${name}]`)

void verify()

async function verify(): Promise<void> {
  // Only a page loaded over https (or from this computer) may compute digests.
  if (globalThis.crypto?.subtle === undefined) return show('insecure')
  show('running')
  const bytes = await fetchList()
  const list = bytes && readList(bytes)
  if (bytes === null || list === null) return show('no-list')

  const found: Record<Verdict, string[]> = { agrees: [], differs: [], missing: [], unanswered: [] }
  const progress = document.querySelector('progress')
  let done = 0
  await compareAll(list, (name, verdict) => {
    found[verdict].push(name)
    done += 1
    if (progress !== null) Object.assign(progress, { max: list.size, value: done })
    say('count', `${done} of ${list.size} files`)
  })

  for (const [verdict, names] of Object.entries(found)) listNames(verdict, names.sort())
  const wrong = list.size - found.agrees.length
  say('all', `All ${list.size} files agree with the list.`)
  say('some', `${wrong} of ${list.size} files do not agree with the list.`)
  say('digest', await sha384(bytes))
  await showKept(list)
  show(wrong === 0 ? 'all' : 'some', 'sum')
}

async function showKept(list: DigestList): Promise<void> {
  const found = await compareKept(list).catch(() => null)
  if (found === null) return
  const { kept, others } = found
  say('kept', others.length === 0 ? `All ${kept} files agree.` : `${others.length} of ${kept} files are not as listed.`)
  listNames('kept-others', others)
  const place = part('kept')
  if (place !== null) place.hidden = false
}

async function fetchList(): Promise<ArrayBuffer | null> {
  try {
    const response = await fetchAnew('integrity.json')
    return response.ok ? await response.arrayBuffer() : null
  } catch {
    return null
  }
}

/** The names of one kind, where there are any. */
function listNames(verdict: string, names: string[]): void {
  const place = part(verdict)
  if (place === null) return
  place.hidden = names.length === 0
  const items = names.map((name) => {
    const item = document.createElement('li')
    item.textContent =
      name === SETTINGS && verdict !== 'agrees' ? `${name}: this site’s settings, which its host may change` : name
    return item
  })
  place.querySelector('ul')?.replaceChildren(...items)
}

function say(name: string, text: string): void {
  const place = document.querySelector<HTMLElement>(`[data-text=${name}]`)
  if (place !== null) place.textContent = text
}

function show(...names: string[]): void {
  for (const one of document.querySelectorAll<HTMLElement>('[data-screen]'))
    one.hidden = !names.includes(one.dataset['screen'] ?? '')
}
