// port: a port of the vault worker, spoken to by hand.
import { keyhold } from './load.mjs'

export const hello = { id: 1, op: 'hello', protocol: keyhold.PROTOCOL_VERSION, build: 'dev' }

/** say() posts and gives the reply with that id; `events` collects the rest. */
export function spoken(port) {
  const events = []
  const waiting = new Map()
  port.addEventListener('message', ({ data }) => {
    if ('event' in data) events.push(data)
    else waiting.get(data.id)?.(data)
  })
  const say = (message, transfer = []) =>
    new Promise((done) => {
      waiting.set(message.id, done)
      port.postMessage(message, transfer)
    })
  return { say, events, port }
}
