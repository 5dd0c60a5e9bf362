// frame: what a host page's module and the vault's frame say to each other, and the frame and the window it opens. Nothing of
// a vault goes this way, only ports on which to speak with its worker.

/** Host page -> frame, once, with one port, on which the rest is said. */
export const HOST_HELLO = { keyhold: 'host', version: 1 } as const

/** The frame's own window -> frame, with one port: to be served as one of the vault's own pages. */
export const WINDOW_PORT = { keyhold: 'window-port', version: 1 } as const

/** Host page -> frame. With `port` comes one, to be served as the host's. */
export type FrameAsk = { ask: 'port' }

export type FrameNews =
  /** The hand-shake is made. */
  | { news: 'ready' }
  /** It is not, and this port is at its end. */
  | { news: 'refused'; why: 'origin' | 'nested' | 'again' }
  /** The browser opened no window at the user's click. */
  | { news: 'blocked' }
  /** The window that the user had opened is closed. */
  | { news: 'closed' }

/** Is `data` this message, and nothing more? Of objects from elsewhere, nothing but own properties counts. */
export function isExactly(data: unknown, message: Record<string, unknown>): boolean {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false
  const given = Object.entries(data)
  return (
    given.length === Object.keys(message).length &&
    given.every(([name, value]) => Object.hasOwn(message, name) && message[name] === value)
  )
}
