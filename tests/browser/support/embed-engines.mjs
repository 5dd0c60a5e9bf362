// embed-engines: a page that embeds the vault, of another site, in any of the three engines: opened, connected, with a vault
// that has keys, and what it asks for allowed by a click in the vault's window.
import assert from 'node:assert/strict'
import { CONTROL, HOST, startHosts, VAULT } from './embed.mjs'
import { ENGINES } from './engines.mjs'
import { allowAsked, fillVault } from './fill-vault.mjs'
import { at } from './page.mjs'
import { startProxy } from './proxy.mjs'

const FRAME = 'iframe[title=Keyhold]'

/**
 * @param {string} name of the engine
 * @param {object} options
 * @param {Record<string, object>} options.pages see startHosts; the host's page has the control's frame and loads /host.js
 * @param {number} options.others port of the server that has all names beside those that end in `.example`
 * @param {object} options.vault see fillVault
 */
export async function openOnHost(name, { pages, others, vault }) {
  const hosts = await startHosts({ pages })
  const proxy = await startProxy((host) => (host.endsWith('.example') ? hosts.port : others))
  let engine
  const stop = async () => {
    await engine?.close()
    await Promise.all([proxy.stop(), hosts.stop()])
  }
  try {
    engine = await ENGINES[name]({ proxy: proxy.port, defended: true })
    await engine.open(`${HOST}/`)
    await engine.run(loaded)
    await engine.run(connect, VAULT)
    await engine.runIn(CONTROL, loaded)
    const keys = await engine.runIn(CONTROL, fillVault, vault)
    return { engine, hosts, keys, stop, assertApart: () => assertApart(engine) }
  } catch (error) {
    await stop()
    throw error
  }
}

async function loaded() {
  while (globalThis.keyhold === undefined) await new Promise((done) => setTimeout(done, 20))
}

async function connect(url) {
  globalThis.vault = await globalThis.keyhold.connect(url)
}

/** The user's click in the frame, and the answer in the window it opens: all of it, without a limit. */
export async function allowInWindow(engine, wish) {
  await engine.run((wished) => {
    globalThis.asked = globalThis.vault.requestAccess(wished)
    globalThis.asked.catch(() => {})
  }, wish)
  await engine.see(FRAME)
  await engine.popup(FRAME, 'button', async (opened) => {
    await opened.see(`${at('consent-dialog')}[open]`)
    assert.equal(await opened.text(at('consent-origin')), HOST)
    if (!engine.secondWindowHasFocus) return
    await opened.run((day) => {
      const field = document.querySelector(day)
      field.value = ''
      for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }))
    }, at('consent-day'))
    await opened.look()
    await opened.click(`${at('consent-allow')}:enabled`)
  })
  // Nobody can look at that window, so its buttons stay off, as they should: the same answer by the vault's client.
  if (!engine.secondWindowHasFocus) await engine.runIn(CONTROL, allowAsked)
  return engine.run(() => globalThis.asked)
}

/** What the frame's site keeps here is not what it keeps as a page of its own. Leaves the page. */
async function assertApart(engine) {
  const kept = () => localStorage.getItem('kept')
  await engine.runIn(CONTROL, () => localStorage.setItem('kept', 'yes'))
  assert.equal(await engine.runIn(CONTROL, kept), 'yes')
  await engine.open(`${VAULT}/driver.html`)
  assert.equal(await engine.run(kept), null)
}
