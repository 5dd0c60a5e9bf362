// sizes: what a browser downloads, packed as it is served (brotli, quality 11). In KB of 1000 bytes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
// Not fetched before somebody types a passphrase of their own, moves a vault by camera, looks at its security, or changes
// what is in the vault already.
const DICTIONARY = /^assets\/strength-.*\.js$/
const CODES = /^assets\/qr-.*\.js$/
const KEEPING = /^assets\/(keeping-.*\.js|part-keeping-.*\.html)$/
/** When somebody looks at what was used, or sets a cap. */
const USAGE = /^assets\/(usage-view-.*\.(js|css)|part-usage-.*\.html)$/
/** With the first call. */
const PRICES = /^assets\/prices-.*\.txt$/
/** With the first operation of wasm/split/keeping-ops.txt; after the first answer for what that used. */
const KEEPING_WASM = /^assets\/keeping-.*\.wasm$/
/** Where a login at a provider comes back to. */
const CALLBACK = /^(callback\.html|assets\/callback-.*\.js)$/
/** When somebody checks what the site serves. */
const VERIFY = /^(verify\.html|assets\/verify-.*\.js)$/
/** It keeps the site, once that is there. */
const SERVICE_WORKER = /^service-worker\.js$/
/** What a page of another origin has of Keyhold: its module, and the frame. The frame's window is the page under another name. */
const HOST_MODULE = /^keyhold\.js$/
const FRAME = /^(frame\.html|assets\/frame-.*\.js)$/
const WINDOW = /^unlock\.html$/
const ASKED_FOR = [DICTIONARY, CODES, KEEPING, USAGE, KEEPING_WASM, PRICES]
const OTHER_PAGES = [CALLBACK, VERIFY, HOST_MODULE, FRAME, WINDOW]
const LATER = [...ASKED_FOR, ...OTHER_PAGES, SERVICE_WORKER]
const PARTS = {
  'engine.wasm': /^assets\/engine-.*\.wasm$/,
  'vault worker': /^assets\/vault-worker-.*\.js$/,
  'kdf worker': /^assets\/kdf-worker-.*\.js$/,
  'service worker, after the first answer': /^service-worker\.js$/,
}

export function measureSizes() {
  const files = readdirSync(dist, { recursive: true })
    .filter((name) => /\.(html|js|css|wasm|txt)$/.test(name))
    .map((name) => ({ name, bytes: brotliCompressSync(readFileSync(join(dist, name)), QUALITY).length }))
  const kb = (wanted) => {
    const chosen = files.filter(wanted)
    if (chosen.length === 0) throw new Error(`dist/ has no such file: ${wanted}`)
    return chosen.reduce((sum, { bytes }) => sum + bytes, 0) / 1000
  }
  const parts = Object.entries(PARTS).map(([name, pattern]) => [name, kb(({ name }) => pattern.test(name))])
  const [[, wasm], [, worker]] = parts
  return [
    ...parts,
    ['engine.wasm + vault worker', wasm + worker],
    // Words of generated passphrases and all: everything but what is loaded when needed, and the icons.
    ['whole page', kb(({ name }) => !LATER.some((later) => later.test(name)))],
    ['module of host pages', kb(({ name }) => HOST_MODULE.test(name))],
    ['frame in host pages', kb(({ name }) => FRAME.test(name))],
    ['passphrase dictionary, loaded when needed', kb(({ name }) => DICTIONARY.test(name))],
    ['price list, loaded when needed', kb(({ name }) => PRICES.test(name))],
    ['keeping.wasm, loaded when needed', kb(({ name }) => KEEPING_WASM.test(name))],
    ['QR codes, loaded when needed', kb(({ name }) => CODES.test(name))],
    ['usage and caps, loaded when needed', kb(({ name }) => USAGE.test(name))],
    ['ways in, backup and record, loaded when needed', kb(({ name }) => KEEPING.test(name))],
  ].map(([name, value]) => ({ name, value, unit: 'KB' }))
}
