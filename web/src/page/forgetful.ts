// forgetful: will this browser keep the vault of this window? WebKit keeps what one site embeds of another only until it is
// closed, and says so nowhere.
import { isWindow, openerFrame } from './window'

export interface Surroundings {
  vendor: string
  origin: string
  /** Of the pages around the frame whose vault it is, from the inside out. */
  ancestors: readonly string[]
}

export function isKeptUntilClosed({ vendor, origin, ancestors }: Surroundings): boolean {
  return vendor.startsWith('Apple') && ancestors.some((one) => !sameSite(one, origin))
}

export function keptUntilClosed(): boolean {
  const frame = isWindow ? openerFrame() : null
  if (frame === null) return false
  const { origin, ancestorOrigins } = frame.location
  return isKeptUntilClosed({ vendor: navigator.vendor, origin, ancestors: [...(ancestorOrigins ?? [])] })
}

/**
 * The same host, or both below the same name of two parts. Where only a list of suffixes could tell (`a.co.uk`, `b.co.uk`), two
 * sites are taken for one, and nothing is said.
 */
function sameSite(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)]
  const site = ({ hostname }: URL) => hostname.split('.').slice(-2).join('.')
  return a.protocol === b.protocol && (a.hostname === b.hostname || (/[a-z]$/.test(a.hostname) && site(a) === site(b)))
}
