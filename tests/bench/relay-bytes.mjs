// relay-bytes: streams of 2,000 events through the server, which reads the usage of each, and through nginx, which reads nothing.
import { cpuOf, onRelayStage, startNginx } from './relay-stage.mjs'
import { interleaved, median } from './timing.mjs'

const STREAMS = 1000
const CONNECTIONS = 16
const ROUNDS = 7

export function measureRelayBytes() {
  return onRelayStage(async ({ server, upstreamPort, folder, ends, direct, relayed, load }) => {
    const proxies = {
      nginx: await startNginx(folder, 'default', upstreamPort),
      'nginx with buffers of 64 KiB': await startNginx(folder, 'large', upstreamPort, { more: 'proxy_buffer_size 64k; proxy_buffers 8 64k;' }),
    }
    ends.push(...Object.values(proxies).map(({ stop }) => stop))
    const spent = new Map()
    const read = (target, pid) => async () => {
      const before = pid ? cpuOf(pid) : 0
      const [ms, bytes] = await load('drain', ...target, CONNECTIONS, STREAMS)
      if (bytes < 300_000) throw new Error(`an answer of ${bytes} bytes`)
      if (pid) spent.set(pid, [...(spent.get(pid) ?? []), cpuOf(pid) - before])
      return ms
    }
    const [, path] = direct('stream')
    const targets = Object.values(proxies).map(({ port, child }) => read([port, path], child.pid))
    const [ours, alone, ...theirs] = await interleaved(
      [read(relayed('stream'), server.child.pid), read(direct('stream')), ...targets],
      ROUNDS,
    )
    const cpu = (pid) => median(spent.get(pid))
    const figures = Object.entries(proxies).flatMap(([name, { child }], at) => [
      { name: `streams of 2,000 events: time / ${name}`, value: ours / theirs[at], unit: 'x' },
      { name: `streams of 2,000 events: processor / ${name}`, value: cpu(server.child.pid) / cpu(child.pid), unit: 'x' },
    ])
    const mb = (ms) => (STREAMS * 0.35) / (ms / 1000)
    return [
      ...figures,
      { name: 'streams of 2,000 events: nginx / no proxy', value: Math.min(...theirs) / alone, unit: 'x' },
      { name: 'streams of 2,000 events, relayed', value: mb(ours), unit: 'MB/s' },
    ]
  })
}
