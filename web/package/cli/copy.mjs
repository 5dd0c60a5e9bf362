// copy: puts the vault into a folder. Only into one that is empty or has a vault in it, and there it replaces and removes only what
// it put there itself: a file counts as its own if its digest is the one that the folder's integrity.json, or this package, gives.
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { INTEGRITY_FILE, sha384 } from '../../hosting/integrity.mjs'
import { isPackable, packedCopy } from '../../hosting/packed.mjs'
import { CONFIG_FILE, HEADERS_FILE } from '../../hosting/settings.mjs'
import { readList } from '../../src/page/compare-site.ts'
import { CommandError } from './error.mjs'

const MAX_NAMED = 10
/** Whatever its version, a vault has these. */
const LANDMARKS = ['index.html', 'service-worker.js', CONFIG_FILE]

/**
 * @param {import('./site.mjs').Site} site
 * @param {string} folder
 * @param {{ servers?: string, force?: boolean }} options
 * @returns {string[]} what was done, for a person
 * @throws {CommandError} ERR_NOT_A_KEYHOLD_SITE, ERR_CHANGED_FILES, ERR_BAD_CONFIG, ERR_FILE; nothing is written then, but for
 *   ERR_FILE
 */
export function copySite(site, folder, { servers, force = false }) {
  try {
    return copy(site, folder, servers, force)
  } catch (error) {
    if (error.syscall === undefined) throw error
    throw new CommandError('ERR_FILE', error.message)
  }
}

function copy(site, folder, servers, force) {
  const before = siteIn(folder)
  const config = existsSync(join(folder, CONFIG_FILE)) ? readFileSync(join(folder, CONFIG_FILE)) : null
  const made = site.withSettings(config ?? readFileSync(join(site.folder, CONFIG_FILE)))
  const { [HEADERS_FILE]: headers, ...texts } = made.files
  const names = Object.keys(made.digests).filter((name) => name !== CONFIG_FILE || config === null)
  const bytesOf = (name) => (name in texts ? Buffer.from(texts[name]) : readFileSync(join(site.folder, name)))
  const known = (name) => [made.digests[name], before?.get(name)]

  const changed = [...new Set([...names, ...names.map(dirname)])].filter((name) => !isOwn(folder, name, known(name)))
  if (changed.length > 0 && !force)
    throw new CommandError(
      'ERR_CHANGED_FILES',
      `not as the vault was put there: ${named(changed)}. With --force they are replaced.`,
    )
  const links = changed.filter((name) => lstatSync(join(folder, name)).isSymbolicLink())
  if (links.length > 0) throw new CommandError('ERR_CHANGED_FILES', `links to somewhere else: ${named(links)}`)

  let written = 0
  // Of a copy that ends half way, the list tells what it was to be; of an update, what it was.
  const inOrder = names.toSorted((a, b) => (isList(a) === isList(b) ? 0 : isList(a) === (before === null) ? -1 : 1))
  for (const name of inOrder) if (put(folder, name, bytesOf(name))) written += 1
  const removed = removeOld(folder, before, made.digests)
  const headersWritten = putHeaders(folder, headers, before, made.digests)
  if (servers !== undefined) for (const [name, text] of Object.entries(made.beside)) putBeside(servers, name, text)

  return [
    `The vault is in ${folder}: ${written} files written, ${names.length - written} as they were, ${removed} of an older version removed.`,
    config === null
      ? `Its settings are the usual ones. ${CONFIG_FILE} there may say which origins may embed it; then copy again.`
      : `It is as ${CONFIG_FILE} there says.`,
    headersWritten
      ? `Each file must be served with its headers: ${HEADERS_FILE} has them, for hosts that read it at the top of a site.`
      : `${HEADERS_FILE} has entries of your own and was left as it is. Compare it with what --servers writes.`,
    ...(servers === undefined
      ? []
      : [`For nginx, Apache and Caddy they are in ${servers}, beside what a page needs that embeds this vault.`]),
  ]
}

const isList = (name) => name === INTEGRITY_FILE
const named = (names) => names.slice(0, MAX_NAMED).join(', ') + (names.length > MAX_NAMED ? ' and more' : '')

/** @returns {import('../../src/page/compare-site').DigestList | null} what was put there before; null where nothing is */
function siteIn(folder) {
  if (!existsSync(folder)) return null
  const there = readdirSync(folder).filter((name) => name !== CONFIG_FILE)
  if (there.length === 0) return null
  const list = there.includes(INTEGRITY_FILE) ? readList(arrayBuffer(readFileSync(join(folder, INTEGRITY_FILE)))) : null
  if (list === null || !LANDMARKS.every((name) => list.has(name)))
    throw new CommandError(
      'ERR_NOT_A_KEYHOLD_SITE',
      `${folder} has something else in it: give a folder that is empty, or not there yet`,
    )
  return list
}

const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

/** Not there, a folder where one must be, or a file with one of these digests. */
function isOwn(folder, name, digests) {
  const path = join(folder, name)
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return true
  if (digests[0] === undefined) return found.isDirectory()
  // The list is made anew each time, and has no digest but this package's.
  return found.isFile() && (isList(name) || digests.includes(sha384(readFileSync(path))))
}

/** With its packed copy. @returns whether the file was another, or none */
function put(folder, name, bytes) {
  const path = join(folder, name)
  const isThere = existsSync(path) && readFileSync(path).equals(bytes)
  if (isThere && (existsSync(`${path}.br`) || !isPackable(name))) return false
  const packed = packedCopy(name, bytes)
  if (isThere && packed === null) return false
  mkdirSync(dirname(path), { recursive: true })
  // A packed copy beside another file would be served in its place.
  rmSync(`${path}.br`, { force: true })
  writeFileSync(path, bytes)
  if (packed !== null) writeFileSync(`${path}.br`, packed)
  return true
}

function removeOld(folder, before, digests) {
  const old = [...(before ?? [])].filter(
    ([name, digest]) =>
      !(name in digests) && existsSync(join(folder, name)) && isOwn(folder, name, [digest]) && !isLinked(folder, name),
  )
  for (const [name] of old) {
    rmSync(join(folder, name))
    rmSync(join(folder, `${name}.br`), { force: true })
  }
  return old.length
}

/** Is it in a folder that is somewhere else? */
function isLinked(folder, name) {
  const parent = dirname(name)
  return parent !== '.' && (lstatSync(join(folder, parent)).isSymbolicLink() || isLinked(folder, parent))
}

/** @returns false where there is one with entries that are not the vault's */
function putHeaders(folder, headers, before, digests) {
  const path = join(folder, HEADERS_FILE)
  if (existsSync(path)) {
    const ours = new Set([
      ...headers.split('\n'),
      ...[...(before?.keys() ?? []), ...Object.keys(digests)].map((name) => `/${name}`),
    ])
    const entries = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /^\S/.test(line))
    if (!entries.every((line) => ours.has(line))) return false
  }
  writeFileSync(path, headers)
  return true
}

function putBeside(folder, name, text) {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  if (existsSync(path) && !/^(#|<!--) Keyhold /.test(readFileSync(path, 'utf8')))
    throw new CommandError('ERR_CHANGED_FILES', `${path} is not one of the vault's`)
  writeFileSync(path, text)
}
