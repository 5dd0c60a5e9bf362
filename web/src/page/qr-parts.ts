// qr-parts: how does a file cross from one screen to another's camera? As numbered parts, each one QR code's text; they may
// be seen in any order and any number of times.
//
// One code: "KHQ1", then in base45 (RFC 9285, what a QR code packs best): index u16, total u16, the first 8 bytes of the
// whole file's SHA-256, and bytes of the file. Integers big-endian, index from 0.

const MARK = 'KHQ1'
const HEADER_BYTES = 12
const SUM_BYTES = 8
/** 73 modules a side: a phone reads it off a screen at arm's length. */
export const PART_BYTES = 400
/** More than this is a minute and a half of holding still: the file is the better way. */
export const MAX_PARTS = 250

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:'

export class TooManyParts extends Error {}

/** The texts of the codes. @throws TooManyParts */
export async function split(file: Uint8Array, partBytes = PART_BYTES): Promise<string[]> {
  const total = Math.max(1, Math.ceil(file.length / partBytes))
  if (total > MAX_PARTS) throw new TooManyParts()
  const sum = await sumOf(file)
  return Array.from({ length: total }, (_, index) => {
    const body = file.subarray(index * partBytes, (index + 1) * partBytes)
    const part = new Uint8Array(HEADER_BYTES + body.length)
    const view = new DataView(part.buffer)
    view.setUint16(0, index)
    view.setUint16(2, total)
    part.set(sum, 4)
    part.set(body, HEADER_BYTES)
    return MARK + base45(part)
  })
}

/**
 * - `foreign`: some other code, or one that was not read well; ignored.
 * - `other`: of another file than the one begun; ignored, and worth saying.
 * - `wrong`: all parts are there, but they are not the file that was split; begin anew.
 */
export type Seen = 'new' | 'again' | 'foreign' | 'other' | 'complete' | 'wrong'

/** Puts the parts together again. */
export class Collector {
  #sum = ''
  #parts: (Uint8Array | undefined)[] = []
  #file: Uint8Array | null = null

  get total(): number {
    return this.#parts.length
  }
  get have(): number {
    return this.#parts.filter((part) => part !== undefined).length
  }
  /** The whole, once `see` has answered `complete`. */
  get file(): Uint8Array | null {
    return this.#file
  }

  async see(text: string): Promise<Seen> {
    const part = parsed(text)
    if (part === null) return 'foreign'
    if (this.#parts.length === 0) this.#begin(part)
    if (part.sum !== this.#sum || part.total !== this.total) return 'other'
    if (this.#file !== null || this.#parts[part.index] !== undefined) return 'again'
    this.#parts[part.index] = part.body
    if (this.have < this.total) return 'new'
    return this.#finish()
  }
  reset(): void {
    this.#sum = ''
    this.#parts = []
    this.#file = null
  }

  #begin({ sum, total }: Part): void {
    this.#sum = sum
    this.#parts = Array.from({ length: total })
  }
  async #finish(): Promise<Seen> {
    const sum = this.#sum
    const whole = joined(this.#parts as Uint8Array[])
    const right = hex(await sumOf(whole)) === sum
    if (!right) {
      this.reset()
      return 'wrong'
    }
    this.#file = whole
    return 'complete'
  }
}

interface Part {
  index: number
  total: number
  sum: string
  body: Uint8Array
}

/** @returns null for anything that is not one of ours, whole. */
function parsed(text: string): Part | null {
  if (!text.startsWith(MARK)) return null
  const bytes = fromBase45(text.slice(MARK.length))
  if (bytes === null || bytes.length < HEADER_BYTES) return null
  const view = new DataView(bytes.buffer)
  const index = view.getUint16(0)
  const total = view.getUint16(2)
  if (total === 0 || total > MAX_PARTS || index >= total) return null
  return { index, total, sum: hex(bytes.subarray(4, HEADER_BYTES)), body: bytes.subarray(HEADER_BYTES) }
}

async function sumOf(bytes: Uint8Array): Promise<Uint8Array> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return new Uint8Array(digest, 0, SUM_BYTES)
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Two bytes are three characters, least significant first; a last single byte is two. */
export function base45(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 2) {
    const [high = 0, low] = bytes.subarray(at, at + 2)
    const value = low === undefined ? high : high * 256 + low
    text += digit(value % 45) + digit(Math.floor(value / 45) % 45)
    if (low !== undefined) text += digit(Math.floor(value / 2025))
  }
  return text
}

function digit(value: number): string {
  return ALPHABET[value] ?? ''
}

/** @returns null for what base45() never makes. */
export function fromBase45(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 3 === 1) return null
  const bytes = new Uint8Array(Math.floor(text.length / 3) * 2 + (text.length % 3 === 2 ? 1 : 0))
  let filled = 0
  for (let at = 0; at < text.length; at += 3) {
    const values = [...text.slice(at, at + 3)].map((letter) => ALPHABET.indexOf(letter))
    if (values.includes(-1)) return null
    const [one = 0, two = 0, three] = values
    const value = one + two * 45 + (three ?? 0) * 2025
    if (value > (three === undefined ? 0xff : 0xffff)) return null
    if (three !== undefined) bytes[filled++] = value >> 8
    bytes[filled++] = value & 0xff
  }
  return bytes
}
