// split: engine.wasm as linked, in two: what every visit needs, and keeping.wasm, which is loaded into the same memory
// with the first operation of keeping-ops.txt. Usage: node split.mjs engine.wasm keeping-ops.txt <Binaryen's bin> keeping.wasm
//
// What moves is what only those operations reach. Reached from elsewhere is every export and every function in the
// table, since who calls through the table cannot be seen: no call ever leads from the one file into the other, but by
// the operations' own places in the table, which are empty until keeping.wasm is there.
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [engine, opsFile, tools, keeping] = process.argv.slice(2)
/** What Emscripten compiles for; Binaryen's tools go by what they are told. */
const FEATURES = ['simd', 'sign-ext', 'mutable-globals', 'nontrapping-float-to-int', 'bulk-memory'].map(
  (feature) => `--enable-${feature}`,
)
const run = (tool, ...args) => execFileSync(join(tools, tool), args, { stdio: ['ignore', 'pipe', 'inherit'] })

const text = `${keeping}.wat`
run('wasm-dis', engine, '-o', text)
const { calls, exported, table } = graphOf(readFileSync(text, 'utf8'))
const operations = readFileSync(opsFile, 'utf8').trim().split('\n').map(placeOf)
const stays = reachedFrom([...exported, ...table.filter((name) => !operations.includes(name))])
const moves = [...calls.keys()].filter((name) => !stays.has(name))

const names = `${keeping}.functions`
writeFileSync(names, moves.join('\n') + '\n')
const split = ['--split-funcs=@' + names, '--export-prefix=%', '-o1', engine, '-o2', keeping]
run('wasm-split', '--split', ...FEATURES, engine, ...split)
for (const file of [engine, keeping]) run('wasm-opt', ...FEATURES, '-Oz', '--converge', file, '-o', file)
for (const file of [text, names]) rmSync(file)

/** Who calls whom, in the text form, where a name is escaped as wasm-split wants it. */
function graphOf(module) {
  const calls = new Map()
  const exported = []
  let table = []
  let current = null
  for (const line of module.split('\n')) {
    const begun = /^ \(func \$(\S+)/.exec(line)
    if (begun) calls.set(begun[1], (current = new Set()))
    else if (line.startsWith(' (export')) exported.push(...namesIn(line, /\(func \$([^\s)]+)/g))
    else if (line.startsWith(' (start')) exported.push(...namesIn(line, /\$([^\s)]+)/g))
    else if (line.startsWith(' (elem')) table = [...table, ...namesIn(line, /\$([^\s)]+)/g)]
    else if (line === ' )') current = null
    if (current) for (const name of namesIn(line, /\((?:call|return_call|ref\.func) \$([^\s)]+)/g)) current.add(name)
  }
  if (calls.size === 0 || exported.length === 0 || table.length === 0) throw new Error(`no module in ${engine}`)
  return { calls, exported, table }
}

function namesIn(line, pattern) {
  return [...line.matchAll(pattern)].map(([, name]) => name)
}

function reachedFrom(roots) {
  const reached = new Set()
  const due = [...roots]
  while (due.length > 0) {
    const name = due.pop()
    if (reached.has(name) || !calls.has(name)) continue
    reached.add(name)
    due.push(...calls.get(name))
  }
  return reached
}

/**
 * `models` of the engine, `call.models` of a call. An operation that is not in the table by its own name was merged with one
 * that does the same.
 */
function placeOf(listed) {
  const ofCall = listed.startsWith('call.')
  const operation = ofCall ? listed.slice('call.'.length) : listed
  const subject = ofCall ? 'keyhold::Exchange&' : 'keyhold::bindings::Engine&'
  const found = table.filter(
    (name) => name.includes(`::${operation}\\28${subject}`) && name.startsWith('keyhold::bindings::'),
  )
  if (found.length !== 1) throw new Error(`${found.length} functions in the table are called ${listed}`)
  return found[0]
}
