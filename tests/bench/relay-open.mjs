// relay-open: what a stream costs the server in memory while it is open and nearly idle, after its first 300 KB.
import { memoryOf, onRelayStage } from './relay-stage.mjs'

const KINDS = { plain: { streams: 5000 }, TLS: { streams: 1000, tls: true } }
const BYTES = 290_000
/** Each has had some more events by then. */
const SETTLED_MS = 6000

export async function measureRelayOpen() {
  const figures = []
  for (const [name, { streams, tls }] of Object.entries(KINDS)) {
    const kib = await onRelayStage(
      async ({ server, relayed, load, hold }) => {
        // What it keeps of any work is not the streams'.
        await load('drain', ...relayed('stream'), 8, 100)
        const before = memoryOf(server.child.pid)
        const release = await hold(relayed('open'), streams, BYTES)
        await new Promise((done) => setTimeout(done, SETTLED_MS))
        const after = memoryOf(server.child.pid)
        await release()
        return (after.Rss - before.Rss) / streams
      },
      { tls },
    )
    figures.push({ name: `memory of an open stream, ${streams.toLocaleString('en')} at once, ${name} provider`, value: kib, unit: 'KiB' })
  }
  return figures
}
