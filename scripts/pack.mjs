// pack: the npm package, in build/package, and as a file that npm installs. After a build (scripts/build web), of the same bytes:
// its client is dist/keyhold.js, its vault is dist/. Usage: node scripts/pack.mjs [--into FOLDER]; prints where the file is.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { create, ts as analyzerTs } from '@custom-elements-manifest/analyzer'
import { generateDtsBundle } from 'dts-bundle-generator'
import { build } from 'esbuild'
import ts from 'typescript'
import { defined } from '../web/hosting/define.mjs'
import { urlsOf } from '../web/hosting/embed.mjs'
import { CONFIG_FILE, HEADERS_FILE } from '../web/hosting/settings.mjs'

const root = fileURLToPath(new URL('../', import.meta.url))
const dist = join(root, 'dist')
/** The element's modules, by what they are called in the package. */
const ELEMENT = { 'element-classes': 'classes', element: 'index' }
/** What they import, likewise. */
const NAMES = { '../client': './keyhold.js', './classes': './element-classes.js' }
/** Of the catalogue, what headers are made from. */
const HEADER_FIELDS = ['id', 'base', 'example_base', 'browser', 'login']

/**
 * @param {string} folder what was in it is gone
 * @returns {Promise<string>} the tarball, in `folder`
 */
export async function pack(folder) {
  if (!existsSync(join(dist, 'keyhold.js'))) throw new Error('dist/ has no keyhold.js: run scripts/build web first')
  if (readFileSync(join(dist, CONFIG_FILE), 'utf8') !== '{}\n')
    throw new Error('dist/ has settings of its own: a package has none')
  rmSync(folder, { recursive: true, force: true })
  const to = join(folder, 'package')
  mkdirSync(join(to, 'bin'), { recursive: true })

  // What packed copies are of is here, and what follows from settings is made again where it is put.
  const isPart = (path) => !path.endsWith('.br') && path !== join(dist, HEADERS_FILE)
  cpSync(dist, join(to, 'vault'), { recursive: true, filter: isPart })
  cpSync(join(dist, 'keyhold.js'), join(to, 'keyhold.js'))
  for (const name of ['LICENSE', 'CHANGELOG.md']) cpSync(join(root, name), join(to, name))
  cpSync(join(root, 'web/package/README.md'), join(to, 'README.md'))
  await writeEngine(join(to, 'engine.js'))
  writeTypes(to)
  for (const [name, source] of Object.entries(ELEMENT))
    await writeElement(to, name, join(root, `web/src/element/${source}.ts`))
  writeJson(join(to, 'custom-elements.json'), elementsManifest())
  await writeCommand(join(to, 'bin'))
  writeJson(join(to, 'package.json'), manifest())

  const npm = ['pack', to, '--pack-destination', folder, '--json', '--ignore-scripts', '--loglevel=error']
  const printed = JSON.parse(execFileSync('npm', npm, { cwd: folder, encoding: 'utf8' }))
  const [{ filename }] = Object.values(printed)
  return join(folder, filename)
}

function manifest() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))
  const { name, version, license } = read('web/package.json')
  const { name: _name, description, ...more } = read('web/package/package.template.json')
  return { name, version, description, license, ...more }
}

/** For a page of the vault's own origin. Where the vault's files are there, it is told: engine/files-at.ts. */
async function writeEngine(outfile) {
  const define = defined()
  const files = readdirSync(join(dist, 'assets')).map((name) => `assets/${name}`)
  const worker = files.find((name) => /\/vault-worker-[\w-]+\.js$/.test(name))
  if (!readFileSync(join(dist, worker), 'utf8').includes(JSON.parse(define.__KEYHOLD_BUILD__)))
    throw new Error('dist/ is not of these sources: run scripts/build web')
  await build({
    entryPoints: [join(root, 'web/src/engine/index.ts')],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    define: { ...define, 'import.meta.env': '{}' },
    plugins: [urlsOf(files, JSON.stringify)],
  })
}

function writeTypes(to) {
  const entries = { keyhold: 'client', engine: 'engine' }
  const output = { noBanner: true, exportReferencedTypes: false }
  const texts = generateDtsBundle(
    Object.values(entries).map((folder) => ({ filePath: join(root, `web/src/${folder}/index.ts`), output })),
    { preferredConfigPath: join(root, 'web/package/tsconfig.json') },
  )
  Object.keys(entries).forEach((name, at) => writeFileSync(join(to, `${name}.d.ts`), texts[at]))
}

async function writeElement(to, name, source) {
  await build({
    entryPoints: [source],
    outfile: join(to, `${name}.js`),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    logLevel: 'error',
    plugins: [{ name: 'names', setup: (one) => one.onResolve({ filter: /./ }, renamed) }],
  })
  const compilerOptions = { target: ts.ScriptTarget.ES2022, stripInternal: true, isolatedDeclarations: true }
  const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(source, 'utf8'), {
    fileName: source,
    compilerOptions,
  })
  if (diagnostics.length > 0) throw new Error(ts.formatDiagnostics(diagnostics, ts.createCompilerHost({})))
  const text = Object.entries(NAMES).reduce((text, [from, to]) => text.replaceAll(`'${from}'`, `'${to}'`), outputText)
  writeFileSync(join(to, `${name}.d.ts`), text)
}

function renamed({ path, kind }) {
  if (kind === 'entry-point') return undefined
  if (!(path in NAMES)) throw new Error(`the element imports ${path}, which is no file of the package`)
  return { path: NAMES[path], external: true }
}

/** https://custom-elements-manifest.open-wc.org */
function elementsManifest() {
  const modules = Object.entries(ELEMENT).map(([name, source]) =>
    analyzerTs.createSourceFile(
      `${name}.js`,
      Object.entries(NAMES).reduce(
        (text, [from, to]) => text.replaceAll(`'${from}'`, `'${to}'`),
        readFileSync(join(root, `web/src/element/${source}.ts`), 'utf8'),
      ),
      analyzerTs.ScriptTarget.ES2022,
      true,
      analyzerTs.ScriptKind.TS,
    ),
  )
  const manifest = create({ modules, plugins: [] })
  const isOffered = ({ name, privacy }) => privacy === undefined && !/^#|Callback$|^observedAttributes$/.test(name)
  for (const { declarations } of manifest.modules) {
    for (const one of declarations) {
      if (one.members) one.members = one.members.filter(isOffered)
      // The analyzer also lists what is dispatched under a variable's name.
      if (one.events) one.events = one.events.filter(({ description }) => description !== undefined)
    }
  }
  return manifest
}

async function writeCommand(folder) {
  await build({
    entryPoints: [join(root, 'web/package/cli/main.mjs')],
    outfile: join(folder, 'keyhold.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    logLevel: 'error',
  })
  const { providers } = JSON.parse(readFileSync(join(root, 'wasm/catalogue/providers.json'), 'utf8'))
  const few = providers.map((one) =>
    Object.fromEntries(HEADER_FIELDS.flatMap((name) => (name in one ? [[name, one[name]]] : []))),
  )
  writeJson(join(folder, 'catalogue.json'), { providers: few })
}

const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { into: { type: 'string', default: join(root, 'build/package') } } })
  console.log(await pack(resolve(values.into)))
}
