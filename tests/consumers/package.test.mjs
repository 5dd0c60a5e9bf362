// package: is what npm would install well made? Its map of exports, its types, what is in it and what is not; and can it be imported
// where there is no page.
import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { brotliCompressSync } from 'node:zlib'
import { publint } from 'publint'
import { install, root, tarball } from './support/packed.mjs'

const run = promisify(execFile)
const MAX_CLIENT_BYTES = 6_000

let user
let installed
before(async () => {
  user = await install()
  installed = join(user.path, 'node_modules/keyhold')
})
after(() => user?.remove())

const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'))

/** What publint and are-the-types-wrong say of a package file. */
async function problems(file) {
  const bytes = await readFile(file)
  const tarball = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages } = await publint({ pack: { tarball }, strict: true })
  // A module for browsers: nobody requires it, and no resolver is older than `exports`.
  const attw = ['--profile', 'esm-only', '--format', 'json', file]
  const { stdout } = await run(join(root, 'node_modules/.bin/attw'), attw).catch((error) => error)
  const { analysis } = JSON.parse(stdout)
  const ignored = ['node10', 'node16-cjs']
  const types = analysis.problems.filter(({ resolutionKind }) => !ignored.includes(resolutionKind))
  return [...messages.map(({ code }) => code), ...types.map(({ kind }) => kind)]
}

test('publint and are-the-types-wrong find nothing', async () => {
  assert.deepEqual(await problems(tarball), [])
})

test('control: they find a package with its types left out, and one with an export that is not there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-package-'))
  try {
    await cp(installed, join(folder, 'bad'), { recursive: true })
    await rm(join(folder, 'bad/element.d.ts'))
    const manifest = await readJson(join(folder, 'bad/package.json'))
    manifest.exports['./nowhere'] = './nowhere.js'
    await writeFile(join(folder, 'bad/package.json'), JSON.stringify(manifest))
    execFileSync('npm', ['pack', './bad', '--ignore-scripts', '--silent'], { cwd: folder })
    const found = await problems(join(folder, `keyhold-${manifest.version}.tgz`))
    assert.ok(found.includes('FILE_DOES_NOT_EXIST'), found.join())
    assert.ok(found.includes('UntypedResolution'), found.join())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

describe('what is in it', () => {
  test('the client is dist/keyhold.js, within its size', async () => {
    const client = await readFile(join(installed, 'keyhold.js'))
    assert.ok(client.equals(await readFile(`${root}dist/keyhold.js`)))
    assert.ok(brotliCompressSync(client).length <= MAX_CLIENT_BYTES)
  })

  test('the vault is dist/, without what is made when it is put somewhere', async () => {
    const vault = join(installed, 'vault')
    const entries = await readdir(vault, { recursive: true, withFileTypes: true })
    const names = entries
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(vault.length + 1))
    const { files } = await readJson(`${root}dist/integrity.json`)
    assert.deepEqual(names.sort(), [...Object.keys(files), 'integrity.json'].sort())
    for (const name of names)
      assert.ok((await readFile(join(vault, name))).equals(await readFile(`${root}dist/${name}`)), name)
  })

  test('no source, no test, no path of the machine it was made on, and no dependency', async () => {
    const entries = await readdir(installed, { recursive: true, withFileTypes: true })
    const files = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
    assert.deepEqual(
      files.filter((file) => /\.(ts|map)$/.test(file) && !file.endsWith('.d.ts')),
      [],
    )
    for (const file of files) assert.ok(!(await readFile(file)).includes(root), file)
    const manifest = await readJson(join(installed, 'package.json'))
    assert.equal(manifest.dependencies, undefined)
    assert.equal(manifest.scripts, undefined)
    assert.equal(manifest.private, undefined)
    const { version } = await readJson(`${root}web/package.json`)
    assert.equal(manifest.version, version)
  })

  test('the custom-elements manifest names elements, attributes, parts, events', async () => {
    const { customElements } = await readJson(join(installed, 'package.json'))
    const { modules } = await readJson(join(installed, customElements))
    const declared = Object.fromEntries(
      modules.flatMap(({ declarations }) => declarations).map((one) => [one.name, one]),
    )
    const button = declared.KeyholdButtonElement
    assert.equal(button.tagName, 'keyhold-button')
    assert.equal(declared.KeyholdVaultElement.tagName, 'keyhold-vault')
    assert.ok(
      button.attributes.some(({ name }) => name === 'src'),
      JSON.stringify(button.attributes),
    )
    assert.ok(button.cssParts.some(({ name }) => name === 'frame'))
    assert.deepEqual(
      button.events.map(({ name }) => name).sort(),
      ['blocked', 'change', 'error', 'lock', 'ready', 'unlock'].map((name) => `keyhold-${name}`),
    )
    const offered = button.members.map(({ name }) => name)
    assert.deepEqual(offered.sort(), ['access', 'error', 'loading', 'ready', 'src', 'state', 'vault'])
    const definitions = modules
      .flatMap(({ exports }) => exports)
      .filter(({ kind }) => kind === 'custom-element-definition')
    assert.deepEqual(definitions.map(({ name }) => name).sort(), ['keyhold-button', 'keyhold-vault'])
    for (const { path } of modules) assert.ok((await readdir(installed)).includes(path), path)
  })
})

/** What a module's import and `then` do in Node, where every touch of a page's globals is told. */
async function importedInNode(name, then = '') {
  const script = `
    const touched = []
    for (const name of ['document', 'window', 'addEventListener', 'customElements', 'HTMLElement', 'location'])
      Object.defineProperty(globalThis, name, { configurable: true, get: () => (touched.push(name), undefined) })
    const module = await import('${name}')
    ${then}
    console.log(JSON.stringify({ exports: Object.keys(module).sort(), touched }))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: user.path })
  return JSON.parse(stdout)
}

describe('imported on a server', () => {
  test('the client touches nothing of a page', async () => {
    assert.deepEqual(await importedInNode('keyhold'), { exports: ['KeyholdError', 'Vault', 'connect'], touched: [] })
  })

  test('the engine touches nothing of a page', async () => {
    const { exports, touched } = await importedInNode('keyhold/engine')
    assert.deepEqual(touched, [])
    for (const name of ['KeyholdEngine', 'KeyholdError', 'filesAt', 'keyBytes', 'passphraseBytes'])
      assert.ok(exports.includes(name), name)
  })

  test('the elements look whether there are elements, and no further', async () => {
    const exports = ['KeyholdButtonElement', 'KeyholdVaultElement']
    assert.deepEqual(await importedInNode('keyhold/element/classes'), { exports, touched: ['HTMLElement'] })
    const { touched, ...more } = await importedInNode('keyhold/element')
    assert.deepEqual(more, { exports })
    assert.deepEqual(new Set(touched), new Set(['HTMLElement', 'customElements']))
  })

  test('control: a touch is told', async () => {
    const { touched } = await importedInNode(
      'keyhold',
      `await module.connect('https://vault.example/').catch(() => {})`,
    )
    assert.ok(touched.includes('document'), touched.join())
  })
})

describe('types', () => {
  const FINE = `
    import { connect, KeyholdError, type Access, type ErrorCode } from 'keyhold'
    import { KeyholdButtonElement } from 'keyhold/element/classes'
    import 'keyhold/element'
    import { filesAt, KeyholdEngine } from 'keyhold/engine'
    const own: Promise<KeyholdEngine> = KeyholdEngine.connect(filesAt('/keyhold/'))
    void own.then((one) => one.keys()).then(([key]) => key?.base satisfies string | undefined)
    const vault = await connect('https://vault.example/', { button: document.body })
    const access: Access = await vault.requestAccess({ providers: ['openai'], spend: { day: 1 } })
    const fetcher: typeof globalThis.fetch = vault.fetch
    const off: () => void = vault.on('lock', () => {})
    const button: KeyholdButtonElement | null = document.querySelector('keyhold-button')
    const same: typeof vault | null | undefined = button?.vault
    try { await fetcher('x') } catch (error) { if (error instanceof KeyholdError) { const code: ErrorCode = error.code; void code } }
    button?.addEventListener('keyhold-change', ({ detail }) => void (detail.access satisfies Access | null))
    void [access, off, same]
    export {}`
  const check = async (name, text) => {
    await writeFile(join(user.path, name), text)
    const options =
      '--noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext --lib es2023,dom,dom.iterable'
    return run(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), ...options.split(' '), '--ignoreConfig', name],
      {
        cwd: user.path,
      },
    ).then(
      () => [],
      ({ stdout }) => [...stdout.matchAll(/error (TS\d+)/g)].map(([, code]) => code),
    )
  }

  test('say what the package does, under strict', async () => {
    assert.deepEqual(await check('fine.mts', FINE), [])
  })

  test('control: what it does not do is an error', async () => {
    const wrong = FINE.replace(`providers: ['openai']`, `models: ['openai']`).replace(`'lock', ()`, `'nothing', ()`)
    assert.deepEqual(await check('wrong.mts', wrong), ['TS2345', 'TS2345'])
  })
})
