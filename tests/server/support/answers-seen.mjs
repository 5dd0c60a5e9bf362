// answers-seen: was every answer that server/openapi.json describes given in some test? Run after the server's tests, which note what
// they got; run.mjs does. What no test can bring about is listed here, with the reason.
import { readFileSync, rmSync } from 'node:fs'
import { DOCUMENT, SEEN } from './contract.mjs'

const UNREACHABLE = [
  [/ 408$/, 'a connection that is too slow is closed, and a closed one is not answered'],
  [/ 500$/, 'nothing gives it: a fault ends the connection'],
  [/^POST \/v1\/relay\S+ 504$/, 'a provider has to be silent for two minutes'],
  [/^(GET|POST|ANY) \S+ (400|413|431)$/, 'refused before the route is looked at: seen of one route, the same for all'],
]

const seen = new Set(readFileSync(SEEN, 'utf8').split('\n'))
rmSync(SEEN)
const described = [
  ...Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { responses }]) => responses)
      .flatMap(([method, { responses }]) =>
        Object.keys(responses).map((key) => `${method.toUpperCase()} ${path} ${key}`),
      ),
  ),
  ...Object.keys(DOCUMENT['x-any-address']).map((status) => `ANY * ${status}`),
].map((one) => one.replace(/^(POST \/v1\/relay\S+) (200|default)$/, '$1 provider'))
const missing = described.filter((one) => !seen.has(one) && !UNREACHABLE.some(([pattern]) => pattern.test(one)))

for (const one of missing) console.log(`no test got: ${one}`)
console.log(`${described.length} answers are described, ${missing.length} of them were not seen`)
process.exitCode = missing.length === 0 ? 0 : 1
