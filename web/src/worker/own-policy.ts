// own-policy: would this Content-Security-Policy have stopped that request? For engines that do not say so themselves. Sure
// only of what our own headers are written with (web/hosting): where the policy has anything else, it is not blamed.

const OURS = /^('self'|'none'|https?:(\/\/[\w.-]+(:\d+)?)?|http:\/\/[\w.-]+:\*)$/

export function forbids(header: string, asked: string): boolean {
  const sources = /\bconnect-src ([^;,]+)/.exec(header)?.[1]?.trim().split(' ')
  if (sources === undefined || !URL.canParse(asked)) return false
  const { origin, protocol, hostname } = new URL(asked)
  if (origin === location.origin) return false
  const passes = [origin, protocol, 'http:', `http://${hostname}:*`]
  return sources.every((source) => OURS.test(source) && !passes.includes(source))
}
