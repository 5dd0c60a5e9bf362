// app-key: what the app's server, which is not the vault's, could be sent of the user's: their keys never are, whatever was
// decided, stored and answered, and whoever asks; nor does a page of another origin have a say in which server it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answered, APP, call, CHAT, OTHER_SECRET, SECRET, textOf, vault } from './support/pages.mjs'

const SERVER = 'https://relay.example/'
const TOKEN = 'a.token.of-the-user'
const MESSAGES = 'https://api.anthropic.com/v1/messages'
const BODY = '{"model":"m-1","max_tokens":5,"messages":[]}'
const offer = { server: SERVER, chosen: true, newcomer: true }
const config = { server: { url: SERVER } }

/** A network that keeps what it was sent: to the app's server, and to all others. */
function spy() {
  const sent = { server: [], others: [] }
  const net = { status: 200, sent }
  net.answer = async (url, { method, headers, body, ...rest }) => {
    const toServer = String(url).startsWith(SERVER)
    const text = body === null || body === undefined ? '' : await new Response(body).text()
    sent[toServer ? 'server' : 'others'].push({
      url: String(url),
      method,
      headers: [...new Headers(headers)],
      text,
      rest,
    })
    return toServer || net.status === 200 ? answered() : new Response('{}', { status: net.status })
  }
  return net
}

/** Gives the token whenever it is asked for. */
function answering(page) {
  page.port.addEventListener('message', ({ data }) => {
    if (data.part?.type === 'token') void page.ask({ op: 'token', call: data.call, token: TOKEN })
  })
  return page
}

test('no key of the user’s is in anything that the app’s server is sent', async (t) => {
  const net = spy()
  const { tab, host, grant } = await vault(t, { config, answer: net.answer })
  tab.fallback = { url: SERVER, getToken: () => TOKEN }
  await grant({ providers: ['openai', 'anthropic'] })
  const page = answering(await host(APP))
  let number = 100
  for (const use of [null, 'never', 'ask', 'auto']) {
    for (const status of [200, 401, 402, 429, 500, 503]) {
      net.status = status
      for (const [provider, url] of [
        ['openai', CHAT],
        ['anthropic', MESSAGES],
      ]) {
        if (use !== null) await tab.setAppKeyUse(provider, use)
        const init = {
          method: 'POST',
          // Whoever has a key of their own in what they send sends it nowhere.
          headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}`, 'x-api-key': OTHER_SECRET },
          body: BODY,
        }
        for (const fetch of [tab.fetch, tab.fetchByApp]) await (await fetch(url, init)).text()
        await page.ask(call((number += 1), url, { app: offer }))
      }
    }
  }
  const { server, others } = net.sent
  assert.ok(server.length > 20, `${server.length} went by the app's server`)
  assert.ok(server.every(({ headers }) => new Map(headers).get('authorization') === `Bearer ${TOKEN}`))
  for (const secret of [SECRET, OTHER_SECRET]) {
    assert.ok(!textOf(server).includes(secret))
    assert.ok(textOf(others).includes(secret), 'positive control: where it belongs, it is found')
  }
  assert.ok(!textOf(others).includes(TOKEN), 'nor is the token in what the providers are sent')
  for (const { rest } of server) {
    assert.deepEqual([rest.redirect, rest.credentials, rest.referrerPolicy], ['error', 'omit', 'no-referrer'])
  }
})

test('a page of another origin calls no server but the site’s, and none where the site has none', async (t) => {
  for (const [site, servers] of [
    [
      config,
      ['https://evil.example/', 'https://relay.example.evil/', `${SERVER}v1/`, 'https://relay.example:444/', 'x'],
    ],
    [{}, [SERVER, 'https://evil.example/']],
  ]) {
    for (const state of ['absent', 'locked', 'unlocked']) {
      const net = spy()
      const { host } = await vault(t, { config: site, answer: net.answer, state })
      const page = answering(await host(APP))
      let number = 0
      for (const server of servers) {
        const reply = await page.ask(call((number += 1), CHAT, { app: { ...offer, server } }))
        assert.equal(reply.error?.code, 'ERR_NOT_PERMITTED_BY_SITE', `${state} ${server}`)
      }
      assert.deepEqual([net.sent.server, net.sent.others], [[], []])
      if (site !== config) continue
      // Control: the site's own.
      assert.equal((await page.ask(call((number += 1), CHAT, { app: offer }))).ok, true)
      assert.equal(net.sent.server.length, 1)
    }
  }
})
