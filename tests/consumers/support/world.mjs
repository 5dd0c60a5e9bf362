// world: the vault of dist/ at vault.example, an OpenAI that is the demo provider, and pages of consumers, all of one site
// (apps.example), so that a browser has one vault for them; each has an origin of its own, and must be allowed for itself.
import { readFileSync } from 'node:fs'
import sirv from 'sirv'
import { startDemo } from '../../../scripts/demo.mjs'
import { headersFor } from '../../../web/hosting/headers.mjs'
import { watch } from '../../browser/support/chromium.mjs'
import { allow, buttonOf, forward, lookAround, startEmbedding, VAULT } from '../../browser/support/embed.mjs'
import { at } from '../../browser/support/page.mjs'
import { root } from './packed.mjs'

const { providers: catalogue } = JSON.parse(readFileSync(`${root}wasm/catalogue/providers.json`, 'utf8'))

export const KEY = 'sk-proj-canary5d0c1b7f9a3e4c2dT3BlbkFJcanary5d0c1b7f9a3e4c2d'
export const PASSPHRASE = 'violet tractor hums quietly at noon'
/** What the demo provider says to "Hello". */
export const ANSWER = /^Hello! I am the demo provider/

/** What a page that embeds needs, and no more. */
export const STRICT = `default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-src ${VAULT}`
export const TRUSTED = "require-trusted-types-for 'script'; trusted-types 'none'"

/** The same for an app of the vault's own origin: the frame's place is taken by workers. */
export const OWN = STRICT.replace(/frame-src .*/, "connect-src 'self'; worker-src 'self'")

/**
 * @param {Record<string, import('node:http').RequestListener>} hosts by name
 */
export async function startWorld(hosts) {
  const demo = await startDemo({ key: KEY, fast: true })
  let world
  try {
    const openai = (incoming, outgoing) => forward(incoming, outgoing, demo.port)
    world = await startEmbedding({ hosts: { ...hosts, 'api.openai.com': openai } })
    const context = await world.browser.newContext()
    const noted = await watch(context)
    return {
      demo,
      context,
      wrongs: noted.wrongs,
      async stop() {
        await world.stop()
        await demo.stop()
      },
    }
  } catch (error) {
    await world?.stop()
    await demo.stop()
    throw error
  }
}

/** Files of a folder, as a static host serves them. */
export function folderHost(folder, policy) {
  const files = sirv(folder, { dev: true })
  return (incoming, outgoing) => {
    if (policy !== undefined) outgoing.setHeader('Content-Security-Policy', policy)
    files(incoming, outgoing, () => outgoing.writeHead(incoming.url === '/favicon.ico' ? 204 : 404).end())
  }
}

/** An app of the vault's own origin: its files, and in keyhold/ those of the vault with their headers. */
export function ownOriginHost(folder, policy) {
  const app = folderHost(folder, policy)
  const setHeaders = (response, pathname) =>
    response.setHeaders(new Map(Object.entries(headersFor(pathname, { catalogue }))))
  const vault = sirv(`${root}dist`, { dev: true, setHeaders })
  return (incoming, outgoing) => {
    if (!incoming.url.startsWith('/keyhold/')) return app(incoming, outgoing)
    incoming.url = incoming.url.slice('/keyhold'.length)
    vault(incoming, outgoing, () => outgoing.writeHead(404).end())
  }
}

/** A person presses the button in the page, and the vault's window is there. */
export async function openWindow(page) {
  const [opened] = await Promise.all([page.waitForEvent('popup'), buttonOf(page).click()])
  opened.setDefaultTimeout(20_000)
  await opened.waitForLoadState()
  return opened
}

/** In the vault's window, the first time: a vault, a key, and then what the page asked for. */
export async function setUpAndAllow(opened) {
  await opened.click(at('choose-own'))
  await opened.fill('#own-passphrase', PASSPHRASE)
  await opened.fill('#own-repeat', PASSPHRASE)
  await opened.click(`${at('create')}:enabled`)
  await opened.waitForSelector(`${at('consent-dialog')}[open]`)
  await lookAround(opened)
  await opened.click(at('consent-add'))
  await opened.fill(at('key-field'), KEY)
  await opened.click(at('save'))
  await allow(opened)
}

export async function unlock(opened) {
  await opened.fill('#passphrase', PASSPHRASE)
  await opened.click(at('unlock'))
}
