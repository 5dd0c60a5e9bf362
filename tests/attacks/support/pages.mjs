// pages: a vault with keys in it, run by the real worker with the real engine, and ports as a hostile page of another origin
// has them: without the client, which it need not use. No request leaves this process but to a server of the test's own.
import { Browser, key, passphrase, tick } from '../../web/support/browser.mjs'
import { keyhold } from '../../web/support/load.mjs'
import { spoken } from '../../web/support/port.mjs'

export const SECRET = 'sk-proj-Zq3v7Xw9LmN2pRt5YbC8dEfG'
export const OTHER_SECRET = 'sk-ant-api03-Kk8s2Jd7Hf6Gt5Rw4Qe3'
export const LABEL = 'secret label'
export const APP = 'https://app.example'
export const CHAT = 'https://api.openai.com/v1/chat/completions'
export const HELLO = { op: 'helloHost', protocol: keyhold.HOST_PROTOCOL_VERSION }
export const WISH = {
  providers: ['openai'],
  models: [],
  scopes: [],
  dayMicroUsd: null,
  monthMicroUsd: null,
  expiresAt: null,
}
export const NOW = 1_795_000_000_000

/** As OpenAI answers: 10 tokens in and out. */
export const answered = () =>
  Response.json({
    model: 'gpt-4o-mini',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 },
  })

/**
 * @param {import('node:test').TestContext} t
 * @param {object} [options] of Browser, and
 * @param {object} [options.weak] of weakened(), in place of the modules as they are
 * @param {'absent' | 'locked' | 'unlocked'} [options.state]
 * @param {(input: string, init: RequestInit) => Response | Promise<Response>} [options.answer] in place of the network
 */
export async function vault(t, { weak, state = 'unlocked', answer = answered, ...options } = {}) {
  const clock = { now: NOW }
  const browser = new Browser({
    real: true,
    keyhold: weak,
    now: () => clock.now,
    send: async (input, init) => answer(input, init),
    ...options,
  })
  t.after(() => browser.close())
  const tab = await browser.open()
  if (state !== 'absent') {
    await tab.create(passphrase())
    await tab.add({ provider: 'openai', label: LABEL, secret: key(SECRET), unchecked: true })
    await tab.add({ provider: 'anthropic', label: LABEL, secret: key(OTHER_SECRET), unchecked: true })
  }
  if (state === 'locked') {
    await tab.lock()
    await tab.status()
  }
  const own = numbered(browser.rawPort())
  t.after(() => own.port.close())
  await own.ask({ op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' })

  const admit = async (origin = APP) => {
    const { port1, port2 } = new MessageChannel()
    port1.start()
    t.after(() => port1.close())
    const { ok } = await own.ask({ op: 'admit', origin, port: port2 }, [port2])
    return ok ? numbered(port1) : null
  }
  const host = async (origin = APP) => {
    const page = await admit(origin)
    await page.ask(HELLO)
    return page
  }
  const pages = new Map()
  /** A page of this origin may do this, as its user decided. */
  const grant = async (terms = {}, origin = APP) => {
    const page = pages.get(origin) ?? (await host(origin))
    pages.set(origin, page)
    const asked = page.ask({ op: 'requestAccess', call: 1, wish: { ...WISH, scopes: ['batch'] } })
    const question = await seen(async () => (await own.ask({ op: 'questions' })).value[0])
    const decided = await own.ask({ op: 'decide', question: question.id, terms: { ...WISH, ...terms } })
    if (!decided.ok) throw new Error(`not granted: ${decided.error.code}`)
    await asked
    return page
  }
  /** What went to the network, by address and with all headers; the site's own files are not among it. */
  const sent = () =>
    browser.sent.map(({ url, init }) => ({ url, headers: Object.fromEntries(init.headers ?? []), init }))
  return { browser, tab, own, admit, host, grant, sent, clock }
}

/** ask() posts and gives the reply; `all` is everything that was ever heard on the port. */
export function numbered(port) {
  const all = []
  port.addEventListener('message', ({ data }) => all.push(data))
  const one = spoken(port)
  let last = 1_000_000
  return { ...one, all, ask: (ask, transfer) => one.say({ ...ask, id: ++last }, transfer) }
}

export async function seen(look) {
  for (let tries = 0; tries < 2_000; tries += 1) {
    const found = await look()
    if (found) return found
    await tick(1)
  }
  throw new Error('it did not come')
}

/** A call as a page makes it: `call` is its number. */
export const call = (number, url = CHAT, more = {}) => ({
  op: 'fetch',
  call: number,
  url,
  method: 'POST',
  headers: [['content-type', 'application/json']],
  body: new TextEncoder().encode('{"model":"gpt-4o-mini","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}'),
  key: null,
  app: null,
  ...more,
})

export const codeOf = (reply) => (reply.ok ? 'ok' : reply.error.code)

/** Everything in these messages as text, bytes too, in which a secret would be seen. */
export const textOf = (...messages) =>
  JSON.stringify(messages, (_, value) =>
    value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
  )
