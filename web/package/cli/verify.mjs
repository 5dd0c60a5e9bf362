// verify: does a host serve the vault that is in this package? The list to compare with comes from here, never from the host.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIG_FILE } from '../../hosting/settings.mjs'
import { compareAll } from '../../src/page/compare-site.ts'
import { CommandError } from './error.mjs'

const ANSWER_WITHIN_MS = 30_000
const SAID = {
  differs: 'is another file',
  missing: 'is not there',
  unanswered: 'could not be fetched',
}

/**
 * @param {import('./site.mjs').Site} site
 * @param {string} address
 * @returns {Promise<{ agrees: boolean, lines: string[] }>} `lines`: for a person
 * @throws {CommandError} ERR_USAGE for what is no address; ERR_UNREACHABLE
 */
export async function verifySite(site, address) {
  const base = baseOf(address)
  const fetchOne = (name) =>
    fetch(new URL(name, base), {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })

  const usual = readFileSync(join(site.folder, CONFIG_FILE))
  const config = await settingsAt(fetchOne, base, usual)
  const followed = isUsable(site, config) ? config : usual
  const expected = new Map(Object.entries(site.withSettings(followed).digests).sort())

  const wrong = []
  await compareAll(
    expected,
    (name, verdict) => {
      if (verdict !== 'agrees') wrong.push(`${name} ${SAID[verdict]}`)
    },
    fetchOne,
  )
  const settings = followed.equals(usual) ? [] : [`Its settings are its host's own: ${printable(followed)}`]
  const sum =
    wrong.length === 0
      ? `All ${expected.size} files at ${base} agree with this package.`
      : `${wrong.length} of ${expected.size} files at ${base} do not agree with this package:`
  return { agrees: wrong.length === 0, lines: [...settings, sum, ...wrong.sort().map((line) => `  ${line}`)] }
}

/** Settings that no vault can be built with are no settings, but another file. */
function isUsable(site, config) {
  try {
    site.withSettings(config)
    return true
  } catch (error) {
    if (error.code === 'ERR_BAD_CONFIG') return false
    throw error
  }
}

/** What somebody else wrote must not steer a terminal. */
function printable(json) {
  const escaped = (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(JSON.parse(String(json))).replaceAll(/[^\x20-\x7e]/g, escaped)
}

function baseOf(address) {
  const base = URL.canParse(address) ? new URL(address) : null
  if (base === null || !/^https?:$/.test(base.protocol))
    throw new CommandError('ERR_USAGE', `${address} is no address such as https://vault.example.com/`)
  base.search = base.hash = ''
  // Of a page there, or of the folder it is in.
  if (!base.pathname.endsWith('.html') && !base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

/** What a host may set. Where there is none, the usual settings hold, and the comparison says that the file is missing. */
async function settingsAt(fetchOne, base, usual) {
  try {
    const response = await fetchOne(CONFIG_FILE)
    return response.ok ? Buffer.from(await response.arrayBuffer()) : usual
  } catch {
    throw new CommandError('ERR_UNREACHABLE', `nothing answers at ${base}`)
  }
}
