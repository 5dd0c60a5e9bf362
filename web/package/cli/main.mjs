// main: the command of the npm package. `keyhold copy <folder>` puts the static vault there; `keyhold verify <address>` compares what
// a host serves with what is in this package. Exit codes: 0 done, 1 what is served differs, 2 called wrongly, 3 not possible.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { copySite } from './copy.mjs'
import { CommandError } from './error.mjs'
import { packagedSite } from './site.mjs'
import { verifySite } from './verify.mjs'

const USAGE = `Usage:
  keyhold copy <folder> [--servers <folder>] [--force]
      Puts the vault's static files into a folder, such as one of your site's public files. A keyhold.config.json that is
      there is kept, and headers are made to match it. Again after an update of this package: only its own files are replaced.
        --servers <folder>  also writes configuration for nginx, Apache and Caddy there
        --force             replaces files of the vault that somebody has changed
  keyhold verify <address>
      Compares each file served there with this package's, by SHA-384.
  keyhold --version | --help
`
const EXIT = { done: 0, differs: 1, usage: 2, impossible: 3 }
const OPTIONS = {
  copy: { servers: { type: 'string' }, force: { type: 'boolean' } },
  verify: {},
}

/** @returns {Promise<number>} the exit code */
async function main([command, ...args]) {
  const root = new URL('..', import.meta.url)
  if (command === '--version') {
    console.log(JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).version)
    return EXIT.done
  }
  if (command === '--help' || command === undefined) {
    console.log(USAGE)
    return command === undefined ? EXIT.usage : EXIT.done
  }
  if (!Object.hasOwn(OPTIONS, command)) throw new CommandError('ERR_USAGE', `there is no command ${command}`)
  const { values, target } = read(command, args)
  const site = packagedSite(root)
  if (command === 'copy') {
    for (const line of copySite(site, target, values)) console.log(line)
    return EXIT.done
  }
  const { agrees, lines } = await verifySite(site, target)
  for (const line of lines) console.log(line)
  return agrees ? EXIT.done : EXIT.differs
}

function read(command, args) {
  try {
    const { values, positionals } = parseArgs({ args, options: OPTIONS[command], allowPositionals: true })
    if (positionals.length !== 1)
      throw new TypeError(`${command} takes one ${command === 'copy' ? 'folder' : 'address'}`)
    return { values, target: positionals[0] }
  } catch (error) {
    throw new CommandError('ERR_USAGE', error.message)
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const known = error instanceof CommandError
  console.error(`keyhold: ${known ? `${error.code}: ` : ''}${error.message}`)
  if (error.code === 'ERR_USAGE') console.error(USAGE)
  process.exitCode = error.code === 'ERR_USAGE' ? EXIT.usage : EXIT.impossible
}
