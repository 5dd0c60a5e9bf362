// local-network: is an address on this computer or in its network, and does the browser let this page reach it? Chromium
// and Firefox ask the person first (local network access); WebKit knows no such permission.

type LocalNetwork = 'loopback-network' | 'local-network'

/** As PermissionState, or null: none is needed, or the browser knows none. */
export async function localPermission(url: string): Promise<PermissionState | null> {
  const network = localNetworkOf(url)
  const page = (globalThis.location as WorkerLocation | undefined)?.href
  // A page of this computer itself is asked for nothing.
  if (network === null || page === undefined || localNetworkOf(page) === 'loopback-network') return null
  // The second name is that of Chromium 142 to 144.
  for (const name of [network, 'local-network-access']) {
    try {
      const { state } = await navigator.permissions.query({ name: name as PermissionName })
      return state
    } catch {
      // Not a name that this browser knows.
    }
  }
  return null
}

/** By the address alone: names that lead into the local network are known only where they end in .local. */
export function localNetworkOf(url: string): LocalNetwork | null {
  if (!URL.canParse(url)) return null
  const { hostname } = new URL(url)
  if (/^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return 'loopback-network'
  const isLocal =
    /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+)+$/.test(hostname) ||
    /^\[(f[cd]|fe[89ab])/.test(hostname) ||
    hostname.endsWith('.local')
  return isLocal ? 'local-network' : null
}
