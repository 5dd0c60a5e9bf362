// window: is this page the window that the vault's frame opened, in a page of another origin? It works on the vault of that
// frame, which in most browsers is kept apart for each site that embeds it.

export const isWindow = /\/unlock(\.html)?$/.test(location.pathname)

/** The frame that opened it; null where there is none, or it is of another origin by now. */
export function openerFrame(): Window | null {
  const opener = window.opener as Window | null
  try {
    return opener?.location.origin === location.origin ? opener : null
  } catch {
    return null
  }
}
