// spy: a script that somebody got into the host page, and that runs before anything else there: it notes all that passes by
// and all that it can reach, and pollutes what it can. Its source is the page's own file, as the page's policy wants it.

/** Runs in the host page. `spy.report()` is everything so far, as text. */
function spyOn() {
  const noted = []
  const seen = new WeakSet()
  /** Everything in it, bytes as the letters they stand for. */
  const textOf = (value, depth = 8) => {
    if (typeof value === 'function' || typeof value === 'symbol') return String(value)
    if (typeof value !== 'object' || value === null) return String(value)
    if (depth === 0) return ''
    if (value instanceof ArrayBuffer) return textOf(new Uint8Array(value))
    if (ArrayBuffer.isView(value)) {
      return Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), (byte) =>
        String.fromCharCode(byte),
      ).join('')
    }
    if (seen.has(value)) return ''
    seen.add(value)
    const parts = []
    if (value instanceof Map || value instanceof Set || value instanceof Headers) {
      for (const one of value) parts.push(textOf(one, depth - 1))
    }
    for (let owner = value, level = 0; owner !== null && level < 3; owner = Object.getPrototypeOf(owner), level += 1) {
      for (const name of Reflect.ownKeys(owner)) {
        try {
          parts.push(`${String(name)}: ${textOf(value[name], depth - 1)}`)
        } catch (error) {
          parts.push(`${String(name)}: ${error.name}`)
        }
      }
    }
    return parts.join('\n')
  }
  // Noting uses what is patched.
  let busy = false
  const note = (what, value) => {
    if (busy) return
    busy = true
    try {
      noted[noted.length] = `${what}: ${textOf(value)}`
    } finally {
      busy = false
    }
  }

  /** Notes arguments and result of each call, and goes on. */
  const patch = (owner, name) => {
    const real = owner[name]
    owner[name] = function (...args) {
      note(`${name} called with`, args)
      const result = Reflect.apply(real, this, args)
      if (result instanceof Promise)
        result.then((value) => note(`${name} gave`, value)).catch((error) => note(name, error))
      else note(`${name} gave`, result)
      return result
    }
  }
  const listened = EventTarget.prototype.addEventListener
  EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
    const noting = (event) => {
      note(`event ${type}`, { data: event.data, origin: event.origin, ports: event.ports, error: event.error })
      return typeof listener === 'function' ? Reflect.apply(listener, this, [event]) : listener.handleEvent(event)
    }
    return Reflect.apply(listened, this, [type, noting, ...rest])
  }
  for (const [owner, ...names] of [
    [MessagePort.prototype, 'postMessage', 'start', 'close'],
    [window, 'postMessage', 'fetch', 'open', 'structuredClone', 'queueMicrotask'],
    [JSON, 'parse', 'stringify'],
    [Response.prototype, 'json', 'text', 'arrayBuffer', 'clone'],
    [Request.prototype, 'json', 'text', 'arrayBuffer', 'clone', 'blob'],
    [Headers.prototype, 'get', 'set', 'append'],
    [ReadableStreamDefaultController.prototype, 'enqueue', 'error'],
    [TextDecoder.prototype, 'decode'],
    [TextEncoder.prototype, 'encode'],
    [Map.prototype, 'set', 'get'],
    [Array.prototype, 'push', 'shift'],
    [Object, 'assign', 'defineProperty', 'entries'],
    [Element.prototype, 'append', 'setAttribute'],
  ]) {
    for (const name of names) patch(owner, name)
  }
  for (const name of ['Response', 'Request', 'Error', 'TypeError', 'MessageChannel']) {
    window[name] = new Proxy(window[name], {
      construct(target, args, self) {
        const made = Reflect.construct(target, args, self)
        note(`new ${name}`, args)
        if (made instanceof Error) note('stack', made.stack)
        return made
      },
    })
  }
  // A message that lacks one of these has the spy's.
  for (const name of ['key', 'secret', 'origin', 'manage', 'role', 'app', 'proof', 'passphrase']) {
    // oxlint-disable-next-line no-extend-native -- the attack
    Object.defineProperty(Object.prototype, name, {
      configurable: true,
      get: () => undefined,
      set(value) {
        note(`set ${name}`, value)
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
      },
    })
  }
  for (const type of [
    'message',
    'messageerror',
    'error',
    'unhandledrejection',
    'storage',
    'securitypolicyviolation',
    'focus',
    'blur',
  ]) {
    window.addEventListener(type, () => {})
  }
  for (const name of ['keyhold-lock', 'keyhold-login', 'keyhold']) {
    new BroadcastChannel(name).addEventListener('message', () => {})
  }
  new PerformanceObserver((list) =>
    note(
      'timing',
      list.getEntries().map((one) => one.toJSON()),
    ),
  ).observe({
    entryTypes: PerformanceObserver.supportedEntryTypes.filter((type) => type !== 'longtask'),
  })

  const attempt = async (what, use) => {
    try {
      note(what, await use())
    } catch (error) {
      note(what, `${error.name} ${error.message}`)
    }
  }
  /** Of this page's own origin, or a frame's where the browser lets it. */
  const stored = async (scope) => {
    const rows = [{ ...scope.localStorage }, { ...scope.sessionStorage }, scope.document.cookie]
    for (const { name } of await scope.indexedDB.databases()) {
      const db = await new Promise((done) => {
        const opening = scope.indexedDB.open(name)
        opening.onsuccess = () => done(opening.result)
      })
      for (const store of db.objectStoreNames) {
        const all = db.transaction(store).objectStore(store).getAll()
        await new Promise((done) => (all.onsuccess = done))
        rows.push([name, store, all.result])
      }
      db.close()
    }
    return rows
  }
  const look = async () => {
    await attempt('globals', () => textOf(window, 5))
    await attempt('document', () => document.documentElement.outerHTML)
    await attempt('timing', () => performance.getEntries().map((one) => one.toJSON()))
    await attempt('storage', () => stored(window))
    await attempt('caches', () => caches.keys())
    await attempt('workers', () => navigator.serviceWorker?.getRegistrations())
    for (let index = 0; index < window.length; index += 1) {
      const frame = window[index]
      for (const name of [
        'document',
        'localStorage',
        'indexedDB',
        'caches',
        'location',
        'name',
        'navigator',
        'opener',
        'length',
      ]) {
        await attempt(`frame ${name}`, () => textOf(frame[name], 2))
      }
      await attempt('frame storage', () => stored(frame))
      await attempt('frame document', () => frame.document.documentElement.outerHTML)
    }
    for (const frame of document.querySelectorAll('iframe')) {
      await attempt('frame content', () => frame.contentDocument.documentElement.outerHTML)
    }
  }
  window.spy = { note, look, report: () => noted.join('\n') }
}

export const SPY_SCRIPT = `(${spyOn})()`
