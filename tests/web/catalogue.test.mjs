// Is the catalogue of providers what its schema says, and does it tell a person what they need?
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
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
  ]) {
    const changed = JSON.parse(JSON.stringify({ ...catalogue, providers: [wrong] }))
    assert.equal(validate(changed), false)
  }
})

test('every provider says where to get a key, and how', () => {
  for (const { id, console_url, docs_url, steps, suggested_model } of catalogue.providers) {
    assert.match(console_url, /^https:\/\//, id)
    assert.match(docs_url, /^https:\/\//, id)
    assert.ok(steps.length >= 3, id)
    assert.ok(suggested_model, id)
  }
})
