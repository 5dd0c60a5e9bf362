// trim-glue: what Emscripten's glue has for finding, fetching and compiling the module by itself, out of it. The worker hands
// in an instance (web/src/worker/load-engine.ts), so none of this ever runs, and no minifier can know. What another version
// of Emscripten writes otherwise stays as it is. Usage: node trim-glue.mjs engine.mjs
import { readFileSync, writeFileSync } from 'node:fs'

const [file] = process.argv.slice(2)
/** From one text up to another, and what to put there. */
const CUTS = [
  ['var _scriptDir = ', 'return (', ''],
  ['var ENVIRONMENT_IS_WEB=', 'var out=', ''],
  ['if(typeof WebAssembly!="object")', 'var wasmMemory', ''],
  ['var dataURIPrefix=', 'function createWasm()', ''],
  [
    'function receiveInstantiationResult(',
    'function callRuntimeCallbacks(',
    'Module["instantiateWasm"](info,receiveInstance)}',
  ],
]

let glue = readFileSync(file, 'utf8')
for (const [from, to, instead] of CUTS) {
  const begin = glue.indexOf(from)
  const end = begin < 0 ? -1 : glue.indexOf(to, begin)
  if (end >= 0) glue = glue.slice(0, begin) + instead + glue.slice(end)
}
writeFileSync(file, glue)
