// api-docs: is everything that a host page's developer can name documented? TypeDoc makes the pages, and every warning is an error.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

function typedoc(...more) {
  const out = mkdtempSync(join(tmpdir(), 'keyhold-api-'))
  try {
    const all = ['--options', 'web/typedoc.json', '--out', out, ...more]
    const { status, stderr, stdout } = spawnSync(`${root}node_modules/.bin/typedoc`, all, {
      cwd: root,
      encoding: 'utf8',
    })
    const pages = readdirSync(out, { recursive: true }).filter((name) => name.endsWith('.html'))
    const vault = pages.find((name) => name.endsWith('Vault.html'))
    return { status, said: stderr + stdout, text: vault === undefined ? '' : readFileSync(join(out, vault), 'utf8') }
  } finally {
    rmSync(out, { recursive: true })
  }
}

test('the pages are made without a warning, and say what the vault does', () => {
  const { status, said, text } = typedoc()
  assert.equal(status, 0, said)
  for (const name of ['fetch', 'status', 'requestAccess', 'open', 'lock', 'close']) assert.ok(text.includes(name), name)
})

test('control: what says nothing of itself is found, as parameters do where names say enough', () => {
  const { status, said } = typedoc('--requiredToBeDocumented', 'Parameter')
  assert.notEqual(status, 0)
  assert.match(said, /Vault\.requestAccess\.wish.*does not have any documentation/)
})
