// element: <keyhold-button> and <keyhold-vault> of the packed package, in a page, with the real vault: their states and events,
// what they show, how they are moved, styled, addressed anew and registered late.
import assert from 'node:assert/strict'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { buttonOf } from '../browser/support/embed.mjs'
import { install } from './support/packed.mjs'
import { folderHost, openWindow, setUpAndAllow, startWorld, STRICT, TRUSTED, unlock } from './support/world.mjs'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const HOST = 'https://element.apps.example'
const HTML = `<!doctype html><html lang="en"><head><title>Elements</title><link rel="stylesheet" href="./style.css"><script src="./axe.js" defer></script></head><body><main><h1>Elements</h1></main></body></html>`
const CSS = `
  keyhold-button { --keyhold-button-width: 20rem; --keyhold-button-radius: 2px }
  keyhold-button::part(frame) { outline: 3px solid rgb(1, 2, 3) }
  keyhold-vault::part(panel) { padding: 7px }
  keyhold-button:state(granted) { order: 5 }`

let user
let world
let page
before(async () => {
  user = await install()
  const folder = join(user.path, 'element')
  await mkdir(folder)
  const installed = join(user.path, 'node_modules/keyhold')
  for (const name of (await readdir(installed)).filter((one) => one.endsWith('.js')))
    await cp(join(installed, name), join(folder, name))
  await writeFile(join(folder, 'index.html'), HTML)
  await writeFile(join(folder, 'style.css'), CSS)
  // A tool for the tests, allowed by the page's policy as any script of its own.
  await cp(axe, join(folder, 'axe.js'))
  world = await startWorld({
    'element.apps.example': folderHost(folder, `${STRICT}; ${TRUSTED}`),
  })
})
after(async () => {
  await world?.stop()
  await user?.remove()
})
afterEach(() => page?.close())

/** A new page with the modules not imported yet. All events of elements are in `heard`. */
async function open() {
  page = await world.context.newPage()
  page.setDefaultTimeout(20_000)
  await page.goto(`${HOST}/`)
  await page.evaluate(() => {
    window.heard = []
    for (const name of ['ready', 'change', 'lock', 'unlock', 'blocked', 'error'])
      document.addEventListener(`keyhold-${name}`, ({ detail, target }) =>
        window.heard.push(name === 'change' ? `change ${detail.state}` : `${name}${target.id && ` ${target.id}`}`),
      )
  })
}
const register = () => page.evaluate(() => import('./element.js').then(() => {}))
const put = (tag, attributes = {}) =>
  page.evaluate(
    ([tag, attributes]) => {
      const element = document.createElement(tag)
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
      document.querySelector('main').append(element)
    },
    [tag, attributes],
  )
const VAULT = { src: 'https://vault.example/' }
const of = (property, tag = 'keyhold-button') =>
  page.evaluate(([tag, property]) => document.querySelector(tag)[property], [tag, property])
const reaches = (state, tag = 'keyhold-button') =>
  page.waitForFunction(([tag, state]) => document.querySelector(tag).state === state, [tag, state])
const heard = () => page.evaluate(() => window.heard.splice(0))

describe('<keyhold-button>', () => {
  test('connects, tells, and is the frame: with size, corners and parts as the page has them', async () => {
    await open()
    await register()
    assert.equal(await page.evaluate(() => document.createElement('keyhold-button').state), 'idle')
    await put('keyhold-button', VAULT)
    assert.equal(await of('state'), 'connecting')
    await reaches('needs-user')
    assert.deepEqual((await heard()).slice(0, 3), ['change connecting', 'change needs-user', 'ready'])
    assert.ok(
      await page.evaluate(
        async () =>
          (await document.querySelector('keyhold-button').ready) === document.querySelector('keyhold-button').vault,
      ),
    )
    const frame = page.locator('iframe[title=Keyhold]')
    const { width, height } = await frame.boundingBox()
    assert.deepEqual([width, height], [320, 44])
    const style = await frame.evaluate((one) => ({
      ...['outlineColor', 'borderTopLeftRadius'].map((name) => getComputedStyle(one)[name]),
    }))
    assert.deepEqual(style, { 0: 'rgb(1, 2, 3)', 1: '2px' })
    // Asked at once, so that the button can say what a click is for.
    await page.frameLocator('iframe').getByText('Set up Keyhold').waitFor()
  })

  test('with loading="lazy", asks nothing of the vault by itself', async () => {
    await open()
    await register()
    await put('keyhold-button', { ...VAULT, loading: 'lazy' })
    await reaches('needs-user')
    await page.waitForTimeout(800)
    assert.equal(await buttonOf(page).textContent(), 'Keyhold')
    await page.evaluate(() => document.querySelector('keyhold-button').vault.status())
    await page.frameLocator('iframe').getByText('Set up Keyhold').waitFor()
  })

  test('what was set before it is registered holds, and it can be registered under another name', async () => {
    await open()
    await page.evaluate(() => {
      const early = document.createElement('keyhold-button')
      early.src = 'https://vault.example/'
      document.querySelector('main').append(early)
    })
    await page.evaluate(async () => {
      const { KeyholdButtonElement } = await import('./element-classes.js')
      if (customElements.get('keyhold-button')) throw new Error('registered by the classes')
      customElements.define('other-name', class extends KeyholdButtonElement {})
    })
    await register()
    await reaches('needs-user')
    assert.equal(await page.getAttribute('keyhold-button', 'src'), 'https://vault.example/')
    await put('other-name', VAULT)
    await reaches('needs-user', 'other-name')
  })

  test('moved, it connects anew, and by moveBefore() it stays; taken out, it takes the frame along', async () => {
    await open()
    await register()
    await put('keyhold-button', VAULT)
    await reaches('needs-user')
    const [moved, kept] = await page.evaluate(async () => {
      const button = document.querySelector('keyhold-button')
      const first = button.vault
      const place = document.body.appendChild(document.createElement('div'))
      if (place.moveBefore) place.moveBefore(button, null)
      const kept = !place.moveBefore || button.vault === first
      document.querySelector('main').append(button)
      const second = await button.ready
      return [second !== first && (await first.status().catch(({ code }) => code)), kept]
    })
    assert.equal(moved, 'ERR_WORKER')
    assert.ok(kept)
    assert.equal(
      await page.evaluate(() =>
        document
          .querySelector('keyhold-button')
          .vault.status()
          .then(({ state }) => state),
      ),
      'needs-user',
    )
    await page.evaluate(() => {
      window.taken = document.querySelector('keyhold-button')
      window.taken.remove()
    })
    assert.deepEqual(await page.evaluate(() => [window.taken.state, window.taken.vault, window.frames.length]), [
      'idle',
      null,
      0,
    ])
  })

  test('an address where no vault answers is told, in place of the button; another address is tried at once', async () => {
    await open()
    await register()
    await put('keyhold-button', { src: 'https://[' })
    await reaches('failed')
    assert.match(await page.evaluate(() => String(document.querySelector('keyhold-button').error)), /^TypeError/)
    assert.ok((await heard()).includes('error'))
    assert.ok(await page.getByText('The vault cannot be reached.').isVisible())
    await page.evaluate(() => (document.querySelector('keyhold-button').src = 'https://vault.example/'))
    await reaches('needs-user')
    assert.ok(await page.getByText('The vault cannot be reached.').isHidden())
    assert.equal(await of('error'), null)
  })
})

describe('<keyhold-vault>', () => {
  test('says what this page may do, as that changes; both pass axe', async () => {
    await open()
    await register()
    await put('keyhold-vault', VAULT)
    await reaches('needs-user', 'keyhold-vault')
    await page.getByText('This page may use none of your keys now.').waitFor()
    assert.equal(await page.locator('keyhold-vault section').evaluate((one) => getComputedStyle(one).paddingTop), '7px')
    await page.evaluate(() => {
      const { vault } = document.querySelector('keyhold-vault')
      void vault.requestAccess({ providers: ['openai', 'anthropic'], spend: { day: 1 } })
    })
    await page.frameLocator('iframe').locator('button[data-wanted]').waitFor()
    const opened = await openWindow(page)
    await setUpAndAllow(opened)
    await reaches('granted', 'keyhold-vault')
    await opened.close()
    const said = await page.evaluate(() =>
      [...document.querySelector('keyhold-vault').shadowRoot.querySelectorAll('p, li')]
        .filter((one) => one.checkVisibility())
        .map((one) => [one.part.value, one.textContent.trim()]),
    )
    assert.deepEqual(said, [
      ['text', 'This page may use your keys for:'],
      ['provider', 'openai'],
      ['provider no-key', 'anthropic'],
      ['left', 'Left for today: $1.00'],
    ])
    assert.deepEqual(
      (await heard()).filter((one) => !one.startsWith('change')),
      ['ready', 'unlock'],
    )

    await put('keyhold-button', { ...VAULT, id: 'second' })
    await reaches('granted')
    assert.equal(await page.locator('#second').evaluate((one) => getComputedStyle(one).order), '5')
    const { violations } = await page.evaluate(() => window.axe.run())
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`),
      [],
    )
    await heard()
    await page.evaluate(() => document.querySelector('keyhold-vault').vault.lock())
    for (const tag of ['keyhold-vault', 'keyhold-button']) await reaches('needs-user', tag)
    assert.ok((await heard()).includes('lock second'))
    await page.getByText('This page may use none of your keys now.').waitFor()

    await page.evaluate(() => document.querySelector('#second').remove())
    const again = await openWindow(page)
    await unlock(again)
    await reaches('granted', 'keyhold-vault')
  })

  test('speaks the language of what is put into it', async () => {
    await open()
    await register()
    await page.evaluate(() => {
      const element = document.createElement('keyhold-vault')
      const words = document.createElement('span')
      words.slot = 'needs-user'
      words.textContent = 'Diese Seite darf noch nichts.'
      element.append(words)
      element.src = 'https://vault.example/'
      document.querySelector('main').append(element)
    })
    await page.getByText('Diese Seite darf noch nichts.').waitFor()
    assert.ok(await page.getByText('This page may use none').isHidden())
  })
})

test('nothing of this broke the page’s policy', () => {
  assert.deepEqual(
    world.wrongs.filter((one) => one.startsWith('policy')),
    [],
  )
})
