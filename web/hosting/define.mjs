// define: what the build puts into the sources: which build this is, the digests of the files that they load, and what people are
// told about providers.
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sha384 } from './integrity.mjs'

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url))
export const wasm = path('../build/wasm')

/** @returns {Record<string, string>} by the constant's name, its value as source text */
export function defined() {
  return {
    __KEYHOLD_BUILD__: JSON.stringify(buildId()),
    __KEYHOLD_PROVIDER_TEXTS__: JSON.stringify(providerTexts()),
    __KEYHOLD_WASM_INTEGRITY__: integrityOf(`${wasm}/engine.wasm`),
    __KEYHOLD_KEEPING_INTEGRITY__: integrityOf(`${wasm}/keeping.wasm`),
    __KEYHOLD_PRICES_INTEGRITY__: integrityOf(`${wasm}/prices.txt`),
  }
}

/** Same sources and same engine, same name: two builds from two folders agree. */
function buildId() {
  const hash = createHash('sha256')
  const sources = readdirSync(path('src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`)
  const made = ['engine.mjs', 'engine.wasm', 'keeping.wasm', 'prices.txt'].map((name) => `${wasm}/${name}`)
  for (const file of [...sources.sort(), ...made, path('../package-lock.json')]) {
    if (existsSync(file)) hash.update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

function integrityOf(file) {
  return existsSync(file) ? JSON.stringify(sha384(readFileSync(file))) : 'undefined'
}

/** See src/engine/provider-texts.ts. */
function providerTexts() {
  const { providers } = JSON.parse(readFileSync(path('../wasm/catalogue/providers.json'), 'utf8'))
  return Object.fromEntries(
    providers.map(({ id, steps = [], console_url, docs_url, key_prefixes = [], suggested_model, ...more }) => [
      id,
      {
        steps,
        // The engine only needs to know whether it may; what a person has to do first is told here.
        browser: more['browser'],
        browserNote: more['browser_note'],
        consoleUrl: console_url,
        docsUrl: docs_url,
        keyPrefixes: key_prefixes,
        suggestedModel: suggested_model,
      },
    ]),
  )
}
