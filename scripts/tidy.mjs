// tidy: clang-tidy over the core, two files at a time; a file that was clean is looked at again only when it, a
// header or the rules changed. Needs the native build's compile_commands.json. At full effort (KEYHOLD_EFFORT=full) the
// static analyzer looks too; it takes twice as long as all else.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const cache = 'build/tidy-cache'
const JOBS = 2
const effort = process.env.KEYHOLD_EFFORT === 'full' ? ['--checks=clang-analyzer-*'] : []

const core = readdirSync('wasm/core', { recursive: true })
  .map((name) => join('wasm/core', name))
  .sort()
const sources = core.filter((name) => name.endsWith('.cpp'))
const shared = createHash('sha256').update(effort.join())
for (const name of ['.clang-tidy', ...core.filter((name) => /\.(h|def)$/.test(name))]) shared.update(readFileSync(name))
const sharedSum = shared.digest('hex')

mkdirSync(cache, { recursive: true })
const stampOf = (source) =>
  join(cache, createHash('sha256').update(sharedSum).update(source).update(readFileSync(source)).digest('hex'))
const queue = sources.filter((source) => !existsSync(stampOf(source)))
const looked = queue.length
let bad = 0

async function worker() {
  for (let source = queue.shift(); source; source = queue.shift()) {
    const args = ['-p', 'build/native', '--quiet', '--warnings-as-errors=*', ...effort, source]
    try {
      await promisify(execFile)('clang-tidy', args, { maxBuffer: 1 << 26 })
      writeFileSync(stampOf(source), '')
    } catch (error) {
      bad += 1
      console.log(error.stdout || error.message)
    }
  }
}

await Promise.all(Array.from({ length: JOBS }, worker))
console.log(`clang-tidy: ${sources.length} files, ${looked} looked at, ${bad} with findings`)
process.exitCode = bad === 0 ? 0 : 1
