// batches: a body's bytes in as few pieces as have already arrived, and never later than they arrived.

/** A short answer needs no more; what fills it is followed by a larger one. */
const FIRST_BYTES = 16 * 1024
/** Where a piece only changes hands, large ones cost least. */
export const MOST_BYTES = 512 * 1024

/**
 * Every piece has a buffer of its own, with nothing else in it.
 * When the signal aborts, the body is cancelled and the iteration ends.
 * @param most bytes in one piece; an engine whose bodies are no byte streams gives its own pieces
 */
export async function* batches(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  most = MOST_BYTES,
): AsyncGenerator<Uint8Array, void> {
  const reader = readerOf(body)
  const cancel = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel)
  let room = new ArrayBuffer(FIRST_BYTES)
  try {
    for (;;) {
      const next = await reader.read(new Uint8Array(room))
      if (next.done) return
      const { value } = next
      room = value.buffer
      if (value.length < room.byteLength) {
        const piece = value.slice()
        // What comes by a login is a key: whoever takes the piece wipes it there, nobody would here.
        value.fill(0)
        yield piece
      } else {
        room = new ArrayBuffer(Math.min(2 * room.byteLength, most))
        yield value
      }
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    cancel()
  }
}

type Read = { done: true } | { done?: false; value: Uint8Array<ArrayBuffer> }

interface Reader {
  /** May take `room`, and answer in it. */
  read(room: Uint8Array<ArrayBuffer>): Promise<Read>
  cancel(): Promise<void>
}

function readerOf(body: ReadableStream): Reader {
  try {
    return body.getReader({ mode: 'byob' }) as unknown as Reader
  } catch {
    return body.getReader()
  }
}
