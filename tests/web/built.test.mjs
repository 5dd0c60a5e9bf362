// built: what the bundler made of the workers is what the design says: one classic script each, and the engine that was tested.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { Script } from 'node:vm'

const assets = new URL('../../dist/assets/', import.meta.url)
const names = existsSync(assets) ? readdirSync(assets) : []
const only = (pattern) => {
  const found = names.filter((name) => pattern.test(name))
  assert.equal(found.length, 1, `one file like ${pattern}: ${found}`)
  return readFileSync(new URL(found[0], assets), 'utf8')
}

for (const worker of ['vault-worker', 'kdf-worker']) {
  test(`${worker} is one script that needs nothing beside it`, () => {
    const text = only(new RegExp(`^${worker}-[\\w-]+\\.js$`))
    // A script with import, export or import.meta does not compile as a classic one.
    assert.doesNotThrow(() => new Script(text))
    assert.throws(() => new Script(`${text}\nimport.meta`), SyntaxError, 'positive control')
    for (const loader of ['importScripts(', 'import(', 'eval(', 'new Function'])
      assert.ok(!text.includes(loader), loader)
    assert.ok(text.includes('WebAssembly'), 'positive control')
  })
}

function digestOf(pattern) {
  const file = readFileSync(
    new URL(
      names.find((name) => pattern.test(name)),
      assets,
    ),
  )
  return `sha384-${createHash('sha384').update(file).digest('base64')}`
}

test('the vault worker takes only the two modules that are served', () => {
  const worker = only(/^vault-worker-[\w-]+\.js$/)
  assert.ok(worker.includes(digestOf(/^engine-.*\.wasm$/)))
  assert.ok(worker.includes(digestOf(/^keeping-.*\.wasm$/)))
  // The KDF worker needs none: the bytes are posted to it.
  assert.ok(!only(/^kdf-worker-[\w-]+\.js$/).includes('sha384-'))
})

test('page and worker name the same build, and the page the digest of the engine that is served', () => {
  const digest = digestOf(/^engine-.*\.wasm$/)
  const page = names
    .filter((name) => /^index-.*\.js$/.test(name))
    .map((name) => readFileSync(new URL(name, assets), 'utf8'))
  assert.ok(page.join('').includes(digest))
  const [, build] = /[`'"]([0-9a-f]{16})[`'"]/.exec(only(/^vault-worker-[\w-]+\.js$/))
  assert.ok(page.join('').includes(build))
})
