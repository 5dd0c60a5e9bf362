// fetch-cases: what a page does with a fetch, each as a function of the fetch and of the provider's base address. What they give is
// compared: the browser's own fetch beside the vault's. Runs in the page, and says its names in Node.
const JSON_TYPE = { 'content-type': 'application/json' }
const post = (body, more = {}) => ({ method: 'POST', body, headers: JSON_TYPE, ...more })
const ask = (model, more) => post(JSON.stringify({ model, messages: [] }), more)
const chat = (base) => `${base}chat/completions`
const caught = async (work) => {
  try {
    return { gave: await work() }
  } catch (error) {
    return { threw: error instanceof Error || error instanceof DOMException ? error.name : error }
  }
}
const bytes = (text) => new TextEncoder().encode(text)
const ECHO = '{"model":"echo","messages":[]}'
const echoed = async (send, base, init) => (await send(chat(base), init)).json()
const form = () => {
  const made = new FormData()
  made.append('model', 'echo')
  made.append('file', new File([new Uint8Array([0, 1, 13, 10, 254, 255])], 'a "b" ü.wav', { type: 'audio/wav' }))
  return made
}

globalThis.fetchCases = {
  // Requests.
  'GET, by a string': async (send, base) => (await send(`${base}models`)).json(),
  'GET, by a URL': async (send, base) => (await send(new URL(`${base}models`))).json(),
  'GET, by a Request': async (send, base) => (await send(new Request(`${base}models`))).json(),
  'POST, by a Request': (send, base) => send(new Request(chat(base), post(ECHO))).then((one) => one.json()),
  'a Request, its body overridden': (send, base) =>
    send(new Request(chat(base), post('{"model":"other"}')), { body: ECHO }).then((one) => one.json()),
  'a Request whose body is used up': async (send, base) => {
    const request = new Request(chat(base), post(ECHO))
    await request.text()
    return caught(() => send(request))
  },
  DELETE: (send, base) => send(`${base}files/one`, { method: 'DELETE' }).then((one) => one.json()),
  'headers as a list, and as Headers': async (send, base) => [
    await echoed(send, base, post(ECHO, { headers: [['Content-Type', 'application/json']] })),
    await echoed(send, base, post(ECHO, { headers: new Headers(JSON_TYPE) })),
  ],
  'body: a string': (send, base) => echoed(send, base, post(ECHO)),
  'body: a Blob with a type': (send, base) =>
    echoed(send, base, { method: 'POST', body: new Blob([ECHO], { type: 'application/json' }) }),
  'body: an ArrayBuffer': (send, base) => echoed(send, base, post(bytes(ECHO).buffer)),
  'body: a view into a larger buffer': (send, base) =>
    echoed(send, base, post(bytes(`xx${ECHO}xx`).subarray(2, 2 + ECHO.length))),
  'body: a form with a file': (send, base) =>
    send(`${base}audio/transcriptions`, { method: 'POST', body: form() }).then((one) => one.json()),
  'GET with a body, a method that is none, a header that is none': async (send, base) => [
    await caught(() => send(`${base}models`, { body: 'x' })),
    await caught(() => send(`${base}models`, { method: 'TRACE' })),
    await caught(() => send(`${base}models`, { headers: { 'a b': 'c' } })),
  ],
  // Aborts.
  'abort before': (send, base) => {
    const controller = new AbortController()
    controller.abort('my reason')
    return caught(() => send(`${base}models`, { signal: controller.signal }))
  },
  'abort while waiting': (send, base) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort('my reason'), 300)
    return caught(() => send(chat(base), ask('silent', { signal: controller.signal })))
  },
  'abort in the body': async (send, base) => {
    const controller = new AbortController()
    const { body, status } = await send(chat(base), ask('begun', { signal: controller.signal }))
    const reader = body.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    controller.abort('my reason')
    return [status, first, await caught(() => reader.read())]
  },
  'a time limit': (send, base) => caught(() => send(chat(base), ask('silent', { signal: AbortSignal.timeout(300) }))),
  'leaving a body': async (send, base) => {
    const { body } = await send(chat(base), ask('begun'))
    const reader = body.getReader()
    await reader.read()
    return [await caught(() => reader.cancel('enough')), (await reader.read()).done]
  },
  // Responses.
  'what a Response says of itself': async (send, base) => {
    const response = await send(`${base}models`)
    const { url, redirected, ok, status, type, bodyUsed } = response
    return { url, redirected, ok, status, type, bodyUsed, is: response instanceof Response }
  },
  statuses: async (send, base) => {
    const seen = []
    for (const status of [200, 201, 400, 401, 404, 429, 500, 503]) {
      const response = await send(`${base}models/status-${status}`)
      seen.push([response.status, response.ok, await response.text()])
    }
    return seen
  },
  'statuses without a body': async (send, base) => {
    const seen = []
    for (const status of [204, 205]) {
      const response = await send(`${base}models/status-${status}`)
      seen.push([response.status, response.body === null, await response.text()])
    }
    return seen
  },
  'headers, which nobody changes': async (send, base) => {
    const { headers } = await send(`${base}models/status-200`)
    const attempts = [() => headers.set('a', 'b'), () => headers.append('a', 'b'), () => headers.delete('content-type')]
    return [headers.get('content-type'), ...(await Promise.all(attempts.map((one) => caught(async () => one()))))]
  },
  'text, json, bytes, blob': async (send, base) => {
    const again = () => send(`${base}models`)
    const blob = await (await again()).blob()
    const { byteLength } = await (await again()).arrayBuffer()
    return [await (await again()).text(), await (await again()).json(), byteLength, blob.size, blob.type]
  },
  'a body that is used up': async (send, base) => {
    const response = await send(`${base}models`)
    await response.text()
    return [response.bodyUsed, await caught(() => response.text()), await caught(async () => response.clone() && null)]
  },
  'a clone': async (send, base) => {
    const response = await send(`${base}models`)
    const clone = response.clone()
    return [clone.url, clone.type, await clone.text(), response.bodyUsed, await response.text()]
  },
  'tee: one half left, one read': async (send, base) => {
    const [left, right] = (await send(chat(base), ask('drip'))).body.tee()
    left.cancel().catch(() => {})
    return new Response(right).text()
  },
  'piece by piece': async (send, base) => {
    const reader = (await send(chat(base), ask('drip'))).body.getReader()
    let text = ''
    for (let next = await reader.read(); !next.done; next = await reader.read())
      text += new TextDecoder().decode(next.value)
    return text
  },
  'a body that breaks off': async (send, base) => caught(async () => (await send(chat(base), ask('cut'))).text()),
  'no answer': async (send, base) => caught(() => send(chat(base), ask('hang-up'))),
}

/** A body given as a stream is what the vault sends for every engine; of the browser's own, not one sends it to every server. */
globalThis.streamedBody = (send, base) => {
  const body = new ReadableStream({
    start(controller) {
      for (const part of [ECHO.slice(0, 5), ECHO.slice(5)]) controller.enqueue(bytes(part))
      controller.close()
    },
  })
  return echoed(send, base, post(body, { duplex: 'half' }))
}

/** Reads one piece of a body almost without an end, and then nothing. */
globalThis.readOne = async (send, base) => {
  globalThis.reader = (await send(chat(base), ask('flood'))).body.getReader()
  await globalThis.reader.read()
}
