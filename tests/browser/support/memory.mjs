// memory: what is in the vault worker's memory at one moment: a prelude for site.mjs that photographs it, and a server that
// takes the photographs. The secrets looked for never enter the browser for it: the bytes come out and are searched here.
import { createServer } from 'node:http'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { formsIn } from './canary.mjs'

/**
 * Keeps hold of every WebAssembly.Memory of the worker, and of every array of bytes its script makes or is sent. A
 * photograph is a copy of all of them at once, sent while the worker waits, so that an end right after takes nothing
 * along. One is taken when the worker first says `locked` (after its wipe, before its end) and when it first refuses a
 * request because of that; others on request.
 */
const PRELUDE = (url) => `{
  const Bytes = Uint8Array
  const memories = new Set()
  const arrays = new Set()
  const taken = new Set()
  const keep = (thing, depth = 0) => {
    if (typeof thing !== 'object' || thing === null || depth > 3) return
    if (thing instanceof WebAssembly.Memory) memories.add(thing)
    else if (thing instanceof Bytes) arrays.add(thing)
    else if (!ArrayBuffer.isView(thing)) for (const one of Object.values(thing)) keep(one, depth + 1)
  }
  const instantiate = WebAssembly.instantiate
  WebAssembly.instantiate = async (source, imports) => {
    keep(imports)
    const made = await instantiate(source, imports)
    keep((made.instance ?? made).exports)
    return made
  }
  const Watched = new Proxy(Bytes, {
    construct(target, args, made) {
      const array = Reflect.construct(target, args, made)
      arrays.add(array)
      return array
    },
  })
  Object.defineProperty(Bytes.prototype, 'constructor', { value: Watched })
  globalThis.Uint8Array = Watched
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')
  Object.defineProperty(MessageEvent.prototype, 'data', {
    get() {
      const data = get.call(this)
      keep(data)
      return data
    },
  })

  const send = (name, parts) => {
    const request = new XMLHttpRequest()
    request.open('POST', ${JSON.stringify(url)} + name, false)
    request.send(new Blob(parts))
  }
  const photograph = (name) => {
    const heaps = [...memories].map(({ buffer }) => buffer)
    const gap = new Bytes(8)
    // One that was handed on, to another thread or to a read under way, has nothing in it here.
    const here = [...arrays].filter(({ byteLength, buffer }) => byteLength > 0 && !heaps.includes(buffer))
    send(name + '/heap', heaps.map((heap) => new Bytes(new Bytes(heap))))
    send(name + '/arrays', here.flatMap((one) => [new Bytes(one), gap]))
  }
  const once = (name) => {
    if (!taken.has(name)) photograph(name)
    taken.add(name)
  }
  for (const owner of [MessagePort.prototype, globalThis.DedicatedWorkerGlobalScope?.prototype ?? {}, globalThis]) {
    if (!Object.hasOwn(owner, 'postMessage')) continue
    const { postMessage } = owner
    owner.postMessage = function (message, ...rest) {
      if (message?.event === 'locked') once('locked')
      if (message?.error?.code === 'ERR_LOCKED') once('refused')
      return postMessage.call(this, message, ...rest)
    }
  }
  const channel = new BroadcastChannel('test-memory')
  channel.addEventListener('message', (event) => {
    let failure = null
    try {
      photograph(get.call(event))
    } catch (error) {
      failure = String(error)
    }
    channel.postMessage(failure)
  })
}`

/** @returns a server's `photos`: name of a photograph -> { heap, arrays }, and the prelude that sends them there. */
export async function startDarkroom() {
  const photos = new Map()
  const server = createServer(async (request, response) => {
    // A worker that goes with its page may be cut off in the middle of one that nobody waits for.
    const chunks = await request.toArray().catch(() => null)
    if (chunks === null) return
    const bytes = Buffer.concat(chunks)
    const [name, part] = request.url.slice(1).split('/')
    photos.set(name, { ...photos.get(name), [part]: bytes })
    response.writeHead(204, { 'Access-Control-Allow-Origin': '*' }).end()
  })
  await listen(server, 0)
  const url = `http://127.0.0.1:${server.address().port}/`
  return { photos, prelude: PRELUDE(url), stop: () => stop(server) }
}

/** By way of any page of the worker's origin. @returns the photograph */
export async function photograph(page, { photos }, name) {
  await page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const channel = new BroadcastChannel('test-memory')
        channel.addEventListener('message', ({ data: failure }) => {
          channel.close()
          if (failure === null) resolve()
          else reject(new Error(failure))
        })
        channel.postMessage(name)
      }),
    name,
  )
  return photos.get(name)
}

/**
 * Where in a photograph which secret is. A secret that is text is looked for in every form it might have taken.
 * @param {Record<string, string | Uint8Array>} secrets by name
 */
export function secretsIn(photo, secrets) {
  return Object.entries(photo).flatMap(([place, bytes]) =>
    Object.entries(secrets).flatMap(([name, secret]) => {
      const forms = typeof secret === 'string' ? formsIn(bytes, secret) : bytes.includes(secret) ? ['bytes'] : []
      return forms.map((form) => `${name} as ${form} in ${place}`)
    }),
  )
}
