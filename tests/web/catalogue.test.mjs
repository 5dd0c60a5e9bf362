// Is the catalogue of providers what its schema says, and does it tell a person what they need?
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import Ajv2020 from 'ajv/dist/2020.js'

const read = (path) => JSON.parse(readFileSync(new URL(`../../wasm/catalogue/${path}`, import.meta.url), 'utf8'))
const catalogue = read('providers.json')
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(read('schema.json'))

test('the catalogue fits its schema', () => {
  assert.ok(validate(catalogue), JSON.stringify(validate.errors))
})

test('the schema refuses what the engine refuses: unknown fields, a base without its slash, no id', () => {
  const [first] = catalogue.providers
  for (const wrong of [
    { ...first, surprise: 1 },
    { ...first, base: 'https://api.example.com/v1' },
    { ...first, id: undefined },
    { ...first, like: 'a', wire: 'anthropic' },
    { ...first, browser: 'maybe' },
    { ...first, check: { method: 'POST', path: 'models' } },
    { ...first, check: { path: 'models', body: {} } },
    { ...first, also: [{ method: 'POST', path: '../keys', class: 'infer' }] },
  ]) {
    const changed = JSON.parse(JSON.stringify({ ...catalogue, providers: [wrong] }))
    assert.equal(validate(changed), false)
  }
})

const closed = ({ browser }) => browser === 'no'
const local = ({ base }) => base.startsWith('http://')

test('every provider says where to get a key, and how', () => {
  for (const provider of catalogue.providers.filter((one) => !closed(one))) {
    const { id, console_url, docs_url, steps, suggested_model, example_base: example } = provider
    if (!local(provider)) assert.match(console_url, /^https:\/\//, id)
    assert.match(docs_url, /^https:\/\//, id)
    assert.ok(steps.length >= (local(provider) ? 2 : 3), id)
    // Whose models depend on what somebody has installed or deployed has none that could be suggested.
    assert.equal(suggested_model === undefined, example === true, id)
  }
})

test('who does not simply answer a page says why', () => {
  for (const { id, browser = 'yes', browser_note: note } of catalogue.providers)
    assert.equal(note === undefined, browser === 'yes', id)
  assert.deepEqual(
    catalogue.providers.filter(closed).map(({ id }) => id),
    ['nvidia'],
  )
  assert.ok(!catalogue.providers.some(({ id }) => id.startsWith('github')), 'what is retired is left out')
})

test('the table of providers in the docs is what the catalogue makes of it', () => {
  execFileSync('node', [fileURLToPath(new URL('../../scripts/generate-providers.mjs', import.meta.url)), '--check'])
})
