// disk: what lies in the vault's database, read and replaced past the vault, by a page of its origin.
const STORES = ['envelopes', 'ledger', 'audit', 'usage', 'meta']
const VERSION = 3

/** @returns {Promise<{ version: number, stores: string[], format: unknown, rows: Record<string, Buffer> }>} */
export async function readDisk(page) {
  const { rows, ...rest } = await page.evaluate(async () => {
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.addEventListener('success', () => resolve(request.result))
        request.addEventListener('error', () => reject(request.error))
      })
    const db = await done(indexedDB.open('keyhold'))
    try {
      const stores = [...db.objectStoreNames]
      // One transaction: all of it at one moment, whatever is being written.
      const transaction = db.transaction(stores)
      const rows = []
      const read = async (name) => {
        const store = transaction.objectStore(name)
        const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())])
        keys.forEach((key, i) => {
          let text = ''
          for (const byte of values[i]) text += String.fromCharCode(byte)
          rows.push([key, btoa(text)])
        })
      }
      const format = done(transaction.objectStore('meta').get('format'))
      await Promise.all(stores.filter((name) => name !== 'meta').map(read))
      return { version: db.version, stores, format: await format, rows }
    } finally {
      db.close()
    }
  })
  return { ...rest, rows: Object.fromEntries(rows.map(([key, text]) => [key, Buffer.from(text, 'base64')])) }
}

/** Everything on disk replaced, or made, with no worker running; null leaves a row out. */
export async function writeDisk(page, rows, format = 1) {
  const plain = Object.entries(rows).flatMap(([key, bytes]) =>
    bytes === null ? [] : [[storeOf(key), key, Buffer.from(bytes).toString('base64')]],
  )
  await page.evaluate(
    async ([plain, format, stores, version]) => {
      const db = await new Promise((resolve) => {
        const opening = indexedDB.open('keyhold', version)
        const make = (store) => opening.result.createObjectStore(store)
        opening.addEventListener('upgradeneeded', () => stores.forEach(make))
        opening.addEventListener('success', () => resolve(opening.result))
      })
      const transaction = db.transaction(stores, 'readwrite')
      for (const store of stores) transaction.objectStore(store).clear()
      for (const [store, key, text] of plain) {
        const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
        transaction.objectStore(store).put(bytes, key)
      }
      transaction.objectStore('meta').put(format, 'format')
      await new Promise((resolve) => transaction.addEventListener('complete', resolve))
      db.close()
    },
    [plain, format, STORES, VERSION],
  )
}

function storeOf(key) {
  const [purpose] = key.split('/')
  if (purpose === 'spend' || purpose === 'late') return 'usage'
  return STORES.includes(purpose) ? purpose : 'envelopes'
}
