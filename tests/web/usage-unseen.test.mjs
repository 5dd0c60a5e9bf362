// usage-unseen: does a caller read through the vault what it reads without, though the vault asks for usage besides?
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Browser, key, passphrase } from './support/browser.mjs'
import { provider } from './support/provider.mjs'

const SECRET = 'sk-live-Zq3v7Xw9LmN2pRt5YbC8'
const asked = []
// As OpenAI answers: usage in a chunk of its own, and null in the others, if it was asked for.
const server = await provider(({ body }, response) => {
  const { stream_options: options } = JSON.parse(body)
  asked.push(options)
  const usage = options?.include_usage === true
  const chunk = (choices, more) => `data: ${JSON.stringify({ id: 'c-1', model: 'm', choices, ...more })}\n\n`
  const part = (delta, finish_reason = null) =>
    chunk([{ index: 0, delta, finish_reason }], usage ? { usage: null, obfuscation: 'x' } : { obfuscation: 'x' })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(part({ role: 'assistant', content: '' }) + part({ content: 'He said "usage":null' }))
  response.write(part({}, 'stop'))
  if (usage) response.write(chunk([], { usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } }))
  response.end('data: [DONE]\n\n')
})
after(() => server.close())

test('a stream is read alike with and without the vault, and its usage is known to the vault', async (t) => {
  const browser = new Browser({ real: true })
  t.after(() => browser.close())
  const tab = await browser.open()
  await tab.create(passphrase('long enough for a vault'))
  const { id } = await tab.addEndpoint('Stand-in', `${server.base}v1/`)
  await tab.add({ provider: id, label: 'mine', secret: key(SECRET), unchecked: true })
  const url = `${server.base}v1/chat/completions`

  const question = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] }
  for (const options of [undefined, { include_usage: false }, { include_usage: true }]) {
    const body = JSON.stringify({ ...question, stream_options: options })
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    asked.length = 0
    const direct = await (await fetch(url, request)).text()
    const through = await (await tab.fetch(url, request)).text()
    assert.equal(through, direct)
    assert.equal(direct.includes('"prompt_tokens":7'), options?.include_usage === true)
    // Positive control: it was asked for all the same.
    assert.equal(asked[1].include_usage, true)
  }
})
