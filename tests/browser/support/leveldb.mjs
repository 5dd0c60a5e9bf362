// leveldb: the files in which Chromium keeps a site's databases, harmed as a kill or a bad disk harms them, while no
// browser runs.
import assert from 'node:assert/strict'
import { appendFile, readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'

const BLOCK_BYTES = 32 * 1024
const HEADER_BYTES = 7
const WHOLE = 1

/** The log that is written to. @returns {Promise<string>} its path; the next one has another */
export async function logOf(profile) {
  const folder = await folderOf(profile)
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'))
  return join(folder, logs.toSorted().at(-1))
}

/** A browser that is killed while it appends to the log leaves an entry's header, and less behind it than it says. */
export async function leaveHalfAnEntry(profile) {
  const log = await logOf(profile)
  const { size } = await stat(log)
  const room = BLOCK_BYTES - (size % BLOCK_BYTES) - HEADER_BYTES
  assert.ok(room > 1, 'the block has room for an entry')
  const half = Buffer.alloc(HEADER_BYTES + (Math.min(room, 1_000) >> 1), 0x5a)
  half.writeUInt16LE(Math.min(room, 1_000), 4)
  half.writeUInt8(WHOLE, 6)
  await appendFile(log, half)
}

/** The file that says where everything begins: without it there is no database any more. */
export async function loseDatabases(profile) {
  await truncate(join(await folderOf(profile), 'CURRENT'), 0)
}

async function folderOf(profile) {
  const all = join(profile, 'Default', 'IndexedDB')
  const folders = (await readdir(all)).filter((name) => name.endsWith('.indexeddb.leveldb'))
  assert.equal(folders.length, 1, `one site's databases: ${folders}`)
  return join(all, folders[0])
}
