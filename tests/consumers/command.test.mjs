// command: `npx keyhold copy` and `npx keyhold verify`, as a user runs them. What copy writes is what a build would have made;
// what is not its own it leaves alone; and verify finds one byte.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import sirv from 'sirv'
import { listen, stop } from '../../scripts/local-server.mjs'
import { sha384 } from '../../web/hosting/integrity.mjs'
import { buildCopy, digestsOfAll } from '../web/support/web-build.mjs'
import { startServer } from '../web/support/web-servers.mjs'
import { install, root } from './support/packed.mjs'

const dist = `${root}dist`
const LISTED = ['https://app.example']
const SETTINGS = `${JSON.stringify({ embedders: LISTED, policyInPages: true, providers: [{ id: 'own', name: 'Own', base: 'https://ai.app.example/v1/' }] })}\n`

let user
before(async () => (user = await install()))
after(() => user?.remove())

/** @returns {Promise<{ code: number, said: string }>} */
function keyhold(...args) {
  return new Promise((done) => {
    const command = join(user.path, 'node_modules/.bin/keyhold')
    execFile(command, args, { cwd: user.path }, (error, stdout, stderr) =>
      done({ code: error?.code ?? 0, said: stdout + stderr }),
    )
  })
}

async function inFolder(use, { full = false } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'keyhold-command-'))
  try {
    // What copy would write, as the first test shows.
    if (full) await cp(dist, folder, { recursive: true })
    await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const FULL = { full: true }

describe('copy', () => {
  test('writes what the build wrote, packed copies and headers and all, and does it once', async () => {
    await inFolder(async (folder) => {
      const first = await keyhold('copy', join(folder, 'public/vault'))
      assert.equal(first.code, 0, first.said)
      assert.deepEqual(await digestsOfAll(join(folder, 'public/vault')), await digestsOfAll(dist))
      const again = await keyhold('copy', join(folder, 'public/vault'))
      assert.match(again.said, /: 0 files written, \d+ as they were, 0 of an older version removed/)
      assert.deepEqual(await digestsOfAll(join(folder, 'public/vault')), await digestsOfAll(dist))
    })
  })

  test('with settings there, writes what a build with them writes, and the same for servers', async () => {
    const built = await buildCopy({
      alter: (copy) => writeFile(join(copy, 'web/public/keyhold.config.json'), SETTINGS),
    })
    try {
      await inFolder(async (folder) => {
        await writeFile(join(folder, 'keyhold.config.json'), SETTINGS)
        const { code, said } = await keyhold('copy', folder, '--servers', join(folder, 'made'))
        assert.equal(code, 0, said)
        const { ...found } = await digestsOfAll(folder)
        const servers = Object.entries(found).filter(([name]) => name.startsWith('made/'))
        for (const [name] of servers) delete found[name]
        assert.deepEqual(
          Object.fromEntries(servers.map(([name, digest]) => [name.slice(5), digest])),
          await digestsOfAll(`${built.dist}-hosting`),
        )
        assert.match(await readFile(join(folder, '_headers'), 'utf8'), /frame-ancestors https:\/\/app\.example;/)
        // The user's own file is left as it is, without a copy beside it.
        const { 'keyhold.config.json.br': _packed, ...expected } = await digestsOfAll(built.dist)
        assert.deepEqual(found, expected)
      })
    } finally {
      await built.remove()
    }
  })

  test('refuses a folder with something else in it, and leaves it as it was', async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'index.html'), 'mine')
      const before = await digestsOfAll(folder)
      for (const more of [[], ['--force']]) {
        const { code, said } = await keyhold('copy', folder, ...more)
        assert.equal(code, 3)
        assert.match(said, /ERR_NOT_A_KEYHOLD_SITE/)
      }
      await writeFile(join(folder, 'integrity.json'), '{"files":{"index.html":"no digest"}}')
      assert.match((await keyhold('copy', folder)).said, /ERR_NOT_A_KEYHOLD_SITE/)
      await rm(join(folder, 'integrity.json'))
      assert.deepEqual(await digestsOfAll(folder), before)
    })
  })

  test('replaces and removes what is its own of an older version, and nothing else', async () => {
    await inFolder(async (folder) => {
      const old = { 'index.html': 'old page', 'assets/gone-12345678.js': 'gone', 'assets/kept-12345678.js': 'listed' }
      const { files } = JSON.parse(await readFile(join(folder, 'integrity.json'), 'utf8'))
      for (const [name, text] of Object.entries(old)) {
        await writeFile(join(folder, name), text)
        await writeFile(join(folder, `${name}.br`), text)
        files[name] = sha384(text)
      }
      await writeFile(join(folder, 'integrity.json'), JSON.stringify({ files }))
      // Changed since, and so not its own any more; and never its own.
      await writeFile(join(folder, 'assets/kept-12345678.js'), 'changed')
      await writeFile(join(folder, 'mine.txt'), 'mine')
      const { code, said } = await keyhold('copy', folder)
      assert.equal(code, 0, said)
      assert.match(said, /, 1 of an older version removed/)
      const {
        'assets/kept-12345678.js': kept,
        'assets/kept-12345678.js.br': _br,
        'mine.txt': mine,
        ...rest
      } = await digestsOfAll(folder)
      assert.deepEqual([kept, mine], [sha384('changed'), sha384('mine')])
      assert.deepEqual(rest, await digestsOfAll(dist))
    }, FULL)
  })

  test('stops at a file of the vault that somebody changed, but for --force', async () => {
    await inFolder(async (folder) => {
      await appendFile(join(folder, 'verify.html'), '<!-- mine -->')
      const before = await digestsOfAll(folder)
      const { code, said } = await keyhold('copy', folder)
      assert.equal(code, 3)
      assert.match(said, /ERR_CHANGED_FILES: .*verify\.html\. With --force/)
      assert.deepEqual(await digestsOfAll(folder), before)
      assert.equal((await keyhold('copy', folder, '--force')).code, 0)
      assert.deepEqual(await digestsOfAll(folder), await digestsOfAll(dist))
    }, FULL)
  })

  test('follows no link out of the folder, even with --force', async () => {
    await inFolder(async (folder) => {
      const [site, elsewhere] = [join(folder, 'site'), join(folder, 'elsewhere')]
      await cp(dist, site, { recursive: true })
      await mkdir(elsewhere)
      await rm(join(site, 'assets'), { recursive: true })
      await symlink(elsewhere, join(site, 'assets'))
      for (const more of [[], ['--force']]) {
        const { code, said } = await keyhold('copy', site, ...more)
        assert.equal(code, 3)
        assert.match(said, /ERR_CHANGED_FILES/)
      }
      assert.deepEqual(await digestsOfAll(elsewhere), {})
    })
  })

  test('leaves a _headers with entries of somebody else as it is, and says so', async () => {
    await inFolder(async (folder) => {
      await appendFile(join(folder, '_headers'), '/mine\n  X-Mine: yes\n')
      const before = await readFile(join(folder, '_headers'), 'utf8')
      const { code, said } = await keyhold('copy', folder)
      assert.equal(code, 0)
      assert.match(said, /_headers has entries of your own/)
      assert.equal(await readFile(join(folder, '_headers'), 'utf8'), before)
    }, FULL)
  })

  for (const [what, text] of [
    ['no JSON', '{'],
    ['a list', '[]'],
    ['an embedder that is no origin', '{"embedders":["https://app.example/path"]}'],
    ['a provider without an address', '{"providers":[{"id":"own"}]}'],
  ]) {
    test(`settings that are ${what} are ERR_BAD_CONFIG, and nothing is written`, async () => {
      await inFolder(async (folder) => {
        await writeFile(join(folder, 'keyhold.config.json'), text)
        const { code, said } = await keyhold('copy', folder)
        assert.equal(code, 3)
        assert.match(said, /^keyhold: ERR_BAD_CONFIG: keyhold\.config\.json/)
        assert.deepEqual(Object.keys(await digestsOfAll(folder)), ['keyhold.config.json'])
      })
    })
  }

  test('a folder that cannot be made is ERR_FILE', async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), '')
      const { code, said } = await keyhold('copy', join(folder, 'file/site'))
      assert.equal(code, 3)
      assert.match(said, /ERR_FILE/)
    })
  })
})

describe('verify', () => {
  /** A copy of dist/, altered, and served. */
  async function served(alter, use) {
    await inFolder(async (folder) => {
      await alter(folder)
      const server = createServer(sirv(folder))
      await listen(server, 0)
      try {
        await use(`http://127.0.0.1:${server.address().port}/`)
      } finally {
        await stop(server)
      }
    }, FULL)
  }

  test('agrees with what this package has', async () => {
    await served(
      () => {},
      async (url) => {
        for (const address of [url, `${url}index.html`]) {
          const { code, said } = await keyhold('verify', address)
          assert.equal(code, 0, said)
          assert.match(said, /^All \d+ files at http:\S+ agree with this package\.$/m)
        }
      },
    )
  })

  test('finds one altered byte, a file that is missing, and a list that was altered with them', async () => {
    const alter = async (folder) => {
      const bytes = await readFile(join(folder, 'verify.html'))
      bytes[bytes.length - 2] ^= 1
      await writeFile(join(folder, 'verify.html'), bytes)
      await rm(join(folder, 'theme.js'))
      const { files } = JSON.parse(await readFile(join(folder, 'integrity.json'), 'utf8'))
      files['verify.html'] = sha384(bytes)
      await writeFile(join(folder, 'integrity.json'), `${JSON.stringify({ files }, null, 1)}\n`)
      for (const name of ['verify.html', 'theme.js', 'integrity.json']) await rm(join(folder, `${name}.br`))
    }
    await served(alter, async (url) => {
      const { code, said } = await keyhold('verify', url)
      assert.equal(code, 1)
      const lines = said.trim().split('\n')
      assert.match(lines[0], /^3 of \d+ files at http:\S+ do not agree with this package:$/)
      assert.deepEqual(lines.slice(1), [
        '  integrity.json is another file',
        '  theme.js is not there',
        '  verify.html is another file',
      ])
    })
  })

  test('settings of the host are told, without steering a terminal, and what follows from them is still compared', async () => {
    const withSettings = async (folder) => {
      await writeFile(
        join(folder, 'keyhold.config.json'),
        `${JSON.stringify({ embedders: LISTED, note: '\u009b31m' })}\n`,
      )
      assert.equal((await keyhold('copy', folder)).code, 0)
    }
    await served(withSettings, async (url) => {
      const { code, said } = await keyhold('verify', url)
      assert.equal(code, 0, said)
      assert.match(
        said,
        /Its settings are its host's own: \{"embedders":\["https:\/\/app\.example"\],"note":"\\u009b31m"\}/,
      )
    })
    const andAltered = async (folder) => {
      await withSettings(folder)
      await appendFile(join(folder, 'service-worker.js'), ' ')
    }
    await served(andAltered, async (url) => {
      const { code, said } = await keyhold('verify', url)
      assert.equal(code, 1)
      assert.match(said, /^ {2}service-worker\.js is another file$/m)
    })
  })

  test('settings that no vault has are another file', async () => {
    const alter = (folder) => writeFile(join(folder, 'keyhold.config.json'), '{"embedders":["nonsense"]}')
    await served(alter, async (url) => {
      const { code, said } = await keyhold('verify', url)
      assert.equal(code, 1)
      assert.match(said, /^ {2}keyhold\.config\.json is another file$/m)
    })
  })

  test('works in a folder of a host, by nginx', async () => {
    const server = await startServer('nginx', dist, { folder: 'tools/keyhold' })
    try {
      const { code, said } = await keyhold('verify', `http://127.0.0.1:${server.port}/tools/keyhold`)
      assert.equal(code, 0, said)
    } finally {
      await server.stop()
    }
  })

  test('where nothing answers, ERR_UNREACHABLE', async () => {
    const { code, said } = await keyhold('verify', 'http://127.0.0.1:1/')
    assert.equal(code, 3)
    assert.match(said, /ERR_UNREACHABLE/)
  })
})

test('called wrongly: exit code 2, and how to call it', async () => {
  const wrong = [
    [],
    ['nonsense'],
    ['copy'],
    ['copy', 'a', 'b'],
    ['copy', 'a', '--nonsense'],
    ['verify', 'nonsense'],
    ['verify', 'file:///x'],
    ['constructor'],
  ]
  for (const args of wrong) {
    const { code, said } = await keyhold(...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(said, /^Usage:$/m)
  }
  assert.equal((await keyhold('--help')).code, 0)
  assert.ok(!existsSync(join(user.path, 'a')))
  const { version } = JSON.parse(await readFile(`${root}web/package.json`, 'utf8'))
  assert.equal((await keyhold('--version')).said.trim(), version)
})
