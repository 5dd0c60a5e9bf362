// copy: the sealed copy beside the vault's database, read and put back past the vault, by a page of its origin.

/** Where a copy may lie: in the origin's private files, or in a database of its own. */
export const PLACES = ['files', 'database']

/** @returns {Promise<Buffer | null>} */
export async function readCopy(page, place) {
  const text = await page.evaluate(async (place) => {
    const asText = (bytes) => bytes && btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
    if (place === 'files') {
      const root = await navigator.storage.getDirectory()
      const handle = await root.getFileHandle('keyhold.copy').catch(() => null)
      return handle && asText(new Uint8Array(await (await handle.getFile()).arrayBuffer()))
    }
    // Opening it would make it.
    if (!(await indexedDB.databases()).some(({ name }) => name === 'keyhold-copy')) return null
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result))
        request.addEventListener('error', () => reject(request.error))
      })
    const db = await done(indexedDB.open('keyhold-copy'))
    const names = [...db.objectStoreNames]
    const bytes = names.length > 0 ? await done(db.transaction(names).objectStore('copy').get('keyhold.copy')) : null
    db.close()
    return asText(bytes) ?? null
  }, place)
  return text === null ? null : Buffer.from(text, 'base64')
}

/** With no worker running; null removes it. */
export async function writeCopy(page, place, bytes) {
  await page.evaluate(
    async ([place, text]) => {
      const bytes = text && Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
      if (place === 'files') {
        const root = await navigator.storage.getDirectory()
        if (bytes === null) return root.removeEntry('keyhold.copy')
        const out = await (await root.getFileHandle('keyhold.copy', { create: true })).createWritable()
        await out.write(bytes)
        return out.close()
      }
      const done = (request, event = 'success') =>
        new Promise((resolve, reject) => {
          request.addEventListener(event, () => resolve(request.result))
          request.addEventListener('error', () => reject(request.error))
        })
      if (bytes === null) return void (await done(indexedDB.deleteDatabase('keyhold-copy')))
      const db = await done(indexedDB.open('keyhold-copy'))
      const transaction = db.transaction('copy', 'readwrite')
      transaction.objectStore('copy').put(bytes, 'keyhold.copy')
      await done(transaction, 'complete')
      db.close()
    },
    [place, bytes && bytes.toString('base64')],
  )
}
