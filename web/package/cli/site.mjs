// site: the vault as it is in this package, and as it is with settings of somebody's own.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { INTEGRITY_FILE, sha384 } from '../../hosting/integrity.mjs'
import {
  CONFIG_FILE,
  HEADERS_FILE,
  SERVICE_WORKER_FILE,
  isGiven,
  isPage,
  settingsFiles,
  workerCodeOf,
} from '../../hosting/settings.mjs'
import { CommandError } from './error.mjs'

/** Far more than settings need. */
const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * @typedef {object} Site
 * @property {string} folder where its given files are
 * @property {Record<string, string>} digests of those
 * @property {(config: Uint8Array) => ReturnType<typeof settingsFiles> & { digests: Record<string, string> }} withSettings
 *   the files that follow from the settings; and the digests of all, the list's own included
 */

/**
 * @param {URL} root of the package
 * @returns {Site}
 */
export function packagedSite(root) {
  const folder = fileURLToPath(new URL('vault/', root))
  const read = (name) => readFileSync(`${folder}${name}`, 'utf8')
  const { providers: catalogue } = JSON.parse(readFileSync(new URL('bin/catalogue.json', root), 'utf8'))
  const { files } = JSON.parse(read(INTEGRITY_FILE))
  const digests = Object.fromEntries(Object.entries(files).filter(([name]) => isGiven(name)))
  const workerCode = workerCodeOf(read(SERVICE_WORKER_FILE))
  const pages = Object.fromEntries(
    Object.keys(digests)
      .filter(isPage)
      .map((name) => [name, read(name)]),
  )

  return {
    folder,
    digests,
    withSettings(bytes) {
      const config = configOf(bytes)
      const all = { ...digests, [CONFIG_FILE]: sha384(bytes) }
      const made = madeWith({ config, digests: all, catalogue, pages, workerCode })
      const { [HEADERS_FILE]: _unlisted, ...listed } = made.files
      const more = Object.entries(listed).map(([name, text]) => [name, sha384(text)])
      return { ...made, digests: { ...all, ...Object.fromEntries(more) } }
    },
  }
}

function madeWith(given) {
  try {
    return settingsFiles(given)
  } catch (error) {
    throw new CommandError('ERR_BAD_CONFIG', `${CONFIG_FILE}: ${error.message}`)
  }
}

function configOf(bytes) {
  const bad = (why) => new CommandError('ERR_BAD_CONFIG', `${CONFIG_FILE} ${why}`)
  if (bytes.length > MAX_CONFIG_BYTES) throw bad('is too large')
  let config
  try {
    config = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw bad('is no JSON')
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) throw bad('is no JSON object')
  return config
}
