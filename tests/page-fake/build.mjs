// build: the page with the fake vault, for a test or a look; and a Chromium to look with.
import { copyFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { build } from 'vite'

export async function buildPageFake() {
  const configFile = fileURLToPath(new URL('vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'error' })
  const made = (name) => fileURLToPath(new URL(`../../build/page-fake/${name}`, import.meta.url))
  await copyFile(made('index.html'), made('unlock.html'))
}

const options = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
}

export function openChromium() {
  return chromium.launch(options)
}

/** One that keeps its files in `folder`. */
export function openProfile(folder) {
  return chromium.launchPersistentContext(folder, options)
}
