// relay-calls: how many short calls a second the server makes from end to end: a token checked, money held, the provider asked, the
// answer read and passed on, and settled in SQLite. As it is configured by default.
import { cpuOf, onRelayStage } from './relay-stage.mjs'
import { interleaved } from './timing.mjs'

const CALLS = 2000
const CONNECTIONS = 50
const ROUNDS = 7

export function measureRelayCalls() {
  return onRelayStage(
    async ({ server, direct, relayed, load }) => {
      const calls = (target) => async () => (await load('drain', ...target, CONNECTIONS, CALLS))[0]
      const before = cpuOf(server.child.pid)
      const [ours, theirs] = await interleaved([calls(relayed('small')), calls(direct('small'))], ROUNDS)
      const cpu = (cpuOf(server.child.pid) - before) / (ROUNDS + 2) / CALLS
      return [
        { name: 'calls from end to end', value: CALLS / (ours / 1000), unit: '/s' },
        { name: 'calls that client and provider make alone', value: CALLS / (theirs / 1000), unit: '/s' },
        { name: 'a call: processor of the server', value: cpu * 1e6, unit: 'us' },
      ]
    },
    { threads: 2 },
  )
}
