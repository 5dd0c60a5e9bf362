// limits: the bounds of tests/bench/limits.json that are the same on every machine: sizes as served, and the heap.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judged } from '../bench/limits.mjs'
import { measureMemory } from '../bench/memory.mjs'
import { measureSizes } from '../bench/sizes.mjs'

const limited = (figures) => figures.map(judged).filter(({ limit }) => limit !== null)
const figures = [...limited(measureSizes()), ...limited(await measureMemory([10]))]

describe('limits', () => {
  test('every size and the heap have one', () => {
    assert.deepEqual(
      figures.map(({ name }) => name),
      [
        'engine.wasm + vault worker',
        'whole page',
        'module of host pages',
        'passphrase dictionary, loaded when needed',
        'price list, loaded when needed',
        'keeping.wasm, loaded when needed',
        'heap after unlock, 10 keys',
      ],
    )
  })

  for (const { name, value, unit, limit, ok } of figures) {
    test(name, () => assert.ok(ok, `${value} ${unit}; the limit is ${limit} ${unit}`))
  }
})
