// trim-glue: what Emscripten's glue has for finding, fetching and compiling the module by itself, for what may want to run before
// or after it, and for printing, out of it. The worker hands in an instance (web/src/worker/load-engine.ts), so none of this ever
// runs, and no minifier can know. What another version of Emscripten writes otherwise stays as it is. Usage: node trim-glue.mjs engine.mjs
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
  // Only once an instance is there, and then at once.
  ['var __ATPRERUN__=', 'function abort(', 'function addOnInit(init){init();readyPromiseResolve(Module)}'],
  ['removeRunDependency("wasm-instantiate")', '}', ''],
  ['addRunDependency("wasm-instantiate");', 'Module[', ''],
  ['function callRuntimeCallbacks(', 'var registeredTypes', ''],
  ['var ___wasm_call_ctors=', 'var _malloc=', ''],
  ['var calledRun;', '\n\n\n  return createEngine.ready', ''],
  // It says nothing to anybody.
  ['var moduleOverrides=', 'var wasmMemory', ''],
  ['var ABORT=', 'var UTF8Decoder=', ''],
  [
    'function abort(',
    'function createWasm(',
    'function abort(){var e=new WebAssembly.RuntimeError();readyPromiseReject(e);throw e}',
  ],
  // Of the heap's views, those that are used.
  [
    'var buffer,HEAP8,',
    'var wasmTable;',
    'var buffer,HEAPU8,HEAP32,HEAPU32,HEAPF64;function updateGlobalBufferAndViews(buf){buffer=buf;HEAP32=new Int32Array(buf);Module["HEAPU8"]=HEAPU8=new Uint8Array(buf);HEAPU32=new Uint32Array(buf);HEAPF64=new Float64Array(buf)}',
  ],
  // Nobody registers symbols, or values with an end of their own.
  [
    'var emval_symbols=',
    'var emval_methodCallers=',
    'function getStringOrSymbol(address){return UTF8ToString(address)}',
  ],
  ['for(var i=0;i<argCount-1;++i){if(types[i+1].deleteObject)', 'if(!retType.isVoid)', ''],
]

let glue = readFileSync(file, 'utf8')
for (const [from, to, instead] of CUTS) {
  const begin = glue.indexOf(from)
  const end = begin < 0 ? -1 : glue.indexOf(to, begin)
  if (end >= 0) glue = glue.slice(0, begin) + instead + glue.slice(end)
}
writeFileSync(file, glue)
