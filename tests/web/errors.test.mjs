// errors: the list of codes is one list: the core's, the protocol's and the document's.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { keyhold } from './support/load.mjs'

const root = new URL('../../', import.meta.url)

test('TypeScript and the document are what the core’s list makes of them', () => {
  execFileSync('node', [fileURLToPath(new URL('scripts/generate-errors.mjs', root)), '--check'])
})

test('every code in the core is in the protocol, and no other', () => {
  const source = readFileSync(new URL('wasm/core/base/error.def', root), 'utf8')
  const core = [...source.matchAll(/^KEYHOLD_ERROR\((\w+),/gm)].map(([, name]) => name)
  assert.ok(core.length > 30)
  assert.deepEqual(Object.keys(keyhold.ERROR_TEXT).sort(), core.sort())
})
