// batches: a body's bytes in as few pieces as have already arrived, and never later than they arrived.

/** Large enough to make messages rare, small enough to keep a slow reader moving. */
const MAX_BATCH_BYTES = 64 * 1024

const NOT_YET = Symbol('not yet')

/**
 * Waits for the first chunk only; further ones join it when they can be read without waiting.
 * When the signal aborts, the body is cancelled and the iteration ends.
 * @param secret  chunks that were joined are overwritten
 */
export async function* batches(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  secret = false,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader()
  const cancel = () => void reader.cancel().catch(() => {})
  signal.addEventListener('abort', cancel)
  let next = reader.read()
  try {
    for (;;) {
      const first = await next
      if (first.done) return
      const chunks = [first.value]
      let size = first.value.length
      next = reader.read()
      while (size < MAX_BATCH_BYTES) {
        // A read that is already answered wins this race; one that is not costs a microtask and no time.
        const more = await Promise.race([next, NOT_YET]).catch(() => NOT_YET)
        if (typeof more === 'symbol' || more.done) break
        chunks.push(more.value)
        size += more.value.length
        next = reader.read()
      }
      const batch = chunks.length === 1 ? first.value : joined(chunks, size)
      if (secret && chunks.length > 1) for (const chunk of chunks) chunk.fill(0)
      yield batch
    }
  } finally {
    signal.removeEventListener('abort', cancel)
    next.catch(() => {})
    cancel()
  }
}

function joined(chunks: Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
