// finish: the last step of the web build. Writes the default keyhold.config.json, _headers, the service worker, integrity.json,
// and a brotli copy of every file that gains by it, as a host would serve it; beside dist/, in dist-hosting/, configuration for
// servers that do not read _headers, and what a page needs that embeds this build. Usage: node web/hosting/finish.mjs dist
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { INTEGRITY_FILE, digestsOf, sha384, withIntegrity } from './integrity.mjs'
import { packedCopy } from './packed.mjs'
import { serviceWorkerCode } from './service-worker.mjs'
import { CONFIG_FILE, HEADERS_FILE, isGiven, isPage, settingsFiles } from './settings.mjs'

const dist = process.argv[2]
const catalogueFile = new URL('../../wasm/catalogue/providers.json', import.meta.url)
const configFile = join(dist, CONFIG_FILE)

if (!existsSync(configFile)) writeFileSync(configFile, '{}\n')
const config = JSON.parse(readFileSync(configFile, 'utf8'))
const { providers: catalogue } = JSON.parse(readFileSync(catalogueFile, 'utf8'))

const given = readdirSync(dist, { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => statSync(join(dist, name)).isFile() && isGiven(name))
const read = (name) => readFileSync(join(dist, name))
const pages = Object.fromEntries(
  given.filter(isPage).map((name) => [name, withIntegrity(read(name).toString(), (file) => sha384(read(file)))]),
)
for (const [name, html] of Object.entries(pages)) writeFileSync(join(dist, name), html)
const { files, beside } = settingsFiles({
  digests: digestsOf(dist, given),
  config,
  catalogue,
  pages,
  workerCode: serviceWorkerCode(),
})
for (const [name, text] of Object.entries(files)) writeFileSync(join(dist, name), text)

for (const name of new Set([...given, ...Object.keys(files)].filter((one) => one !== HEADERS_FILE))) {
  const packed = packedCopy(name, read(name))
  if (packed !== null) writeFileSync(join(dist, `${name}.br`), packed)
}
const hosting = `${dist}-hosting`
rmSync(hosting, { recursive: true, force: true })
mkdirSync(hosting)
for (const [name, text] of Object.entries(beside)) writeFileSync(join(hosting, name), text)
console.log(`${INTEGRITY_FILE}: ${sha384(files[INTEGRITY_FILE])}`)
