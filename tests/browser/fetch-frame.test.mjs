// fetch-frame: vault.fetch of keyhold.js, in a page of another site, beside the browser's own fetch: the same requests seen by the
// same server, the same Responses, the same rejections; in Chromium, Firefox and WebKit. What differs is named here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { listen, stop } from '../../scripts/local-server.mjs'
import { CONTROL, CONTROL_FRAME, hostPage, VAULT } from './support/embed.mjs'
import { openOnHost } from './support/embed-engines.mjs'
import { ENGINES } from './support/engines.mjs'
import './support/fetch-cases.js'
import { allowAsked } from './support/fill-vault.mjs'
import { certificate } from './support/providers.mjs'

const BASE = 'https://api.fetch.test/v1/'
const MB = 1024 * 1024
/** Far more than sockets hold. */
const FLOOD = 400 * MB
const onlyEngine = process.env.KEYHOLD_ENGINE

/** The engine's own way; the vault's fetch does what the standard says. */
const ABORTS = { 'abort while waiting': { threw: 'my reason' }, 'a time limit': { threw: 'TimeoutError' } }
const NO_BODY = [
  [204, true, ''],
  [205, true, ''],
]
const DIFFERENCES = {
  // A body is said to be there, which the standard says is none.
  Chromium: { 'statuses without a body': NO_BODY },
  // What a stream made by a page fails with, text() calls an abort there; a reader of the body gets the TypeError.
  Firefox: { 'statuses without a body': NO_BODY, 'a body that breaks off': { threw: 'AbortError' } },
  WebKit: {
    ...ABORTS,
    'statuses without a body': NO_BODY,
    'abort in the body': [200, 'one ', { threw: 'my reason' }],
  },
}

for (const name of Object.keys(ENGINES).filter((each) => [undefined, each].includes(onlyEngine))) {
  describe(name, () => {
    let provider
    let opened

    before(async () => {
      provider = await startProvider()
      opened = await openOnHost(name, {
        others: provider.port,
        pages: {
          'chat.example/': {
            html: hostPage({ body: CONTROL_FRAME, scripts: ['/host.js', '/cases.js'] }),
            headers: { 'Content-Security-Policy': `script-src 'self'; connect-src https:; frame-src ${VAULT}` },
          },
          'chat.example/cases.js': { js: readFileSync(new URL('support/fetch-cases.js', import.meta.url)) },
        },
        vault: { endpoints: [{ name: 'Fetch', base: BASE, secret: 'sk-fetch-0123456789abcdefghijklmnopqrstuv' }] },
      })
      const { engine } = opened
      const id = await engine.runIn(CONTROL, () => globalThis.endpoint)
      await engine.run((provider) => {
        globalThis.asked = globalThis.vault.requestAccess({ providers: [provider], scopes: ['audio', 'files'] })
        globalThis.asked.catch(() => {})
      }, id)
      await engine.runIn(CONTROL, allowAsked)
      assert.equal((await engine.run(() => globalThis.asked)).state, 'granted')
    })
    after(async () => {
      await opened?.stop()
      await provider?.stop()
    })

    for (const what of Object.keys(globalThis.fetchCases)) {
      test(what, { timeout: 60_000 }, async () => {
        const [ours, theirs] = await opened.engine.run(both, what, BASE)
        const other = DIFFERENCES[name]?.[what]
        assert.deepEqual(ours, other ?? theirs)
        if (other !== undefined) assert.notDeepEqual(theirs, other, 'no longer a difference')
      })
    }

    test('a body as a stream arrives as the same in a string', async () => {
      const [streamed, [whole]] = await Promise.all([
        opened.engine.run((base) => globalThis.streamedBody(globalThis.vault.fetch, base), BASE),
        opened.engine.run(both, 'body: a string', BASE),
      ])
      assert.deepEqual(streamed, whole)
    })

    // The others' networks take in what comes, whoever asked and whether it is read: 386 MB of 400 by WebKit's own fetch.
    const stops = name === 'Chromium' ? test : () => {}
    stops('who does not read is not sent to: the provider stops, as for the browser’s own fetch', async () => {
      const sent = []
      for (const own of [false, true]) {
        const read = (own, base) => globalThis.readOne(own ? fetch : globalThis.vault.fetch, base)
        await opened.engine.run(read, own, BASE)
        let before = -1
        for (let looks = 0; provider.flooded() !== before && looks < 60; looks++) {
          before = provider.flooded()
          await new Promise((done) => setTimeout(done, 500))
        }
        sent.push(before / MB)
        assert.ok(before > 0 && before < FLOOD, `${before} bytes`)
        assert.equal(provider.flooded(), before)
        await opened.engine.run(() => globalThis.reader.cancel())
      }
      const [ours, theirs] = sent.map((megabytes) => megabytes.toFixed(1))
      console.log(`${name}: stopped after ${ours} MB, and after ${theirs} MB for the browser's own fetch`)
    })
  })
}

async function both(what, base) {
  const work = globalThis.fetchCases[what]
  return [await work(globalThis.vault.fetch, base), await work((...given) => fetch(...given), base)]
}

/** Answers as the model's name says. */
async function startProvider() {
  let flooded = 0
  const models = {
    silent: () => {},
    begun: (response) => response.write('one '),
    drip: async (response) => {
      for (const piece of ['one ', 'two ']) {
        response.write(piece)
        await new Promise((done) => setTimeout(done, 30))
      }
      response.end('three')
    },
    cut: (response) => {
      response.writeHead(200, { 'content-length': '99' }).write('some')
      setTimeout(() => response.destroy(), 30)
    },
    'hang-up': (response) => response.destroy(),
    flood: async (response) => {
      flooded = 0
      const piece = Buffer.alloc(64 * 1024, 1)
      while (flooded < FLOOD && !response.destroyed) {
        const taken = response.write(piece)
        if (!taken) {
          await new Promise((done) => response.once('drain', done).once('close', done))
        }
        flooded += piece.length
      }
      response.end()
    },
  }
  const server = createServer(certificate(), async (request, response) => {
    const { method, url, headers } = request
    response.setHeader('Access-Control-Allow-Origin', '*')
    response.setHeader('Access-Control-Allow-Headers', headers['access-control-request-headers'] ?? '*')
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, DELETE')
    // On a connection used before, a browser asks again by itself when it is cut.
    response.setHeader('Connection', 'close')
    if (method === 'OPTIONS') return response.writeHead(204).end()
    const body = Buffer.concat(await request.toArray())
    const [, status] = /status-(\d+)$/.exec(url) ?? []
    if (status !== undefined) {
      response.writeHead(Number(status), { 'content-type': 'text/plain' })
      return response.end([204, 205].includes(Number(status)) ? undefined : 'body')
    }
    const type = headers['content-type'] ?? ''
    const { model } = type === 'application/json' ? JSON.parse(body) : {}
    if (models[model]) return models[model](response)
    const [, boundary = 'none'] = /boundary=(\S+)/.exec(type) ?? []
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        method,
        url,
        // What an empty body is said to be, the vault leaves out.
        type: body.length === 0 ? '' : type.replace(boundary, 'BOUNDARY'),
        // JSON is sent as it was understood, not as it was written.
        body: type === 'application/json' ? JSON.parse(body) : body.toString('latin1').replaceAll(boundary, 'BOUNDARY'),
      }),
    )
  })
  await listen(server, 0)
  return { port: server.address().port, flooded: () => flooded, stop: () => stop(server) }
}
