// relay-first-byte: how much later an answer's first byte is there by way of the server than from the provider itself: one call
// after the other on a kept connection, and from fifty clients that each ask five times a second.
import { onRelayStage } from './relay-stage.mjs'

export function measureRelayFirstByte() {
  return onRelayStage(async ({ direct, relayed, load }) => {
    const between = async (connections, rounds, spreadMs) => {
      const [theirs, ours] = await load('first', connections, rounds, spreadMs, ...direct('small'), ...relayed('small'))
      return { added: ours - theirs, theirs }
    }
    const alone = await between(1, 400, 0)
    const fifty = await between(50, 20, 200)
    return [
      { name: 'first byte later than direct, one call at a time', value: alone.added, unit: 'ms' },
      { name: 'first byte later than direct, 50 clients', value: fifty.added, unit: 'ms' },
      { name: 'first byte, direct', value: alone.theirs, unit: 'ms' },
    ]
  })
}
