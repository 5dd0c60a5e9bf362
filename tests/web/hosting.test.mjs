// hosting: do the configurations that the build makes say what headers.mjs says? Each server is run for real, and every file asked
// for, as it is and packed.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { headersFile, headersFor } from '../../web/hosting/headers.mjs'
import { SERVERS, startServer } from './support/web-servers.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = `${root}dist`
const { providers: catalogue } = JSON.parse(readFileSync(`${root}wasm/catalogue/providers.json`, 'utf8'))
const config = { catalogue }
const files = readdirSync(dist, { recursive: true }).filter(
  (name) => statSync(join(dist, name)).isFile() && !name.endsWith('.br') && name !== '_headers',
)
/** All that any file is served with. */
const NAMES = [...new Set(files.flatMap((name) => Object.keys(headersFor(`/${name}`, config))))]
const TYPES = {
  html: /^text\/html\b/,
  js: /^(text|application)\/javascript\b/,
  css: /^text\/css\b/,
  json: /^application\/json\b/,
  wasm: /^application\/wasm$/,
  svg: /^image\/svg\+xml\b/,
  png: /^image\/png$/,
  txt: /^text\/plain\b/,
  webmanifest: /^application\/manifest\+json\b/,
}

/** As it comes, not unpacked. */
function ask(port, path, encoding) {
  return new Promise((resolve, reject) => {
    const headers = { host: `localhost:${port}`, ...(encoding ? { 'accept-encoding': encoding } : {}) }
    request({ host: '127.0.0.1', port, path, headers }, (response) => {
      response
        .toArray()
        .then(
          (chunks) =>
            resolve({ status: response.statusCode, headers: response.headersDistinct, body: Buffer.concat(chunks) }),
          reject,
        )
    })
      .on('error', reject)
      .end()
  })
}

/** What is wrong with the answers of a server that has the site at `at`. */
async function wrongs(port, at = '/') {
  const found = []
  const check = (what, given, pathname) => {
    for (const name of NAMES) {
      const wanted = headersFor(pathname, config)[name]
      const [value, ...more] = given.headers[name.toLowerCase()] ?? []
      if (value !== wanted || more.length > 0)
        found.push(`${what}: ${name}: ${[value ?? 'none', ...more].join(' AND ')}`)
    }
  }
  for (const [path, name] of [['', 'index.html'], ...files.map((name) => [name, name])]) {
    for (const encoding of [null, 'gzip, deflate, br']) {
      const what = `/${path} (${encoding})`
      const given = await ask(port, at + path, encoding)
      const isPacked = encoding !== null && existsSync(join(dist, `${name}.br`))
      const packing = given.headers['content-encoding']?.join()
      if (given.status !== 200) found.push(`${what}: ${given.status}`)
      if (packing !== (isPacked ? 'br' : undefined)) found.push(`${what}: packed as ${packing}`)
      const body = packing === 'br' ? brotliDecompressSync(given.body) : given.body
      if (!body.equals(await readFile(join(dist, name)))) found.push(`${what}: other bytes`)
      if (!TYPES[name.split('.').at(-1)].test(given.headers['content-type']?.[0]))
        found.push(`${what}: ${given.headers['content-type']}`)
      if (isPacked && !/accept-encoding/i.test(given.headers.vary?.join())) found.push(`${what}: no Vary`)
      check(what, given, `/${path}`)
    }
  }
  for (const path of ['nowhere', 'assets/nowhere.js', '_headers']) {
    const given = await ask(port, at + path)
    if (given.status !== 404) found.push(`/${path}: ${given.status}`)
    if (path !== '_headers') check(`/${path}`, given, `/${path}`)
  }
  return found
}

for (const name of Object.keys(SERVERS)) {
  describe(name, () => {
    test('serves every file with exactly its headers, packed where that is accepted', async () => {
      const server = await startServer(name, dist)
      try {
        assert.deepEqual(await wrongs(server.port), [])
      } finally {
        await server.stop()
      }
    })

    test('does so from a folder, too', async () => {
      const server = await startServer(name, dist, { folder: 'tools/keyhold' })
      try {
        assert.deepEqual(await wrongs(server.port, '/tools/keyhold/'), [])
      } finally {
        await server.stop()
      }
    })
  })
}

test('control: a header less, and a policy that is another, are found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-hosting-'))
  try {
    await cp(dist, `${folder}/dist`, { recursive: true })
    await cp(`${dist}-hosting`, `${folder}/dist-hosting`, { recursive: true })
    const file = `${folder}/dist-hosting/nginx-http.conf`
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace("script-src 'self' 'wasm-unsafe-eval'", 'script-src *'),
    )
    const more = `${folder}/dist-hosting/nginx-server.conf`
    await writeFile(more, (await readFile(more, 'utf8')).replace(/^add_header Referrer-Policy.*$/m, ''))
    await appendFile(more, '\n')
    const server = await startServer('nginx', `${folder}/dist`)
    try {
      const found = await wrongs(server.port)
      assert.ok(found.some((one) => /worker-.*Content-Security-Policy: .*script-src \*/.test(one)))
      assert.ok(found.some((one) => one.startsWith('/theme.js') && one.endsWith('Referrer-Policy: none')))
    } finally {
      await server.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('_headers has one block for each file and each short name of a page', () => {
  const blocks = readFileSync(`${dist}/_headers`, 'utf8').split(/\n(?=\/)/)
  const paths = blocks.map((block) => block.split('\n')[0])
  const short = ['/', '/callback', '/frame', '/unlock', '/verify']
  assert.deepEqual(paths.toSorted(), [...short, ...files.map((name) => `/${name}`)].toSorted())
  assert.equal(blocks.join('\n'), headersFile(paths, config))
})
