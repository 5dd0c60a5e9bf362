// headers: which response headers each file of the site must be served with. The vault's safety rests on them: the
// static server (scripts/serve.mjs) sends them, and the build writes them to dist/_headers for hosts that read it.

/**
 * @typedef {object} SiteConfig
 * @property {boolean} [customEndpoints] may a user add endpoints of their own? Default true.
 * @property {Provider[]} [providers] providers beside the catalogue's.
 * @property {Provider[]} [catalogue] wasm/catalogue/providers.json's list.
 * @property {'any' | string[]} [embedders] origins whose pages may embed the vault's frame. Default 'any': the user decides.
 * @property {boolean} [policyInPages] for a host that sends no headers: the policy is in the pages, as far as it can be.
 * @property {{ url: string, tokenUrl?: string }} [server] the app's keyhold-server, and where the vault's page gets a user's token for it.
 * @property {Record<string, { clientId: string }>} [logins] as what the site is known to providers, by their ids.
 *
 * @typedef {object} Provider
 * @property {string} id
 * @property {string} base
 * @property {boolean} [example_base]
 * @property {string} [browser]
 * @property {{ style: string, exchange: string }} [login]
 */

/**
 * Headers for the file at `pathname`, e.g. "/" or "/assets/vault-worker-Dk3f.js".
 * @param {string} pathname
 * @param {SiteConfig} config
 * @returns {Record<string, string>}
 */
export function headersFor(pathname, config) {
  const headers = {
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    // A host page with COEP shows the vault's frame only if the vault's files agree to be shown.
    'Cross-Origin-Embedder-Policy': embedderPolicyFor(pathname),
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Origin-Agent-Cluster': '?1',
    'Permissions-Policy': permissions,
    'Cache-Control': isHashed(pathname) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'Content-Security-Policy': policyFor(pathname, config),
  }
  // No window that opens the vault, or that it opens, can hold on to it. The frame and the window it opens must keep each other.
  if (isPage(pathname)) headers['Cross-Origin-Opener-Policy'] = 'same-origin'
  // A module is loaded across origins only by permission; this one is the same for everybody.
  if (pathname === '/keyhold.js') headers['Access-Control-Allow-Origin'] = '*'
  return headers
}

/**
 * The text of a `_headers` file (one block per file: two matching blocks would be merged, and policies would add up).
 * @param {string[]} pathnames
 * @param {SiteConfig} config
 */
export function headersFile(pathnames, config) {
  const block = (pathname) => [
    pathname,
    ...Object.entries(headersFor(pathname, config)).map(([name, value]) => `  ${name}: ${value}`),
  ]
  return pathnames.flatMap(block).join('\n') + '\n'
}

/**
 * What a page says of itself in a `<meta>`, where its host sends no headers. The workers it starts have it from the page, so it
 * permits what they need. Lost are frame-ancestors (any page may embed any of these) and all headers beside the policy.
 * @param {string} pathname of a page
 * @param {SiteConfig} config
 */
export function metaPolicyFor(pathname, config) {
  const own = directives(policyFor(pathname, config))
  own.delete('frame-ancestors')
  if (own.has('worker-src')) {
    const worker = directives(vaultWorkerPolicy(config))
    for (const name of ['script-src', 'connect-src']) own.set(name, worker.get(name))
    own.set('worker-src', "'self' blob:")
  }
  return policy([...own].map(([name, value]) => `${name} ${value}`))
}

const directives = (text) =>
  new Map(text.split('; ').map((one) => [one.split(' ')[0], one.slice(one.indexOf(' ') + 1)]))

// What a worker may do is decided by the headers of its own script, not by the page's (measured in Chromium).
function policyFor(pathname, config) {
  if (isVaultWorker(pathname)) return vaultWorkerPolicy(config)
  if (fileOf(pathname).startsWith('kdf-worker')) return kdfWorkerPolicy
  if (isLocalWorker(pathname)) return localWorkerPolicy(config)
  if (isServiceWorker(pathname)) return serviceWorkerPolicy
  if (isCallback(pathname)) return callbackPolicy
  if (isVerify(pathname)) return verifyPolicy
  if (isFrame(pathname)) return framePolicy(config)
  return pagePolicy
}

// The vault worker asks an address that failed whether anything answers there at all, without credentials and without
// reading the answer. Under require-corp the browser would fail that question too, and nobody could tell the two apart.
function embedderPolicyFor(pathname) {
  return isVaultWorker(pathname) || isLocalWorker(pathname) ? 'credentialless' : 'require-corp'
}

// Where a login at a provider comes back to.
const isCallback = (pathname) => /\/callback(\.html)?$/.test(pathname)
// What compares the site's files with their list.
const isVerify = (pathname) => /\/verify(\.html)?$/.test(pathname)
const isPage = (pathname) =>
  pathname === '/' || pathname === '/index.html' || isCallback(pathname) || isVerify(pathname)
const isFrame = (pathname) => /\/frame(\.html)?$/.test(pathname)
const isVaultWorker = (pathname) => fileOf(pathname).startsWith('vault-worker')
const isLocalWorker = (pathname) => fileOf(pathname).startsWith('local-worker')
const isServiceWorker = (pathname) => fileOf(pathname) === 'service-worker.js'
const fileOf = (pathname) => pathname.slice(pathname.lastIndexOf('/') + 1)
const policy = (directives) => directives.join('; ')

const pagePolicy = policy([
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  // The page itself talks to its own origin only; providers are the worker's business.
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  // One policy, which makes exactly the worker URLs.
  'trusted-types keyhold-url',
])

// Tells the vault's page what came back, and can ask nobody anything.
const callbackPolicy = policy([
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "frame-ancestors 'none'",
  "form-action 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
])

// The same, but that it asks the site itself for its files.
const verifyPolicy = callbackPolicy.replace("img-src 'self'", "img-src 'self'; connect-src 'self'")
// Has the vault worker serve the page it is in, and can ask nobody else anything. What that page may do, the user decides.
function framePolicy(config) {
  return policy([
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    `frame-ancestors ${embedders(config).join(' ')}`,
    "form-action 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types keyhold-url',
  ])
}

function embedders({ embedders: listed = 'any' }) {
  if (listed === 'any') return ['https:', ...local]
  if (listed.length === 0) return ["'none'"]
  for (const origin of listed) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) throw new Error(`embedders: ${origin} is no origin`)
  }
  return listed
}

// Derives a key from a passphrase, and can reach nothing at all: the module's bytes are posted to it.
const kdfWorkerPolicy = policy([
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'none'",
  "require-trusted-types-for 'script'",
])

// Keeps the site's files, and asks nobody but the site for them.
const serviceWorkerPolicy = policy(["default-src 'none'", "connect-src 'self'", "require-trusted-types-for 'script'"])

/** Holds the keys: it may reach the providers, where they give keys to those who log in, servers on this machine and, if users may add endpoints, any https. */
function vaultWorkerPolicy(config) {
  // No key is ever sent to an example's address, nor to who does not answer pages.
  const called = ({ example_base: example, browser }) => example !== true && browser !== 'no'
  const providers = [...(config.catalogue ?? []), ...(config.providers ?? [])].filter(called)
  const addresses = providers.flatMap((one) => (offersLogin(one, config) ? [one.base, one.login.exchange] : [one.base]))
  const origins = [...addresses.map((address) => new URL(address).origin), ...serverOrigin(config)]
  const remote = [...new Set(origins)].filter((origin) => !isLocal(origin)).sort()
  return policy([
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src ${["'self'", ...remote, ...local, ...custom(config)].join(' ')}`,
    "require-trusted-types-for 'script'",
  ])
}

// Has no key, and asks a local server so that the browser asks the person: where the vault worker may look for one.
function localWorkerPolicy(config) {
  return policy([
    "default-src 'none'",
    `connect-src ${[...local, ...custom(config)].join(' ')}`,
    "require-trusted-types-for 'script'",
  ])
}

const isLocal = (origin) => /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin)

/** As Session::server_of has it. */
function serverOrigin({ server }) {
  if (server === undefined) return []
  const { protocol, origin } = URL.canParse(server.url) ? new URL(server.url) : {}
  if (protocol !== 'https:' && !isLocal(origin)) throw new Error(`server: ${server.url} is no https address`)
  return [origin]
}

const local = ['http://localhost:*', 'http://127.0.0.1:*']
const custom = (config) => (config.customEndpoints === false ? [] : ['https:'])

/** As Session::offers_login has it. */
function offersLogin({ id, login }, { logins }) {
  return login !== undefined && (login.style === 'openrouter' || Object.hasOwn(logins ?? {}, id))
}

// Names of assets carry a hash of their content. What a worker may do is in its headers, which change without it.
const isHashed = (pathname) => /\/assets\/[^/]*-[\w-]{8,}\.\w+$/.test(pathname) && !/-worker-[\w-]+\.js$/.test(pathname)

// Features the vault never uses, taken away from any script that might run in it.
// The camera is for scanning a backup off another screen: the page asks when somebody presses that button.
const unused = [
  'accelerometer',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'serial',
  'usb',
  'xr-spatial-tracking',
]
const permissions = ['camera=(self)', ...unused.map((feature) => `${feature}=()`)].join(', ')
