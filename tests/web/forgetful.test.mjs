// forgetful: where is a vault kept only until the browser closes?
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

Object.assign(globalThis, { location: { pathname: '/' }, window: { opener: null } })
const { isKeptUntilClosed } = await bundle(`export { isKeptUntilClosed } from './web/src/page/forgetful'`)

const APPLE = 'Apple Computer, Inc.'
const within = (ancestors, { vendor = APPLE, origin = 'https://vault.example.com' } = {}) =>
  isKeptUntilClosed({ vendor, origin, ancestors })

test('in WebKit, in a page of another site', () => {
  assert.equal(within(['https://chat.example']), true)
  assert.equal(within(['https://chat.example'], { vendor: 'Google Inc.' }), false)
  assert.equal(within(['https://chat.example'], { vendor: '' }), false)
})

test('not in a page of the same site, whatever its port or its name within it', () => {
  assert.equal(within(['https://example.com']), false)
  assert.equal(within(['https://chat.example.com']), false)
  assert.equal(within(['https://vault.example.com:8443']), false)
  assert.equal(within([]), false)
})

test('another scheme is another site, and so is another number', () => {
  assert.equal(within(['http://chat.example.com']), true)
  assert.equal(within(['http://127.0.0.1:5000'], { origin: 'http://127.0.0.1:4000' }), false)
  assert.equal(within(['http://10.1.0.1'], { origin: 'http://127.1.0.1' }), true)
  assert.equal(within(['https://[::2]'], { origin: 'https://[::1]' }), true)
  assert.equal(within(['http://localhost:5000'], { origin: 'http://localhost:4000' }), false)
})

test('every page around it counts', () => {
  assert.equal(within(['https://vault.example.com', 'https://chat.example']), true)
})
