// servers: the headers of headers.mjs as configuration of nginx, Apache and Caddy. Paths are matched by their end, so that the site
// may be in any folder of its host. tests/web/hosting.test.mjs runs each of the three and compares.
import { headersFor } from './headers.mjs'

/**
 * @param {string[]} pathnames of all files, and "/"
 * @param {import('./headers.mjs').SiteConfig} config
 * @returns {Record<string, string>} texts by file name
 */
export function serverFiles(pathnames, config) {
  const headers = headersByName(pathnames, config)
  return {
    'nginx-http.conf': nginxMaps(headers),
    'nginx-server.conf': nginxServer(headers),
    'apache.htaccess': apache(headers),
    'caddy.conf': caddy(headers),
  }
}

/**
 * @typedef {object} Header
 * @property {string} name
 * @property {string} usual what every other file, and what is not there, is served with; '' for none
 * @property {Map<string, string[]>} others pathnames by the value they have instead
 */

/** @returns {Header[]} */
function headersByName(pathnames, config) {
  const usual = headersFor('/a-file-that-is-not-there', config)
  const all = pathnames.map((pathname) => [pathname, headersFor(pathname, config)])
  const names = [...new Set([usual, ...all.map(([, headers]) => headers)].flatMap(Object.keys))]
  return names.map((name) => {
    const others = new Map()
    for (const [pathname, { [name]: value = '' }] of all) {
      if (value !== (usual[name] ?? '')) others.set(value, [...(others.get(value) ?? []), pathname])
    }
    return { name, usual: usual[name] ?? '', others }
  })
}

/** None of the three needs more than quotes around what our headers are made of. */
function quoted(value) {
  if (/["\\$%{}`\n]/.test(value)) throw new Error(`servers: cannot be quoted: ${value}`)
  return `"${value}"`
}

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const lines = (...parts) => parts.flat(9).join('\n') + '\n'
/** Served as the file that a folder's name stands for. */
const isFile = (pathname) => !pathname.endsWith('/')

// nginx: an add_header in a location hides those around it, so there is one of each name, with a variable.

const isMapped = ({ others }) => others.size > 0
const variable = ({ name }) => `$keyhold_${name.toLowerCase().replaceAll('-', '_')}`

function nginxMaps(headers) {
  return lines(
    '# Keyhold on nginx, first part. Include it in http { }; nginx-server.conf goes into server { }.',
    headers
      .filter(isMapped)
      .map((header) => [
        `map $uri ${variable(header)} {`,
        `  default ${quoted(header.usual)};`,
        [...header.others].map(([value, pathnames]) =>
          pathnames.filter(isFile).map((pathname) => `  "~${escaped(pathname)}$" ${quoted(value)};`),
        ),
        '}',
      ]),
  )
}

function nginxServer(headers) {
  return lines(
    '# Keyhold on nginx, second part. Include it in server { }, after root and the certificate.',
    '# A location of your own that has an add_header loses all of these.',
    'index index.html;',
    headers.map((header) =>
      isMapped(header)
        ? `add_header ${header.name} ${variable(header)} always;`
        : `add_header ${header.name} ${quoted(header.usual)} always;`,
    ),
    'location ~ /_headers$ { return 404; }',
    'location ~ \\.webmanifest$ { types { } default_type application/manifest+json; }',
    '# The packed copies need the module ngx_brotli (Debian: libnginx-mod-http-brotli-static). With it, add:',
    '#   brotli_static on;',
    'gzip_vary on;',
  )
}

// Apache: a section for files replaces what is set around it.

function apache(headers) {
  const set = ({ name }, value) => `Header always set ${name} ${quoted(value)}`
  return lines(
    '# Keyhold on Apache 2.4. Copy it into the site as .htaccess (with AllowOverride FileInfo), or include it in <Directory>.',
    '# It needs mod_headers, mod_mime and mod_alias, and mod_rewrite for the packed copies.',
    headers.filter(({ usual }) => usual !== '').map((header) => set(header, header.usual)),
    headers.flatMap((header) =>
      [...header.others].map(([value, pathnames]) => {
        const names = pathnames.filter(isFile).map((pathname) => escaped(pathname.slice(pathname.lastIndexOf('/') + 1)))
        // The same, packed.
        return [
          `<FilesMatch "^(${names.join('|')})(\\.br)?$">`,
          value === '' ? `  Header always unset ${header.name}` : `  ${set(header, value)}`,
          '</FilesMatch>',
        ]
      }),
    ),
    'RedirectMatch 404 "/_headers$"',
    'AddType text/javascript .js',
    'AddType application/wasm .wasm',
    'AddType application/manifest+json .webmanifest',
    '# To Apache, .br is Breton.',
    'RemoveLanguage .br',
    'AddEncoding br .br',
    '<IfModule mod_rewrite.c>',
    '  RewriteEngine On',
    '  RewriteCond %{HTTP:Accept-Encoding} \\bbr\\b',
    '  RewriteCond %{REQUEST_FILENAME}.br -f',
    '  RewriteRule ^(.+)$ $1.br [E=no-gzip:1,L]',
    '  Header merge Vary Accept-Encoding',
    '</IfModule>',
  )
}

// Caddy: several header directives that match one request have no order to rely on, so that none overlap.

function caddy(headers) {
  let count = 0
  const matched = (matcher, name, value) => {
    count += 1
    return [`@keyhold_${count} ${matcher}`, `header @keyhold_${count} ${name} ${quoted(value)}`]
  }
  const paths = (pathnames) => pathnames.map((pathname) => `*${pathname}`).join(' ')
  return lines(
    '# Keyhold on Caddy 2. Import it in the block of a site, after root.',
    headers.map(({ name, usual, others }) => [
      usual === ''
        ? []
        : others.size === 0
          ? `header ${name} ${quoted(usual)}`
          : matched(`not path ${paths([...others.values()].flat())}`, name, usual),
      [...others]
        .filter(([value]) => value !== '')
        .map(([value, pathnames]) => matched(`path ${paths(pathnames)}`, name, value)),
    ]),
    matched('path *.webmanifest', 'Content-Type', 'application/manifest+json'),
    'file_server {',
    '  hide _headers',
    '  precompressed br',
    '  disable_canonical_uris',
    '}',
  )
}
