// site: the built site as its users get it, real headers and all, beside one page of the tests' own: driver.html offers
// the engine's client as `keyhold`, so that a test can ask the real worker for what no button asks.
import { createServer } from 'node:http'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { listen, stop } from '../../../scripts/local-server.mjs'
import { startSite } from '../../../scripts/serve.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** For startTestSite: lets driver.html be in a frame of another page, as no page of the vault's own with its powers may be. */
export const driverInFrames = (policy, path) =>
  path === '/driver.html' ? policy.replace("frame-ancestors 'none'", 'frame-ancestors *') : policy

/**
 * Serves a copy of dist/, so that a build under way elsewhere changes nothing here. To every policy it adds only where
 * the browser reports what was broken, workers included.
 * @param {object} [config] what /keyhold.config.json answers
 * @param {string} [prelude] runs in the vault worker before its own code: how a test breaks what it runs on
 * @param {Record<string, string | Uint8Array>} [more] files of the test's own
 * @param {(policy: string, path: string) => string} [alterPolicy] last word on each file's Content-Security-Policy
 * @param {string} [dist] another build than the usual one
 * @returns {Promise<{ url: string, port: number, broken(): string[], stop(): Promise<void> }>} `broken()`: what was
 *   reported, without the one thing a vault worker breaks to see that its policy holds (and which must be there).
 */
export async function startTestSite(
  config = {},
  prelude = '',
  more = {},
  alterPolicy = (policy) => policy,
  dist = `${root}dist`,
) {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-site-'))
  await cp(dist, folder, { recursive: true })
  await addDriver(folder, prelude)
  for (const [name, content] of Object.entries(more)) {
    await rm(join(folder, `${name}.br`), { force: true })
    await writeFile(join(folder, name), content)
  }
  const reports = await startReports()
  const alterHeaders = (path, headers) => ({
    ...headers,
    'Content-Security-Policy': `${alterPolicy(headers['Content-Security-Policy'], path)}; report-uri ${reports.url}`,
  })
  const site = await startSite({ config, dist: folder, alterHeaders })
  return {
    ...site,
    broken() {
      const ownCheck = reports.all.filter((one) => one.startsWith('connect-src data '))
      if (ownCheck.length === 0) throw new Error('no vault worker reported the look at its own policy')
      return reports.all.filter((one) => !ownCheck.includes(one))
    },
    async stop() {
      await Promise.all([site.stop(), reports.stop()])
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function startReports() {
  const all = []
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray()
    const { 'csp-report': report } = JSON.parse(Buffer.concat(chunks).toString())
    all.push(`${report['effective-directive']} ${report['blocked-uri']} in ${report['document-uri']}`)
    response.writeHead(204).end()
  })
  await listen(server, 0)
  return { all, url: `http://127.0.0.1:${server.address().port}/`, stop: () => stop(server) }
}

async function addDriver(folder, prelude) {
  const assets = await readdir(join(folder, 'assets'))
  const asset = (pattern) => `assets/${assets.find((name) => pattern.test(name))}`
  const worker = asset(/^vault-worker-.*\.js$/)
  const urls = {
    'vault-worker': worker,
    'kdf-worker': asset(/^kdf-worker-.*\.js$/),
    'local-worker': asset(/^local-worker-.*\.js$/),
    engine: asset(/^engine-.*\.wasm$/),
    keeping: asset(/^keeping-.*\.wasm$/),
    prices: asset(/^prices-.*\.txt$/),
  }
  // The worker answers only a page of its own build, which it names by 16 hex digits.
  const code = await readFile(join(folder, worker), 'utf8')
  const [, buildId] = /[`'"]([0-9a-f]{16})[`'"]/.exec(code)
  if (prelude !== '') {
    await writeFile(join(folder, worker), `${prelude};${code}`)
    await rm(join(folder, `${worker}.br`), { force: true })
  }
  await build({
    stdin: {
      contents: `import * as keyhold from './engine/index'; globalThis.keyhold = keyhold`,
      resolveDir: `${root}web/src`,
    },
    bundle: true,
    format: 'esm',
    outfile: join(folder, 'driver.js'),
    define: { __KEYHOLD_BUILD__: JSON.stringify(buildId), 'import.meta.env': '{}' },
    plugins: [builtFiles(urls)],
    logLevel: 'error',
  })
  await writeFile(
    join(folder, 'driver.html'),
    '<!doctype html><html lang="en"><title>driver</title><link rel="icon" href="./icons/keyhold.svg"><script type="module" src="./driver.js"></script></html>',
  )
}

/** What Vite made a file of is that file here too. */
function builtFiles(urls) {
  return {
    name: 'built-files',
    setup(one) {
      one.onResolve({ filter: /\?(worker&url|url)$/ }, ({ path }) => ({ path, namespace: 'built' }))
      one.onLoad({ filter: /.*/, namespace: 'built' }, ({ path }) => {
        const [name] = Object.keys(urls).filter(
          (key) => path.includes(key) && !(key === 'engine' && path.includes('worker')),
        )
        return { contents: `export default new URL(${JSON.stringify(urls[name])}, document.baseURI).href` }
      })
    },
  }
}
