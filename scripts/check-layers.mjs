// check-layers: dependencies point one way. Fails on any include or import that the tables below do not allow.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

// Folder of wasm/core -> folders it may include, itself apart.
const coreLayers = {
  base: [],
  crypto: ['base'],
  vault: ['base', 'crypto'],
  providers: ['base'],
  policy: ['base', 'providers'],
  session: ['base', 'crypto', 'vault', 'providers', 'policy'],
}
// Folder of server -> folders of it, and of the core, that it may include.
const serverLayers = {
  token: ['base'],
  billing: ['base', 'providers'],
  quota: ['base', 'billing'],
  keys: ['base', 'crypto', 'quota'],
  receipts: ['base', 'quota'],
  address: [],
  config: ['base', 'providers', 'address', 'billing', 'quota', 'receipts'],
  relay: ['base', 'providers', 'billing', 'config', 'keys', 'quota'],
  metrics: ['base', 'relay'],
  http: ['base', 'providers', 'address', 'token', 'billing', 'quota', 'keys', 'receipts', 'config', 'relay', 'metrics'],
  process: [],
  commands: ['base', 'crypto', 'quota', 'keys'],
  'main.cpp': ['base', 'config', 'keys', 'http', 'commands', 'process'],
}
// Library header -> the only places that may include it.
const libraryHomes = [
  { header: /^sodium/, home: /^wasm\/core\/crypto\// },
  { header: /^nlohmann\//, home: /^wasm\/core\/base\/json\.cpp$/ },
  { header: /^emscripten/, home: /^wasm\/bindings\// },
  { header: /^boost\//, home: /^server\/http\// },
  { header: /^soci\//, home: /^server\/quota\// },
  { header: /^openssl\//, home: /^server\/(token\/|billing\/|receipts\/|http\/server\.cpp$|main\.cpp$)/ },
  { header: /^prometheus\//, home: /^server\/metrics\// },
  { header: /^spdlog\//, home: /^server\/http\/log\.cpp$/ },
  { header: /^CLI\//, home: /^server\/main\.cpp$/ },
]
// Folder (or single file) of web/src -> those it may import, itself apart.
const webLayers = {
  protocol: [],
  trusted: [],
  worker: ['protocol'],
  wire: ['protocol'],
  engine: ['protocol', 'trusted', 'wire'],
  frame: ['protocol', 'trusted', 'wire', 'engine'],
  client: ['protocol', 'wire'],
  element: ['protocol', 'client'],
  page: ['protocol', 'trusted', 'engine'],
}
// A page may name a worker's URL; that brings none of its code.
const workerUrl = /\?(worker&url|url)$/

const problems = []

/** @param folder  where this file is, as the table names it; undefined for one that no table is about */
function checkIncludes(file, folder, layers, targetOf) {
  if (folder && !(folder in layers)) problems.push(`${file}: its folder is in no layer`)
  const text = readFileSync(file, 'utf8')
  for (const [, quoted, angled] of text.matchAll(/^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)/gm)) {
    const target = quoted && targetOf(quoted)
    if (folder && target && target !== folder && !layers[folder]?.includes(target)) {
      problems.push(`${file}: includes "${quoted}", which is not below ${folder}`)
    }
    const rule = libraryHomes.find(({ header }) => header.test(angled ?? quoted))
    if (rule && !rule.home.test(file)) problems.push(`${file}: includes <${angled ?? quoted}>, which belongs elsewhere`)
  }
}

const coreFolderOf = (included) => Object.keys(coreLayers).find((name) => included.startsWith(`${name}/`))

for (const file of list('wasm', /\.(cpp|h)$/)) {
  checkIncludes(file, /^wasm\/core\/([^/]+)\//.exec(file)?.[1], coreLayers, coreFolderOf)
}

for (const file of list('server', /\.(cpp|h)$/)) {
  const targetOf = (included) => /^server\/([^/]+)/.exec(included)?.[1] ?? coreFolderOf(included)
  checkIncludes(file, file.split('/')[1], serverLayers, targetOf)
}

for (const file of list('web/src', /\.ts$/)) {
  const folder = partOf(file)
  if (!(folder in webLayers)) {
    problems.push(`${file}: its folder is in no layer`)
    continue
  }
  const text = readFileSync(file, 'utf8')
  for (const [, from] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g)) {
    if (!from.startsWith('.') || workerUrl.test(from)) continue
    const target = partOf(join(file, '..', from))
    if (target in webLayers && target !== folder && !webLayers[folder].includes(target)) {
      problems.push(`${file}: imports '${from}', which is not below ${folder}`)
    }
  }
}

if (problems.length > 0) console.log(problems.join('\n'))
console.log(`layers: ${problems.length} wrong dependencies`)
process.exitCode = problems.length === 0 ? 0 : 1

function partOf(path) {
  return path.split('/')[2]?.replace(/\.ts$/, '')
}

function list(folder, pattern) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((name) => pattern.test(name))
    .sort()
}
