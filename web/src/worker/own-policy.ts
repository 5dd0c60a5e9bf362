// own-policy: would this Content-Security-Policy have let that request pass? Read as browsers read it, for engines that do
// not say so themselves.

const HOST_SOURCE = /^(?:([a-z][a-z0-9+.-]*):\/\/)?((?:\*\.)?[a-z0-9.-]+|\*)(?::(\d+|\*))?(?:\/.*)?$/i
const DEFAULT_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' }

/** @param header several policies are joined by commas; each must let it pass. Without one, everything passes. */
export function forbids(header: string, asked: string): boolean {
  if (!URL.canParse(asked)) return false
  const url = new URL(asked)
  return header.split(',').some((policy) => {
    const sources = sourcesOf(policy)
    return sources !== null && !sources.some((source) => allows(source, url))
  })
}

/** Of connect-src, else of default-src; null where the policy has neither. */
function sourcesOf(policy: string): string[] | null {
  const directives = policy.split(';').map((directive) => directive.trim().split(/\s+/))
  const find = (name: string) => directives.find(([first]) => first?.toLowerCase() === name)
  return (find('connect-src') ?? find('default-src'))?.slice(1) ?? null
}

function allows(source: string, url: URL): boolean {
  if (source === "'self'") return url.origin === location.origin
  if (source === '*') return /^https?:$/.test(url.protocol)
  if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return schemeFits(source.toLowerCase(), url.protocol)
  const [, scheme, host = '', port] = HOST_SOURCE.exec(source.toLowerCase()) ?? []
  if (host === '' || !schemeFits(`${scheme ?? 'https'}:`, url.protocol)) return false
  const hostFits = host.startsWith('*') ? url.hostname.endsWith(host.slice(1)) : url.hostname === host
  const own = url.port || DEFAULT_PORTS[url.protocol]
  return hostFits && (port === '*' || own === (port ?? DEFAULT_PORTS[url.protocol]))
}

/** What allows http allows https, too. */
function schemeFits(allowed: string, protocol: string): boolean {
  return allowed === protocol || (allowed === 'http:' && protocol === 'https:')
}
