// streams: bytes pass unchanged, in few pieces, never late, and no further ahead than the reader has room for.
import assert from 'node:assert/strict'
import { after, afterEach, test } from 'node:test'
import * as fc from 'fast-check'
import { Browser, key, passphrase, tick } from './support/browser.mjs'
import { keyhold } from './support/load.mjs'
import { provider } from './support/provider.mjs'

const { batches, Credit, CALL_WINDOW_BYTES } = keyhold
const live = new AbortController().signal

/** A stream fed by hand, as a network feeds it: of bytes, or of chunks as in an engine whose bodies are no byte streams. */
function fed(type = 'bytes') {
  let controller
  const stream = new ReadableStream({ type, start: (given) => (controller = given) })
  return {
    stream,
    give: (...values) => controller.enqueue(new Uint8Array(values)),
    controller,
  }
}

test('bytes that are already there come as one piece; what is not there is not waited for', async () => {
  const { stream, give } = fed()
  give(1)
  give(2, 3)
  const reading = batches(stream, live)
  assert.deepEqual([...(await reading.next()).value], [1, 2, 3])
  const waiting = reading.next()
  give(4)
  assert.deepEqual([...(await waiting).value], [4])
})

test('pieces grow with what arrives, up to the limit that was given', async () => {
  const { stream, controller } = fed()
  controller.enqueue(new Uint8Array(300_000))
  const sizes = []
  for await (const piece of batches(stream, live, 64 * 1024)) {
    assert.equal(piece.byteLength, piece.buffer.byteLength, 'nothing else is in its buffer')
    sizes.push(piece.length)
    if (sizes.length === 4) break
  }
  assert.deepEqual(sizes, [16 * 1024, 32 * 1024, 64 * 1024, 64 * 1024])
})

test('what a short piece was read into is wiped: nobody else would', async () => {
  const buffers = []
  const reader = {
    read: async (room) => {
      buffers.push(room.buffer)
      return { value: room.fill(7).subarray(0, 3) }
    },
    cancel: async () => {},
  }
  const { value } = await batches({ getReader: () => reader }, live).next()
  assert.deepEqual([...value], [7, 7, 7])
  assert.deepEqual([...new Uint8Array(buffers[0], 0, 3)], [0, 0, 0])
})

for (const type of ['bytes', undefined]) {
  test(`any cutting of any bytes comes out as the same bytes, from a stream of ${type ?? 'chunks'}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40_000 }), { maxLength: 12 }),
        fc.nat(3),
        async (chunks, gap) => {
          const { stream, give, controller } = fed(type)
          const feeding = (async () => {
            for (const [i, chunk] of chunks.entries()) {
              give(...chunk)
              if (gap > 0 && i % gap === 0) await tick()
            }
            controller.close()
            controller.byobRequest?.respond(0)
          })()
          const seen = []
          for await (const batch of batches(stream, live)) seen.push(...batch)
          await feeding
          assert.deepEqual(
            seen,
            chunks.flatMap((chunk) => [...chunk]),
          )
        },
      ),
      { numRuns: 30 },
    )
  })
}

test('a body that breaks gives what came before, then the failure', async () => {
  const { stream, give, controller } = fed()
  const reading = batches(stream, live)
  give(1)
  assert.deepEqual([...(await reading.next()).value], [1])
  controller.error(new TypeError('cut'))
  await assert.rejects(reading.next(), TypeError)
})

test('leaving a body early cancels it', async () => {
  let cancelled = false
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    cancel: () => (cancelled = true),
  })
  for await (const _ of batches(stream, live)) break
  await tick()
  assert.equal(cancelled, true)
})

test('an abort ends a read that waits', async () => {
  const { stream } = fed()
  const stopped = new AbortController()
  const waiting = batches(stream, stopped.signal).next()
  stopped.abort()
  assert.equal((await waiting).done, true)
})

test('credit: room while there is some, a wait when it is spent, and never more than the window', async () => {
  const credit = new Credit()
  const { signal } = new AbortController()
  credit.spend(CALL_WINDOW_BYTES - 1)
  assert.equal(credit.exhausted, false)
  credit.spend(1)
  assert.equal(credit.exhausted, true)
  let open = false
  const waiting = credit.room(signal).then(() => (open = true))
  await tick()
  assert.equal(open, false)
  credit.grant(1)
  await waiting
  credit.grant(10 * CALL_WINDOW_BYTES)
  credit.spend(CALL_WINDOW_BYTES)
  assert.equal(credit.exhausted, true, 'a grant cannot widen the window')
})

// Through the whole shell, from a server to a reader.

let server
let browser
afterEach(() => {
  browser?.close()
  server?.close()
})
after(() => tick(10))

async function tabAt(answer, options = {}) {
  server = await provider(answer)
  browser = new Browser({ config: { base: server.base }, ...options })
  const tab = await browser.open()
  await tab.create(passphrase())
  await tab.add({ provider: 'fake', label: '', secret: key(), unchecked: true })
  return tab
}

test('a stream arrives as it is sent: the first piece is read while the second is not yet written', async () => {
  let more
  const tab = await tabAt((_request, response) => {
    response.write('one')
    more = () => response.end('two')
  })
  const reader = (await tab.fetch(`${server.base}x`)).body.getReader()
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'one')
  more()
  assert.equal(new TextDecoder().decode((await reader.read()).value), 'two')
  assert.equal((await reader.read()).done, true)
})

test('10,000 events arrive whole and in order, in far fewer messages', async () => {
  const event = (i) => `data: {"n":${i}}\n\n`
  const all = Array.from({ length: 10_000 }, (_, i) => event(i)).join('')
  const tab = await tabAt((_request, response) => {
    for (let i = 0; i < 10_000; i += 1) response.write(event(i))
    response.end()
  })
  const response = await tab.fetch(`${server.base}x`)
  let pieces = 0
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body) {
    pieces += 1
    text += decoder.decode(chunk, { stream: true })
  }
  assert.equal(text, all)
  assert.ok(pieces < 1_000, `${pieces} pieces`)
})

test('a reader that does not read stops the provider at the window; reading on lets the rest through', async () => {
  const piece = 16 * 1024
  const pieces = (8 * CALL_WINDOW_BYTES) / piece
  let given = 0
  const body = () => {
    const pull = (controller) => {
      if (given === pieces) return controller.close()
      given += 1
      controller.enqueue(new Uint8Array(piece))
    }
    return new ReadableStream({ pull }, { highWaterMark: 0 })
  }
  const tab = await tabAt(() => {}, { send: async () => new Response(body()) })
  const reader = (await tab.fetch(`${server.base}x`)).body.getReader()
  let passed = (await reader.read()).value.length
  await tick(100)
  const heldAt = given * piece
  assert.ok(heldAt >= CALL_WINDOW_BYTES && heldAt < 1.2 * CALL_WINDOW_BYTES, `held back at ${heldAt}`)
  for (let part = await reader.read(); !part.done; part = await reader.read()) passed += part.value.length
  assert.equal(passed, pieces * piece)
})

test('cancelling a body, or leaving a chat, ends the connection to the provider', async () => {
  const tab = await tabAt((_request, response) => response.write('start'))
  const closed = async () => {
    for (let i = 0; i < 100 && !server.requests.at(-1).closed; i += 1) await tick(5)
    return server.requests.at(-1).closed
  }
  const { body } = await tab.fetch(`${server.base}x`)
  const reader = body.getReader()
  await reader.read()
  await reader.cancel()
  assert.equal(await closed(), true)

  for await (const part of tab.chat({ key: 'k1', model: 'm', messages: [{ role: 'user', text: 'hi' }] })) {
    assert.deepEqual(part, { type: 'text', text: 'start' })
    break
  }
  assert.equal(server.requests.length, 2)
  assert.equal(await closed(), true)
})

test('a chat yields its text and ends with a summary', async () => {
  const tab = await tabAt((_request, response) => response.end('hello'))
  const parts = []
  for await (const part of tab.chat({ key: 'k1', model: 'm', messages: [{ role: 'user', text: 'hi' }] }))
    parts.push(part)
  assert.deepEqual(parts[0], { type: 'text', text: 'hello' })
  assert.equal(parts[1].type, 'end')
  assert.equal(parts[1].summary.source, 'user')
  assert.ok(parts[1].summary.totalMs >= parts[1].summary.firstByteMs)
  assert.equal(parts.length, 2)
})

test('a chat that is refused, reflected, cut or aborted throws, each with its own code', async () => {
  const answers = {
    refused: (response) => response.writeHead(401).end('no'),
    reflected: (response) => response.end('REFLECT'),
    cut: (response) => (response.write('some'), setTimeout(() => response.destroy(), 10)),
    silent: () => {},
  }
  const tab = await tabAt(({ url }, response) => answers[url.split('?')[1]](response))
  const ask = async (model, signal) => {
    for await (const _ of tab.chat({ key: 'k1', model, messages: [{ role: 'user', text: 'hi' }], signal }));
  }
  const code = (expected) => (error) => error.code === expected
  await assert.rejects(ask('refused'), (error) => error.code === 'ERR_BAD_KEY' && error.status === 401)
  await assert.rejects(ask('reflected'), code('ERR_KEY_REFLECTED'))
  await assert.rejects(ask('cut'), code('ERR_CONNECTION_CUT'))
  await assert.rejects(ask('silent', AbortSignal.timeout(20)), { name: 'TimeoutError' })
  const aborted = new AbortController()
  aborted.abort(new Error('before it began'))
  await assert.rejects(ask('silent', aborted.signal), { message: 'before it began' })
})
