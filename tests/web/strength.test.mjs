// strength: does the page refuse weak passphrases, and accept strong ones?
// Runs the page's own module, bundled as Vite does, with the dictionary cut as the build cuts it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { COMMON_PASSWORDS, commonPasswordsModule } from '../../web/src/page/build/common-passwords.mjs'

const { strengthOf, timeInWords, randomWords, WORDS, size } = await bundled()

// Long enough, and each of them what people do when told "at least 12 characters".
const WEAK = [
  'password1234',
  'Password1234',
  'P@ssw0rd1234',
  'password12345!',
  'passwordpassword',
  'drowssap1234',
  'qwertyuiop123',
  'qwertyuiopasdf',
  '1qaz2wsx3edc',
  'asdfghjkl;12',
  '123456789012',
  '012345678901234',
  '111111111111',
  'aaaaaaaaaaaaaaaa',
  'abcdefghijkl',
  'abcabcabcabcabc',
  'letmein123456',
  'iloveyou1234',
  'iloveyouiloveyou',
  'welcome12345',
  'Welcome2026!!',
  'admin1234567',
  'monkeymonkey',
  'dragon123456',
  'football2025',
  'superman1234',
  'trustno1trustno1',
  'master123456',
  'sunshine1234',
  'princess1234',
  'keyholdvault',
  'keyhold123456',
  'vaultpassphrase',
  'charlie19841984',
  'michael12121990',
  '31.12.1999 1999',
  'jordan232323',
  'constructor1',
  'zxcvbnmzxcvbnm',
  'Summer2026!!',
  'letmeinplease123',
  'Michael01011990',
]

const STRONG = [
  'violet tractor hums quietly',
  'Grünkohl-mag-keine-Quittungen',
  'xK9#mQ2$vL7!',
  'seven wet herons argue about tax',
  '我的猫每天早上五点准时唱歌吃饭',
  'j7wPz-4tRk2-q9NcX',
]

test('weak passphrases of twelve characters and more are refused', () => {
  assert.ok(WEAK.length >= 30)
  for (const weak of WEAK) {
    assert.ok([...weak].length >= 12, `${weak} is refused for its length, which shows nothing`)
    const found = strengthOf(weak)
    assert.equal(found.accepted, false, `${weak} was accepted: score ${found.score}, ${found.estimate}`)
  }
})

test('control: strong ones of the same kinds of characters are accepted', () => {
  for (const strong of STRONG) {
    const found = strengthOf(strong)
    assert.equal(found.accepted, true, `${strong} was refused: score ${found.score}, ${found.advice.join(' ')}`)
  }
})

test('control: without the dictionary the first of them would pass', async () => {
  const { strengthOf: withoutDictionary } = await bundled('export const passwords = [], keyboards = {}')
  assert.equal(withoutDictionary('password1234').accepted, true)
})

test('fewer than twelve characters are refused however strong, and twelve are not', () => {
  assert.equal(strengthOf('xK9#mQ2$vL7').accepted, false)
  assert.match(strengthOf('xK9#mQ2$vL7').advice[0], /at least 12 characters; this has 11/)
  assert.equal(strengthOf('xK9#mQ2$vL7!').accepted, true)
})

test('characters are counted, not UTF-16 halves of them', () => {
  assert.match(strengthOf('🔑🔒🗝️🦊🐙').advice[0], /this has 6/)
})

test('names of things every object has do not break the sum', () => {
  for (const name of ['constructor', 'constructor1', '__proto__', '__proto__1', 'constructor constructor']) {
    const found = strengthOf(name)
    assert.equal(found.accepted, false, name)
    assert.ok(found.score >= 0 && found.score <= 4)
  }
})

test('advice never repeats what was typed', () => {
  for (const typed of [...WEAK, 'mysecretword99', 'hunter2hunter2']) {
    for (const sentence of strengthOf(typed).advice) assert.ok(!sentence.toLowerCase().includes(typed.toLowerCase()))
  }
})

test('a weak one comes with advice', () => {
  for (const weak of WEAK) assert.ok(strengthOf(weak).advice.length > 0, weak)
})

test('a thousand characters cost about what a hundred do, where all of them would cost hundreds of times that', () => {
  const cost = (text) => {
    const begun = performance.now()
    strengthOf(text)
    return performance.now() - begun
  }
  const text = 'P@ssw0rd-'.repeat(112)
  cost(text)
  const least = (length) => Math.min(...[1, 2, 3].map(() => cost(text.slice(0, length))))
  assert.ok(least(1_000) < 10 * least(100))
})

test('made-up passphrases have six words of the list, and are strong', () => {
  assert.equal(WORDS.length, 2048)
  assert.equal(new Set(WORDS).size, 2048)
  for (let i = 0; i < 20; i++) {
    const words = randomWords()
    assert.equal(words.length, 6)
    for (const word of words) assert.ok(WORDS.includes(word))
    const found = strengthOf(words.join(' '))
    assert.equal(found.accepted, true)
    assert.equal(found.score, 4)
  }
})

test('made-up words are drawn evenly', () => {
  const drawn = new Map()
  for (let i = 0; i < 20_000; i++) for (const word of randomWords()) drawn.set(word, (drawn.get(word) ?? 0) + 1)
  const expected = (20_000 * 6) / 2048
  let chiSquare = 0
  for (const word of WORDS) chiSquare += ((drawn.get(word) ?? 0) - expected) ** 2 / expected
  // 2,047 degrees of freedom: mean 2,047, standard deviation 64. Six deviations: one run in a billion.
  assert.ok(chiSquare < 2047 + 6 * 64, `chi square ${chiSquare}`)
})

test('times are said as a person would', () => {
  assert.equal(timeInWords(0.2), 'less than a second')
  assert.equal(timeInWords(1), 'about 1 second')
  assert.equal(timeInWords(59), 'about 59 seconds')
  assert.equal(timeInWords(3 * 3600), 'about 3 hours')
  assert.equal(timeInWords(40 * 86_400), 'about 1 month')
  assert.equal(timeInWords(31_557_600 * 12), 'about 12 years')
  assert.equal(timeInWords(31_557_600 * 5e8), 'millions of years')
  assert.equal(timeInWords(1e40), 'longer than the age of the universe')
})

test('meter and dictionary together are at most 60 KB as served', () => {
  assert.ok(commonPasswordsModule().split('\\n').length >= COMMON_PASSWORDS)
  assert.ok(size <= 60 * 1024, `${size} bytes`)
})

/** The page's modules as one, with the build's dictionary or another. */
async function bundled(dictionary = commonPasswordsModule()) {
  const plugin = {
    name: 'dictionary',
    setup(bundle) {
      bundle.onResolve({ filter: /^virtual:common-passwords$/ }, ({ path }) => ({ path, namespace: 'dictionary' }))
      bundle.onLoad({ filter: /.*/, namespace: 'dictionary' }, () => ({ contents: dictionary, loader: 'js' }))
    },
  }
  const result = await build({
    stdin: {
      contents: `export * from './web/src/page/passphrase/strength'; export * from './web/src/page/passphrase/words'`,
      resolveDir: new URL('../..', import.meta.url).pathname,
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    plugins: [plugin],
  })
  const code = result.outputFiles[0].contents
  const made = await import(`data:text/javascript;base64,${Buffer.from(code).toString('base64')}`)
  return { ...made, size: brotliCompressSync(code).length }
}
