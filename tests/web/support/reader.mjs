// reader: the core's readers as a program (tests/reader), asked from JavaScript: one case after the other.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../../build/native/tests/reader/keyhold_reader', import.meta.url))

export class Reader {
  #child
  #lines

  constructor() {
    if (!existsSync(program)) throw new Error(`${program} is missing: run scripts/build native`)
    this.#child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /**
   * @param {object} head what to do, as reader.cpp says
   * @param {Uint8Array} [bytes]
   * @param {number[]} [pieces] sizes to feed it in; whole if left out
   */
  async ask(head, bytes = new Uint8Array(), pieces = [bytes.length]) {
    this.#child.stdin.write(`${JSON.stringify({ ...head, pieces })}\n`)
    this.#child.stdin.write(bytes)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the reader ended: its output above says why')
    return JSON.parse(value)
  }

  end() {
    this.#child.stdin.end()
  }
}

/** Sizes of the pieces of `length` bytes: one by one, then `random` ways, some in small pieces, some in large ones. */
export function cuts(length, random, next) {
  const ways = [Array(length).fill(1)]
  for (let n = 0; n < random; n++) {
    const most = 1 + next(n % 2 === 0 ? 8 : 400)
    const sizes = []
    for (let left = length; left > 0; left -= sizes.at(-1)) sizes.push(Math.min(left, next(most + 1)))
    ways.push(sizes)
  }
  return ways
}

/** A repeatable generator (mulberry32): next(n) is a whole number below n. */
export function seeded(seed) {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
