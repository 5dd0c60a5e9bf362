// local-network: is an address on this computer or in its network, and does the browser let this page reach it? Chromium
// and Firefox ask the person first (local network access); WebKit knows no such permission.

type LocalNetwork = 'loopback-network' | 'local-network'

/**
 * A worker of many pages cannot make the browser ask the person, so what was not asked yet is withheld like what was denied.
 * Not withheld: no leave is needed, or the browser knows none.
 */
export async function localWithheld(url: string): Promise<boolean> {
  const network = localNetworkOf(url)
  // The second name is that of Chromium 142 to 144.
  for (const name of network === null ? [] : [network, 'local-network-access']) {
    try {
      // A page of this computer itself is asked for nothing.
      if (localNetworkOf(location.href) === 'loopback-network') return false
      return (await navigator.permissions.query({ name: name as PermissionName })).state !== 'granted'
    } catch {
      // Not a name that this browser knows.
    }
  }
  return false
}

/** By the address alone: names that lead into the local network are known only where they end in .local. */
export function localNetworkOf(url: string): LocalNetwork | null {
  const { hostname } = new URL(url)
  if (/^(.*\.)?localhost$|^127\.[\d.]+$|^\[::1]$/.test(hostname)) return 'loopback-network'
  const local = /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\.[\d.]+$|^\[f[cde]|\.local$/
  return local.test(hostname) ? 'local-network' : null
}
