// heap-snapshot: every string and object of a page or of one of its workers, as the browser's own debugger lists them.

/** Without it a snapshot holds the first 1,024 characters of each string. */
export const WHOLE_STRINGS = '--js-flags=--heap-snapshot-string-limit=1000000'

/** @returns the snapshot, after a collection of garbage, as text */
export async function snapshotOfPage(page) {
  const session = await page.context().newCDPSession(page)
  try {
    return await snapshot((method) => session.send(method), session)
  } finally {
    await session.detach()
  }
}

/**
 * Of every vault worker there is: where each tab has its own, the next one begins before the last has ended. None may end
 * meanwhile: Chromium 156 crashes when a shared worker ends that is looked at.
 * @param {import('playwright-core').Browser} browser
 * @returns {Promise<string[]>}
 */
export async function snapshotsOfWorkers(browser, page, shared) {
  const session = shared ? await browser.newBrowserCDPSession() : await page.context().newCDPSession(page)
  try {
    const texts = []
    for (const sessionId of await (shared ? attachShared(session) : attachOwn(session))) {
      const worker = new Nested(session, sessionId)
      texts.push(await snapshot((method) => worker.send(method), worker))
      await session.send('Target.detachFromTarget', { sessionId })
    }
    return texts
  } finally {
    await session.detach()
  }
}

/**
 * What a page and its shared vault worker hold, in bytes, after a collection of garbage: objects and, beside them, the
 * contents of buffers.
 * @returns {Promise<{ page: number, worker: number }>}
 */
export async function heapUses(browser, page) {
  const [own, all] = [await page.context().newCDPSession(page), await browser.newBrowserCDPSession()]
  try {
    const [sessionId] = await attachShared(all)
    const worker = new Nested(all, sessionId)
    const uses = await Promise.all(
      [own, worker].map(async (one) => {
        await one.send('HeapProfiler.collectGarbage')
        return one.send('Runtime.getHeapUsage')
      }),
    )
    await all.send('Target.detachFromTarget', { sessionId })
    const [ofPage, ofWorker] = uses.map(({ usedSize, backingStorageSize }) => usedSize + backingStorageSize)
    return { page: ofPage, worker: ofWorker }
  } finally {
    await Promise.all([own.detach(), all.detach()])
  }
}

/** Of the one service worker there is. */
export async function snapshotOfServiceWorker(browser) {
  const session = await browser.newBrowserCDPSession()
  try {
    const [sessionId] = await attachAll(session, 'service_worker')
    const worker = new Nested(session, sessionId)
    return await snapshot((method) => worker.send(method), worker)
  } finally {
    await session.detach()
  }
}

async function snapshot(send, events) {
  let text = ''
  const add = ({ chunk }) => (text += chunk)
  events.on('HeapProfiler.addHeapSnapshotChunk', add)
  await send('HeapProfiler.enable')
  await send('HeapProfiler.collectGarbage')
  await send('HeapProfiler.takeHeapSnapshot')
  return text
}

const attachShared = (session) => attachAll(session, 'shared_worker')

async function attachAll(session, type) {
  const { targetInfos } = await session.send('Target.getTargets', { filter: [{ type }] })
  const attach = ({ targetId }) => session.send('Target.attachToTarget', { targetId, flatten: false })
  return (await Promise.all(targetInfos.map(attach))).map(({ sessionId }) => sessionId)
}

async function attachOwn(session) {
  const attached = []
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.url.includes('vault-worker')) attached.push(sessionId)
  })
  // Answered when all that are there have been told of.
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false })
  return attached
}

/** A session within a session: what is asked and answered goes as text. */
class Nested {
  #session
  #sessionId
  #waiting = new Map()
  #listeners = new Map()
  #lastId = 0

  constructor(session, sessionId) {
    this.#session = session
    this.#sessionId = sessionId
    session.on('Target.receivedMessageFromTarget', (event) => {
      if (event.sessionId === sessionId) this.#receive(JSON.parse(event.message))
    })
  }

  on(event, listener) {
    this.#listeners.set(event, listener)
  }

  send(method) {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#session
        .send('Target.sendMessageToTarget', { message: JSON.stringify({ id, method }), sessionId: this.#sessionId })
        .catch(reject)
    })
  }

  #receive({ id, method, params, result, error }) {
    if (method !== undefined) return this.#listeners.get(method)?.(params)
    const { resolve, reject } = this.#waiting.get(id)
    if (error) reject(new Error(error.message))
    else resolve(result)
  }
}
