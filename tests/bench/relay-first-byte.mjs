// relay-first-byte: how much later an answer's first byte is there by way of the server than from the provider itself: one call
// after the other on a kept connection, and from fifty clients that each ask five times a second. A busy machine adds to it each time
// a process has to wake up; nginx, which only passes on, shows how much.
import { onRelayStage, startNginx } from './relay-stage.mjs'

export function measureRelayFirstByte() {
  return onRelayStage(async ({ folder, upstreamPort, ends, direct, relayed, load }) => {
    const nginx = await startNginx(folder, 'default', upstreamPort)
    ends.push(nginx.stop)
    const [port, path] = direct('small')
    const targets = [port, path, ...relayed('small'), nginx.port, path]
    const [alone, fifty] = [await load('first', 1, 400, 0, ...targets), await load('first', 50, 20, 200, ...targets)]
    return [
      { name: 'first byte later than direct, one call at a time', value: alone[1] - alone[0], unit: 'ms' },
      { name: 'first byte later than direct, 50 clients', value: fifty[1] - fifty[0], unit: 'ms' },
      { name: 'by way of nginx, one call at a time', value: alone[2] - alone[0], unit: 'ms' },
      { name: 'by way of nginx, 50 clients', value: fifty[2] - fifty[0], unit: 'ms' },
      { name: 'first byte, direct', value: alone[0], unit: 'ms' },
    ]
  })
}
