// fake-engine: stands where engine.wasm stands, seals nothing and is told how to misbehave. For tests of the shell alone.

const encode = (value) => new TextEncoder().encode(JSON.stringify(value))
const decode = (bytes) => JSON.parse(new TextDecoder().decode(bytes))

class FakeBuffer {
  constructor(size) {
    this.bytes = new Uint8Array(size)
    fakes.buffers.add(this)
  }
  view() {
    return this.bytes
  }
  delete() {
    this.bytes.fill(0)
    fakes.buffers.delete(this)
  }
}

/** What is alive in the "heap", for tests that look for leftovers. */
export const fakes = { buffers: new Set(), calls: new Set() }

/** A real trap: what the engine throws when an instruction fails. */
export function trap() {
  const unreachable = new Uint8Array([
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11,
  ])
  new WebAssembly.Instance(new WebAssembly.Module(unreachable)).exports.t()
}

class FakeCall {
  #text = []
  #models = []
  status = 0
  taken = []
  constructor(request, wire) {
    this.outgoing = request
    this.wire = wire
    fakes.calls.add(this)
  }
  request() {
    return this.outgoing
  }
  wantsToken() {
    return false
  }
  movesOn() {
    return false
  }
  response(status, headers) {
    this.status = status
    return { value: [...headers.filter(([name]) => name !== 'x-hidden'), ['keyhold-source', 'user']] }
  }
  feed(bytes) {
    const text = new TextDecoder().decode(bytes)
    if (text.includes('REFLECT')) return { error: 'ERR_KEY_REFLECTED' }
    if (text.includes('TRAP')) trap()
    if (this.wire === 'chat') this.#text.push({ type: 'text', text })
    if (this.wire === 'login') {
      this.taken.push(text)
      return { value: new Uint8Array() }
    }
    if (text.includes('COPY')) return { value: bytes.slice() }
    return { value: true }
  }
  end() {
    return { value: new Uint8Array() }
  }
  takeEvents() {
    return this.#text.splice(0)
  }
  summary() {
    return { key: 'k1', provider: 'fake', model: 'm', source: 'user', stop: 'stop', usage: null }
  }
  problem() {
    return this.status >= 400
      ? { code: this.status === 401 ? 'ERR_BAD_KEY' : 'ERR_PROVIDER_DOWN', status: this.status }
      : null
  }
  models() {
    return { value: this.#models }
  }
  probeUrl() {
    return `${new URL(this.outgoing.url).origin}/probe`
  }
  networkFailed({ online, probeReached, blockedByPolicy }) {
    if (blockedByPolicy) return 'ERR_NOT_PERMITTED_BY_SITE'
    if (!online) return 'ERR_OFFLINE'
    if (this.status > 0) return 'ERR_CONNECTION_CUT'
    return probeReached ? 'ERR_NO_CORS' : 'ERR_BLOCKED'
  }
  delete() {
    fakes.calls.delete(this)
  }
}

/** @param {Record<string, Function>} overrides  methods of the engine that behave otherwise, called with `this` = the engine. */
export function fakeModule(overrides = {}) {
  class FakeEngine {
    base = 'http://127.0.0.1:1/'
    #rows = new Map()
    #ledger = new Map()
    #dirty = new Set()
    #state = 'absent'
    #plan = null

    configure(config) {
      const { base } = decode(config)
      if (base) this.base = base
      return { value: { demo: null, customEndpoints: true, server: '' } }
    }
    load(envelopes, ledger) {
      this.#rows = new Map(envelopes.map(({ key, bytes }) => [key, bytes]))
      this.#ledger = new Map(ledger.map(({ key, bytes }) => [key, bytes]))
      if (this.#state !== 'unlocked') this.#state = this.#rows.has('manifest') ? 'locked' : 'absent'
      return { value: this.#state }
    }
    state() {
      return this.#state
    }
    newKdf() {
      return { salt: new Uint8Array(16), passes: 3, memKib: 65536 }
    }
    passphraseKdf() {
      return this.#state === 'absent' ? { error: 'ERR_WRONG_STATE' } : { value: this.newKdf() }
    }
    unlock(slotKey) {
      if (this.#state !== 'locked') return { error: 'ERR_WRONG_STATE' }
      const right = decode(this.#rows.get('slot/1')).every((byte, i) => byte === slotKey.view()[i])
      if (!right) return { error: 'ERR_CANNOT_UNLOCK' }
      this.#state = 'unlocked'
      return { value: null }
    }
    findings() {
      return []
    }
    slots() {
      return [{ id: '1', kind: 'passphrase', name: '', createdAt: 0, damaged: false }]
    }
    settings() {
      return { lockAfterMinutes: 15, backup: { at: null, current: false }, autoSaveOf: null }
    }
    startClock() {}
    touch() {}
    lockDueInMs() {
      return 900_000
    }
    unlockWaitMs(failures) {
      return failures < 5 ? 0 : 60_000
    }
    strongerKdf() {
      return null
    }
    waitingNotes() {
      return 0
    }
    noteReflected() {}
    planNotes() {
      return { value: { base: null, puts: [], deletes: [], id: '' } }
    }
    knowCopy() {
      return { value: null }
    }
    canBeOpened() {
      return true
    }
    planRecover() {
      return { error: 'ERR_WRONG_STATE' }
    }
    copy() {
      return encode([...this.#rows.keys()])
    }
    lock() {
      if (this.#state === 'unlocked') this.#state = 'locked'
    }
    planCreate(_kdf, slotKey) {
      if (this.#state !== 'absent') return { error: 'ERR_WRONG_STATE' }
      return this.#planned('vault', [['slot/1', encode([...slotKey.view()])]], [], 'unlocked')
    }
    planAdd(provider, label, secret) {
      if (this.#state !== 'unlocked') return { error: 'ERR_LOCKED' }
      const id = `k${this.keys().length + 1}`
      return this.#planned(id, [[`record/${id}`, encode({ id, provider, label, length: secret.view().length })]])
    }
    planLabel(id, label) {
      const row = this.#rows.get(`record/${id}`)
      if (!row) return { error: 'ERR_NOT_FOUND' }
      return this.#planned(id, [[`record/${id}`, encode({ ...decode(row), label })]])
    }
    planDelete(id) {
      if (!this.#rows.has(`record/${id}`)) return { error: 'ERR_NOT_FOUND' }
      return this.#planned(id, [], [`record/${id}`])
    }
    commit() {
      if (!this.#plan) return { error: 'ERR_WRONG_STATE' }
      for (const { key, bytes } of this.#plan.puts) this.#rows.set(key, bytes)
      for (const key of this.#plan.deletes) this.#rows.delete(key)
      if (this.#plan.state) this.#state = this.#plan.state
      this.#plan = null
      return { value: null }
    }
    abandon() {
      this.#plan = null
    }
    keys() {
      return [...this.#rows].filter(([key]) => key.startsWith('record/')).map(([, bytes]) => decode(bytes))
    }
    key(id) {
      return this.keys().find((key) => key.id === id) ?? null
    }
    providers() {
      return [{ id: 'fake', name: 'Fake' }]
    }
    takeLedger() {
      const rows = [...this.#dirty].map((key) => ({ key, bytes: this.#ledger.get(key) }))
      this.#dirty.clear()
      return rows
    }
    noteChecked(key, code) {
      this.#ledger.set(key, encode({ code }))
      this.#dirty.add(key)
    }
    lookAt(_provider, text) {
      return { kind: text.view().length === 0 ? 'nothing' : 'key', better: null, admin: false }
    }
    checkWaitMs() {
      return 0
    }
    checkNew(_provider, secret) {
      return this.#call('GET', 'models', new TextDecoder().decode(secret.view()), null, 'check')
    }
    checkStored(key) {
      return this.#rows.has(`record/${key}`)
        ? this.#call('GET', 'models', 'stored', null, 'check')
        : { error: 'ERR_NOT_FOUND' }
    }
    beginLogin(provider, callback) {
      return provider === 'fake'
        ? { value: { url: `${this.base}authorize?to=${callback}`, state: 'begun' } }
        : { error: 'ERR_BAD_INPUT' }
    }
    exchangeLogin(state, code) {
      if (state !== 'begun') return { error: 'ERR_LOGIN_STATE' }
      const body = new TextEncoder().encode(`code=${code}`)
      const request = { url: `${this.base}token`, method: 'POST', headers: [], secret: null, body }
      return { value: new FakeCall({ ...request, provider: 'fake', key: null }, 'login') }
    }
    planLogin(call, key, label) {
      if (call.status >= 400) return { error: 'ERR_LOGIN_REFUSED' }
      const secret = call.taken.join('')
      fakes.lastGrant = secret
      return secret === '' ? { error: 'ERR_BAD_ANSWER' } : this.planAdd('fake', label, { view: () => secret })
    }
    chat(key, model) {
      return this.#call('POST', `chat?${model}`, 'stored', encode({ model }), 'chat')
    }
    fetch(url, method, headers, body) {
      if (!url.startsWith(this.base)) return { error: 'ERR_UNKNOWN_ENDPOINT' }
      return this.#call(method, url.slice(this.base.length), 'stored', null, 'fetch', headers, body !== null)
    }
    usePrices() {
      return { value: null }
    }
    pricesMade() {
      return '2026-01-01'
    }
    price() {
      return null
    }
    settle() {
      return null
    }
    holders() {
      return []
    }
    usageWaits() {
      return false
    }
    lastUsage() {
      return []
    }
    usage() {
      return { value: { days: [], unreadable: 0 } }
    }
    spending() {
      return []
    }
    delete() {}

    #call(method, path, secret, body, wire, headers = [], passesBody = false) {
      const value = new TextEncoder().encode(`Bearer ${secret}`)
      fakes.lastSecretValue = value
      const request = {
        url: this.base + path,
        method,
        headers,
        secret: { name: 'authorization', value },
        body,
        passesBody,
      }
      return { value: new FakeCall({ ...request, provider: 'fake', key: 'k1' }, wire) }
    }
    #planned(id, puts, deletes = [], state = null) {
      const base = this.#rows.get('manifest') ?? null
      const generation = base === null ? 1 : decode(base).generation + 1
      const rows = [...puts, ['manifest', encode({ generation })]].map(([key, bytes]) => ({ key, bytes }))
      this.#plan = { base, puts: rows, deletes, id, state }
      return { value: this.#plan }
    }
  }
  Object.assign(FakeEngine.prototype, overrides)

  return {
    HEAPU8: new Uint8Array(64).fill(7),
    Buffer: FakeBuffer,
    Engine: FakeEngine,
    addKeeping: async () => {},
    selfTest: () => ({ value: null }),
    deriveSlotKey(passphrase, { salt }) {
      const key = new Uint8Array(32)
      passphrase.view().forEach((byte, i) => (key[i % 32] ^= byte))
      salt.forEach((byte, i) => (key[i] ^= byte))
      return { value: key }
    },
  }
}
