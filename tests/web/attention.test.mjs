// attention: buttons wait for 700 ms of focus and a movement, in whatever order; by a clock of the test's own.
import assert from 'node:assert/strict'
import { beforeEach, mock, test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const { whenLookedAt } = await bundle(`export { whenLookedAt } from './web/src/page/attention'`)

let listeners
let focus
let seen
const happens = (type, event = {}) => {
  for (const listener of listeners.get(type) ?? []) listener({ type, isTrusted: true, ...event })
}
const moves = (event = {}) => happens('pointermove', { movementX: 3, movementY: 0, ...event })
const listen = (type, listener) => listeners.set(type, (listeners.get(type) ?? new Set()).add(listener))
const forget = (type, listener) => listeners.get(type)?.delete(listener)

beforeEach(() => {
  mock.timers.reset()
  mock.timers.enable({ apis: ['setTimeout'] })
  listeners = new Map()
  focus = true
  seen = 0
  const both = { addEventListener: listen, removeEventListener: forget }
  Object.assign(globalThis, both, { document: { ...both, hasFocus: () => focus, visibilityState: 'visible' } })
})

test('neither 700 ms nor a movement is enough alone', () => {
  whenLookedAt(() => (seen += 1))
  mock.timers.tick(10_000)
  assert.equal(seen, 0)
  moves()
  assert.equal(seen, 1)
  moves()
  assert.equal(seen, 1, 'once')
  assert.ok([...listeners.values()].every((set) => set.size === 0))
})

test('a movement at once waits for the 700 ms: not after 699', () => {
  whenLookedAt(() => (seen += 1))
  moves()
  happens('keydown')
  mock.timers.tick(699)
  assert.equal(seen, 0)
  mock.timers.tick(1)
  assert.equal(seen, 1)
})

test('the 700 ms begin anew with the focus', () => {
  whenLookedAt(() => (seen += 1))
  moves()
  mock.timers.tick(600)
  focus = false
  happens('blur')
  mock.timers.tick(5_000)
  focus = true
  happens('focus')
  mock.timers.tick(699)
  assert.equal(seen, 0)
  mock.timers.tick(1)
  assert.equal(seen, 1)
})

test('a pointer that rests, and events of a script, are no movement; a touch and a key are', () => {
  for (const real of ['pointerdown', 'keydown']) {
    seen = 0
    whenLookedAt(() => (seen += 1))
    mock.timers.tick(700)
    moves({ movementX: 0 })
    moves({ isTrusted: false })
    happens('keydown', { isTrusted: false })
    assert.equal(seen, 0)
    happens(real)
    assert.equal(seen, 1)
  }
})

test('given up, it says nothing', () => {
  whenLookedAt(() => (seen += 1))()
  moves()
  mock.timers.tick(700)
  assert.equal(seen, 0)
})
