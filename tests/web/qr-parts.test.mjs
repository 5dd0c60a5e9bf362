// qr-parts: does a file come through the codes whole, in any order, and never another or half a file?
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { bundle } from './support/bundle.mjs'

const { parts, encodeQR, decodeQR } = await bundle(`
  export * as parts from './web/src/page/qr-parts'
  export { encodeQR } from './web/src/page/qr'
  export { decodeQR } from './web/src/page/qr'`)
const { Collector, split, base45, fromBase45, PART_BYTES, MAX_PARTS, TooManyParts } = parts

test('base45 is that of RFC 9285, and what it never makes is refused', () => {
  const bytes = (text) => new TextEncoder().encode(text)
  assert.equal(base45(bytes('AB')), 'BB8')
  assert.equal(base45(bytes('Hello!!')), '%69 VD92EX0')
  assert.equal(base45(bytes('base-45')), 'UJCLQE7W581')
  assert.deepEqual(fromBase45('QED8WEX0'), new Uint8Array(bytes('ietf!')))
  for (const wrong of ['A', 'GGW', ':::', '::', 'aa', 'AB8ü']) assert.equal(fromBase45(wrong), null, wrong)
  for (let length = 0; length < 40; length++) {
    const random = new Uint8Array(randomBytes(length))
    assert.deepEqual(fromBase45(base45(random)), random)
  }
})

test('every length comes back whole, seen backwards and twice over', async () => {
  for (const length of [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 5 * PART_BYTES + 7]) {
    const file = new Uint8Array(randomBytes(length))
    const texts = (await split(file)).toReversed()
    const collector = new Collector()
    const seen = []
    for (const text of texts) seen.push(await collector.see(text), await collector.see(text))
    const news = seen.filter((one) => one === 'new').length
    assert.equal(news, texts.length - 1)
    assert.equal(seen.filter((one) => one === 'complete').length, 1)
    assert.equal(seen.filter((one) => one === 'again').length, texts.length)
    assert.deepEqual(collector.file, file)
    assert.equal(collector.have, collector.total)
  }
})

test('codes of others, cut codes and codes with impossible numbers are passed over', async () => {
  const [first = '', second = ''] = await split(new Uint8Array(randomBytes(PART_BYTES * 2)))
  const header = (index, total) => {
    const bytes = new Uint8Array(12)
    new DataView(bytes.buffer).setUint16(0, index)
    new DataView(bytes.buffer).setUint16(2, total)
    return `KHQ1${base45(bytes)}`
  }
  const collector = new Collector()
  assert.equal(await collector.see(first), 'new')
  const foreign = [
    '',
    'https://example.com/',
    'KHQ2AAA',
    'KHQ1',
    'KHQ1ABC',
    'KHQ1a',
    header(0, 0),
    header(3, 3),
    header(0, MAX_PARTS + 1),
  ]
  for (const text of foreign) assert.equal(await collector.see(text), 'foreign', text)
  assert.equal(collector.have, 1)
  assert.equal(await collector.see(second), 'complete')
})

test('parts of another file do not get in, and a new beginning takes them', async () => {
  const [one = ''] = await split(new Uint8Array(randomBytes(PART_BYTES * 2)))
  const other = new Uint8Array(randomBytes(10))
  const [whole = ''] = await split(other)
  const collector = new Collector()
  await collector.see(one)
  assert.equal(await collector.see(whole), 'other')
  assert.equal(collector.have, 1)
  collector.reset()
  assert.equal(await collector.see(whole), 'complete')
  assert.deepEqual(collector.file, other)
})

test('a part that was changed makes the whole wrong: refused, and begun anew', async () => {
  const file = new Uint8Array(randomBytes(PART_BYTES * 2))
  const [first = '', second = ''] = await split(file)
  const bytes = fromBase45(second.slice(4))
  bytes[20] ^= 1
  const collector = new Collector()
  await collector.see(first)
  assert.equal(await collector.see(`KHQ1${base45(bytes)}`), 'wrong')
  assert.equal(collector.file, null)
  assert.equal(collector.total, 0)
  await collector.see(first)
  assert.equal(await collector.see(second), 'complete')
})

test('the checksum is the beginning of the SHA-256, and numbers are where the format says', async () => {
  const file = new Uint8Array(randomBytes(PART_BYTES + 1))
  const texts = await split(file)
  const [, last = ''] = texts
  const bytes = fromBase45(last.slice(4))
  assert.deepEqual([...bytes.subarray(0, 4)], [0, 1, 0, 2])
  assert.deepEqual(bytes.subarray(4, 12), new Uint8Array(createHash('sha256').update(file).digest().subarray(0, 8)))
  assert.deepEqual(bytes.subarray(12), file.subarray(PART_BYTES))
})

test('a file for more codes than anybody would wait for is refused', async () => {
  await split(new Uint8Array(PART_BYTES * MAX_PARTS))
  await assert.rejects(split(new Uint8Array(PART_BYTES * MAX_PARTS + 1)), TooManyParts)
})

test('drawn as a code of a size a phone reads, and read off its pixels again', async () => {
  const texts = await split(new Uint8Array(randomBytes(3 * PART_BYTES)))
  for (const text of texts) {
    const modules = encodeQR(text, 'raw', { ecc: 'low', border: 4 })
    assert.ok(modules.length <= 81, `${modules.length} modules`)
    assert.equal(decodeQR(pixels(modules, 4)), text)
  }
})

function pixels(modules, scale) {
  const side = modules.length * scale
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (modules[Math.floor(y / scale)][Math.floor(x / scale)])
        data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3)
    }
  }
  return { width: side, height: side, data }
}
