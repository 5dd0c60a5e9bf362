// auto-save: does a backup file of the person's choice follow every change, and does everything that keeps it from being
// written get told, with nothing lost? Files of the origin's private file system stand for those a person picks: the same
// interface, but permission for good. The one whose permission is missing is a file of this computer, dropped on the page.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kdfOf, openKeptFile, openVault, slotKeyOf } from '../web/support/vault-reader.mjs'
import { openChromium } from './support/chromium.mjs'
import { readDisk, writeDisk } from './support/disk.mjs'
import { startProviders } from './support/providers.mjs'
import { until } from './support/until.mjs'
import { KEY, onUsedVault, PASSPHRASE } from './support/used-vault.mjs'

const OF_FILE = 'seven cups of green paint'

let browser
let providers
before(async () => {
  providers = await startProviders()
  browser = await openChromium()
})
after(async () => {
  await browser?.close()
  await providers?.stop()
})

/** Runs in the page: what the tests below ask for, in their words. */
function words([passphrase, ofFile]) {
  const bytes = (text) => window.keyhold.passphraseBytes(text)
  /** As it were a stick that can be pulled out. */
  const stick = async () => (await navigator.storage.getDirectory()).getDirectoryHandle('stick', { create: true })
  const code = (promise) =>
    promise.then(
      () => 'done',
      (error) => error.code,
    )
  window.t = {
    pick: async (name = 'mine.keyhold') => (await stick()).getFileHandle(name, { create: true }),
    pull: async () => (await navigator.storage.getDirectory()).removeEntry('stick', { recursive: true }),
    begin: async (file, way = { passphrase: bytes(passphrase) }) => {
      const status = await window.engine.autoSave(way, bytes(ofFile), file ?? (await window.t.pick()))
      return status.autoSave
    },
    refused: async (file, wrong) =>
      code(window.t.begin(file, wrong === undefined ? undefined : { passphrase: bytes(wrong) })),
    add: async (label) => {
      const [{ provider }] = await window.engine.keys()
      const secret = window.keyhold.keyBytes(`sk-${label}-0123456789abcdef`)
      return (await window.engine.add({ provider, label, secret, unchecked: true })).key.id
    },
    state: async () => (await window.engine.status()).autoSave?.state ?? null,
    saved: async () => (await window.t.state()) === 'saved',
    bytes: async (name = 'mine.keyhold') =>
      Array.from(new Uint8Array(await (await (await window.t.pick(name)).getFile()).arrayBuffer())),
    /** What the file opens to: labels. */
    opens: async (name, with_ = ofFile) => {
      const file = new Uint8Array(await window.t.bytes(name))
      try {
        const { items } = await window.engine.openBackup(file, bytes(with_))
        return items.map(({ label }) => label)
      } finally {
        await window.engine.closeImport().catch(() => {})
      }
    },
    opensNot: (with_) => code(window.t.opens(undefined, with_)),
    /** As if this file had been chosen, and an older state been saved there: past the vault. */
    remember: async (file) => {
      const db = await new Promise((resolve) => {
        const opening = indexedDB.open('keyhold')
        opening.addEventListener('success', () => resolve(opening.result))
      })
      const transaction = db.transaction('meta', 'readwrite')
      transaction.objectStore('meta').put({ file, of: 'another state', at: 1 }, 'saved-file')
      await new Promise((resolve) => transaction.addEventListener('complete', resolve))
      db.close()
    },
    async comeBack() {
      window.engine = await window.keyhold.KeyholdEngine.connect()
      await window.engine.unlock(bytes(passphrase))
    },
  }
}

const onSaving = (use) =>
  onUsedVault({ browser, providers }, async (page, site) => {
    const visit = async () => {
      await page.goto(`${site.url}driver.html`)
      await page.waitForFunction(() => window.keyhold)
      await page.evaluate(words, [PASSPHRASE, OF_FILE])
    }
    await page.evaluate(words, [PASSPHRASE, OF_FILE])
    await use(page, visit)
  })
const saved = (page) => until(page, () => window.t.saved())

describe('a file that follows the vault', () => {
  test('it is written at once and after each change, opens with its own passphrase only, and holds no key in clear', () =>
    onSaving(async (page) => {
      const begun = await page.evaluate(() => window.t.begin())
      assert.equal(begun.state, 'saved')
      assert.equal(begun.name, 'mine.keyhold')
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One'])
      assert.equal(await page.evaluate(() => window.t.opensNot('another one')), 'ERR_CANNOT_UNLOCK')
      assert.equal(await page.evaluate((own) => window.t.opensNot(own), PASSPHRASE), 'ERR_CANNOT_UNLOCK')

      const second = await page.evaluate(() => window.t.add('Two'))
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One', 'Two'])
      const { backup } = await page.evaluate(() => window.engine.status())
      assert.ok(backup.current && Date.now() - backup.at < 60_000, 'it counts as the backup it is')

      await page.evaluate((id) => window.engine.setLabel(id, 'Zwei'), second)
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One', 'Zwei'])
      await page.evaluate((id) => window.engine.delete(id), second)
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One'])

      const file = Buffer.from(await page.evaluate(() => window.t.bytes()))
      assert.equal(file.subarray(0, 4).toString(), 'KHB1')
      assert.ok(!file.includes(KEY) && !file.includes(OF_FILE))
      assert.ok(Buffer.concat([file, Buffer.from(KEY)]).includes(KEY), 'control: it would be found')
    }))

  test('another reading of the format opens it by way of the vault', () =>
    onSaving(async (page) => {
      await page.evaluate(() => window.t.begin())
      await page.evaluate(() => window.t.add('Two'))
      await saved(page)
      const rows = new Map(Object.entries((await readDisk(page)).rows))
      const { salt, passes, memKib } = kdfOf(rows)
      const vault = openVault(rows, slotKeyOf(new TextEncoder().encode(PASSPHRASE), salt, passes, memKib))
      const { labels, secrets } = openKeptFile(Buffer.from(await page.evaluate(() => window.t.bytes())), vault)
      assert.deepEqual(labels, ['One', 'Two'])
      assert.ok(secrets.startsWith(KEY) && secrets.endsWith('sk-Two-0123456789abcdef'))
    }))

  test('a change followed by a lock at once is in the file, at the latest when the vault is next opened', () =>
    onSaving(async (page, visit) => {
      await page.evaluate(() => window.t.begin())
      await page.evaluate(async () => {
        await window.t.add('Two')
        await window.engine.lock()
      })
      await visit()
      await page.evaluate(() => window.t.comeBack())
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One', 'Two'])
    }))

  test('another file takes its place; the one before stays as it was and opens as it did', () =>
    onSaving(async (page) => {
      await page.evaluate(() => window.t.begin())
      const before = await page.evaluate(() => window.t.bytes())
      const status = await page.evaluate(async () => window.t.begin(await window.t.pick('other.keyhold')))
      assert.equal(status.name, 'other.keyhold')
      await page.evaluate(() => window.t.add('Two'))
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens('other.keyhold')), ['One', 'Two'])
      assert.deepEqual(await page.evaluate(() => window.t.bytes()), before)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One'])
    }))

  test('it ends on demand: the file stays, and later changes are not in it', () =>
    onSaving(async (page, visit) => {
      await page.evaluate(() => window.t.begin())
      const { autoSave } = await page.evaluate(() => window.engine.endAutoSave())
      assert.equal(autoSave, null)
      await page.evaluate(() => window.t.add('Two'))
      await page.evaluate(() => window.engine.lock())
      await visit()
      await page.evaluate(() => window.t.comeBack())
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One'])
      const actions = await page.evaluate(async () => (await window.engine.audit()).entries.map(({ action }) => action))
      assert.equal(actions.filter((action) => action.startsWith('auto-save')).join(' '), 'auto-save auto-save-end')
    }))
})

describe('what cannot be written', () => {
  test('without a right way in, or to a file that takes nothing, nothing begins', () =>
    onSaving(async (page) => {
      assert.equal(await page.evaluate(() => window.t.refused(undefined, 'not it')), 'ERR_CANNOT_UNLOCK')
      const gone = () =>
        page.evaluate(async () => {
          const file = await window.t.pick('gone.keyhold')
          await window.t.pull()
          return window.t.refused(file)
        })
      assert.equal(await gone(), 'ERR_FILE')
      assert.equal(await page.evaluate(() => window.t.state()), null)
      assert.equal((await page.evaluate(() => window.t.bytes())).length, 0)
      assert.equal(await page.evaluate(() => window.t.refused()), 'done')
      assert.equal(await gone(), 'ERR_FILE')
      assert.equal(await page.evaluate(() => window.t.state()), 'saved', 'the one before goes on')
    }))

  test('a place that is gone is told, and written to again when it is back', () =>
    onSaving(async (page) => {
      await page.evaluate(() => window.t.begin())
      await page.evaluate(() => window.t.pull())
      await page.evaluate(() => window.t.add('Two'))
      await until(page, async () => (await window.t.state()) === 'gone')
      assert.equal((await page.evaluate(() => window.engine.status())).backup.current, false)
      await page.evaluate(async () => {
        await window.t.pick()
        await window.engine.autoSaveAgain()
      })
      assert.equal(await page.evaluate(() => window.t.state()), 'saved')
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One', 'Two'])
    }))

  test('a damaged vault leaves the file alone: it may be all that has the key', () =>
    onSaving(async (page, visit) => {
      await page.evaluate(() => window.t.begin())
      const id = await page.evaluate(() => window.t.add('Two'))
      await saved(page)
      const before = await page.evaluate(() => window.t.bytes())
      await page.evaluate(() => window.engine.lock())
      await visit()
      const { rows } = await readDisk(page)
      await writeDisk(page, { ...rows, [`record/${id}`]: null })
      await page.evaluate(async () => window.t.remember(await window.t.pick()))
      await page.evaluate(() => window.t.comeBack())
      await until(page, async () => (await window.t.state()) === 'held')
      assert.deepEqual(await page.evaluate(() => window.t.bytes()), before)
      // Repaired from the copy, the file follows again.
      await page.evaluate(() => window.engine.repair())
      await saved(page)
      assert.deepEqual(await page.evaluate(() => window.t.opens()), ['One', 'Two'])
    }))

  test('a vault that came back without the file beside it says so', () =>
    onSaving(async (page, visit) => {
      await page.evaluate(() => window.t.begin())
      await page.evaluate(() => window.engine.lock())
      await visit()
      const { rows } = await readDisk(page)
      await writeDisk(page, rows)
      await page.evaluate(() => window.t.comeBack())
      assert.equal(await page.evaluate(() => window.t.state()), 'gone')
      assert.equal(await page.evaluate(() => window.engine.autoSaveAgain().catch(({ code }) => code)), 'ERR_NOT_FOUND')
      assert.equal((await page.evaluate(() => window.t.begin())).state, 'saved')
    }))

  test('a file of this computer, before a person allowed it, is not written and says what it waits for', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keyhold-auto-save-'))
    const path = join(folder, 'own.keyhold')
    await writeFile(path, 'as it was')
    try {
      await onSaving(async (page, visit) => {
        await page.evaluate(() => window.t.begin())
        await page.evaluate(() => window.engine.lock())
        await visit()
        await dropFile(page, path)
        assert.equal(await page.evaluate(() => window.dropped.queryPermission({ mode: 'readwrite' })), 'prompt')
        await page.evaluate(() => window.t.remember(window.dropped))
        await page.evaluate(() => window.t.comeBack())
        await until(page, async () => (await window.t.state()) === 'permission')
        assert.equal(await readFile(path, 'utf8'), 'as it was')
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

/** The only way to a file of this computer that needs no window of the system's. It may be read, not written. */
async function dropFile(page, path) {
  await page.evaluate(() => {
    document.body.style.minHeight = '400px'
    document.addEventListener('dragover', (event) => event.preventDefault())
    document.addEventListener('drop', async (event) => {
      event.preventDefault()
      window.dropped = await event.dataTransfer.items[0].getAsFileSystemHandle()
    })
  })
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'])
    await devtools.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data })
  await page.waitForFunction(() => window.dropped)
  await devtools.detach()
}
