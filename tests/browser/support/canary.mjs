// canary: looks for a secret wherever it might have been left, in every form it might have taken.
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Letters and digits that occur nowhere else. */
export function newMarker() {
  return `Zq${randomBytes(10).toString('hex')}`
}

/** Names of the forms in which the marker is in these bytes. */
export function formsIn(bytes, marker) {
  const found = formsOf(marker).filter(([, form]) => bytes.includes(form))
  return [...new Set(found.map(([name]) => name))]
}

function formsOf(marker) {
  const plain = Buffer.from(marker)
  const hex = plain.toString('hex')
  const percent = hex.replace(/../g, '%$&')
  const forms = [
    ['raw', plain],
    ['reversed', Buffer.from([...marker].toReversed().join(''))],
    ['UTF-16', Buffer.from(marker, 'utf16le')],
    ['hex', Buffer.from(hex)],
    ['hex', Buffer.from(hex.toUpperCase())],
    ['percent', Buffer.from(percent)],
    ['percent', Buffer.from(percent.toUpperCase())],
  ]
  // In base64 its letters depend on where among its neighbours it begins; those of its inside do not.
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before), plain])
      .toString('base64')
      .replace(/=+$/, '')
    const inside = whole.slice(before === 0 ? 0 : 4, -4)
    forms.push(['base64', Buffer.from(inside)], ['base64', Buffer.from(inside, 'utf16le')])
  }
  return forms
}

/** Every file below a folder. @returns {Promise<{ files: number, bytes: number, found: string[] }>} */
export async function searchFiles(folder, markers) {
  const result = { files: 0, bytes: 0, found: [] }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(join(entry.parentPath ?? entry.path, entry.name))
    result.files += 1
    result.bytes += bytes.length
    for (const marker of markers) {
      for (const form of formsIn(bytes, marker)) result.found.push(`${marker} as ${form} in ${entry.name}`)
    }
  }
  return result
}

/**
 * All that a page's own code could see of it: databases, private files, storage, the document, what is typed into it.
 * `places`: each store and file that holds something.
 */
export function dumpOf(page) {
  return page.evaluate(async () => {
    const text = (value) => {
      if (!(value instanceof Uint8Array)) return JSON.stringify(value)
      return Array.from(value, (byte) => String.fromCharCode(byte)).join('')
    }
    const places = []
    const rows = []
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(name)
        opening.addEventListener('success', () => resolve(opening.result))
        opening.addEventListener('error', () => reject(opening.error))
      })
      for (const store of db.objectStoreNames) {
        const asked = db.transaction(store).objectStore(store)
        const all = (request) =>
          new Promise((resolve) => request.addEventListener('success', () => resolve(request.result)))
        const [keys, values] = await Promise.all([all(asked.getAllKeys()), all(asked.getAll())])
        keys.forEach((key, i) => rows.push(`${store} ${key} ${text(values[i])}`))
        if (keys.length > 0) places.push(`${name} ${store}`)
      }
      db.close()
    }
    const readFolder = async (folder) => {
      const files = []
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'directory') files.push(...(await readFolder(handle)))
        else files.push([name, text(new Uint8Array(await (await handle.getFile()).arrayBuffer()))])
      }
      return files
    }
    // A file being written is a second one beside it, which takes its place: one that went meanwhile is found there.
    const readFiles = async (tries) => {
      try {
        return await readFolder(await navigator.storage.getDirectory())
      } catch (error) {
        if (tries === 0 || !['NotFoundError', 'NotReadableError'].includes(error.name)) throw error
        await new Promise((resolve) => setTimeout(resolve, 20))
        return readFiles(tries - 1)
      }
    }
    const files = await readFiles(50)
    places.push(...files.flatMap(([name, content]) => (content === '' ? [] : [`file ${name}`])))
    const typed = [...document.querySelectorAll('input, textarea')].map((field) => field.value)
    return {
      rows: rows.length,
      places: places.toSorted(),
      indexedDB: rows.join('\n'),
      files: files.map((file) => file.join(' ')).join('\n'),
      localStorage: JSON.stringify({ ...localStorage }),
      sessionStorage: JSON.stringify({ ...sessionStorage }),
      document: document.documentElement.outerHTML,
      typed: typed.join('\n'),
      address: location.href + document.cookie,
    }
  })
}

/** Where in a dump the markers are. */
export function searchDump(dump, markers) {
  const places = Object.entries(dump).filter(([, value]) => typeof value === 'string')
  return places.flatMap(([place, value]) =>
    markers.flatMap((marker) =>
      formsIn(Buffer.from(value, 'latin1'), marker).map((form) => `${marker} as ${form} in ${place}`),
    ),
  )
}
