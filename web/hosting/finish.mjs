// finish: the last step of the web build. Writes the default keyhold.config.json, _headers, the service worker, integrity.json,
// and a brotli copy of every file that gains by it, as a host would serve it; beside dist/, in dist-hosting/, configuration for
// servers that do not read _headers, and what a page needs that embeds this build. Usage: node web/hosting/finish.mjs dist
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'
import { embedSnippet } from './snippet.mjs'
import { headersFile } from './headers.mjs'
import { INTEGRITY_FILE, digestsOf, integrityFile, isListed, sha384, withIntegrity } from './integrity.mjs'
import { serverFiles } from './servers.mjs'
import { SERVICE_WORKER_FILE, serviceWorker } from './service-worker.mjs'

const dist = process.argv[2]
const catalogueFile = new URL('../../wasm/catalogue/providers.json', import.meta.url)
const configFile = join(dist, 'keyhold.config.json')

if (!existsSync(configFile)) writeFileSync(configFile, '{}\n')
const config = JSON.parse(readFileSync(configFile, 'utf8'))
const { providers: catalogue } = JSON.parse(readFileSync(catalogueFile, 'utf8'))

const bundled = readdirSync(dist, { recursive: true })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => statSync(join(dist, name)).isFile() && isListed(name) && name !== SERVICE_WORKER_FILE)
const read = (name) => readFileSync(join(dist, name))
for (const name of bundled.filter((file) => /^[^/]+\.html$/.test(file))) {
  writeFileSync(
    join(dist, name),
    withIntegrity(read(name).toString(), (file) => sha384(read(file))),
  )
}
const files = [...bundled, SERVICE_WORKER_FILE, INTEGRITY_FILE].sort()
const pathnames = files.map((name) => `/${name}`)
// A host serves a page under its short name too.
const short = pathnames
  .filter((path) => /^\/[^/]+\.html$/.test(path))
  .map((path) => path.replace(/(index)?\.html$/, ''))
const site = { ...config, catalogue }
const headers = headersFile([...short, ...pathnames], site)
writeFileSync(join(dist, '_headers'), headers)
writeFileSync(join(dist, SERVICE_WORKER_FILE), serviceWorker(digestsOf(dist, bundled), headers))
const list = integrityFile(digestsOf(dist, [...bundled, SERVICE_WORKER_FILE]))
writeFileSync(join(dist, INTEGRITY_FILE), list)

for (const name of files.filter((file) => /\.(html|js|mjs|css|svg|json|wasm|txt|webmanifest)$/.test(file))) {
  const bytes = read(name)
  const packed = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } })
  if (packed.length < bytes.length) writeFileSync(join(dist, `${name}.br`), packed)
}
const hosting = `${dist}-hosting`
rmSync(hosting, { recursive: true, force: true })
mkdirSync(hosting)
for (const [name, text] of Object.entries(serverFiles(['/', ...pathnames], site)))
  writeFileSync(join(hosting, name), text)
writeFileSync(join(hosting, 'embed.html'), embedSnippet(sha384(read('keyhold.js'))))
console.log(`${INTEGRITY_FILE}: ${sha384(list)}`)
