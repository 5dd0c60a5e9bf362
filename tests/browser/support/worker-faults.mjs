// worker-faults: what can be done to a vault worker before its own code runs (the prelude of site.mjs): faults of its engine,
// wipes taken away, an end that waits.

/** A message makes the next thing the engine asks of its surroundings a trap, as a fault of its own would be. */
export const TRAP = `{
  let armed = false
  new BroadcastChannel('test-trap').addEventListener('message', () => (armed = true))
  const trapped = (imports) =>
    Object.fromEntries(
      Object.entries(imports).map(([module, all]) => [
        module,
        // The glue's; the other modules are the engine's own two files to one another.
        module !== 'a' ? all : Object.fromEntries(
          Object.entries(all).map(([name, one]) => [
            name,
            typeof one !== 'function'
              ? one
              : (...args) => {
                  if (armed) throw new WebAssembly.RuntimeError('unreachable')
                  return one(...args)
                },
          ]),
        ),
      ]),
    )
  const instantiate = WebAssembly.instantiate
  WebAssembly.instantiate = (source, imports) => instantiate(source, trapped(imports))
  const Instance = WebAssembly.Instance
  WebAssembly.Instance = function (module, imports) {
    return new Instance(module, trapped(imports))
  }
}`

/** Both of the worker's clocks, moved on or back by what 'test-clock' says, in milliseconds; says `moved` when they are. */
export const CLOCK = `{
  const moved = { wall: 0, mono: 0 }
  const { now } = Date
  const tick = performance.now.bind(performance)
  Date.now = () => now() + moved.wall
  performance.now = () => tick() + moved.mono
  const channel = new BroadcastChannel('test-clock')
  channel.addEventListener('message', ({ data }) => {
    if (typeof data !== 'object') return
    Object.assign(moved, data)
    channel.postMessage('moved')
  })
}`

/** Keeps the worker running after a lock, and its page from ending it: time for a debugger to look. */
export const HOLD = `globalThis.close = () => {}`
export const HOLD_IN_PAGE = () => {
  const { Worker } = window
  window.Worker = class extends Worker {
    terminate() {}
  }
}

/** The engine's memory is the only array of that size that is wiped. */
const WHOLE = 'this.byteLength >= 2 ** 20'
const OTHERS = 'this.byteLength < 2 ** 20'
const withoutFill = (which) => `{
  const { fill } = Uint8Array.prototype
  Uint8Array.prototype.fill = function (...args) {
    return ${which} ? this : fill.apply(this, args)
  }
}`

/** Wipes of the vault worker, each taken away alone. */
export const WITHOUT = {
  /** The script's zeros over the engine's whole memory. */
  zeros: withoutFill(WHOLE),
  /** The script's zeros over its own arrays: what a key came in, and what went into a header. */
  arrays: withoutFill(OTHERS),
  /** The engine's own: on lock, and of each buffer and call it lets go. */
  engine: `Object.defineProperty(Object.prototype, 'ask', {
    configurable: true,
    set(first) {
      let ask = first
      const apply = (_, owner, args) => (['lock', 'release'].includes(args[1]) ? null : Reflect.apply(ask, owner, args))
      const value = new Proxy(() => {}, { apply })
      // Embind first sets a placeholder, then the function.
      Object.defineProperty(this, 'ask', { get: () => value, set: (next) => (ask = next) })
    },
  })`,
}
