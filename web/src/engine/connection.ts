// connection: a connection of a page of the vault's own to its worker: of the same build, or none.
import { BUILD } from '../protocol/build'
import { PROTOCOL_VERSION, type Hello } from '../protocol/messages'
import { openConnection as open, type Connection as AnyConnection } from '../wire/connection'
import type { Launcher } from './launch'

export { RECONNECT_AFTER_MS } from '../wire/connection'
export type Connection = AnyConnection<Hello>

/** @throws KeyholdError ERR_WORKER after 10 s; at once what the worker refused with (ERR_SELF_TEST, ERR_VERSION...). */
export function openConnection(launcher: Pick<Launcher, 'start' | 'shared' | 'openPort'>): Promise<Connection> {
  return open<Hello>({
    shared: launcher.shared,
    openPort: () => launcher.openPort(),
    greet(port, ask) {
      port.post(launcher.start)
      return ask({ op: 'hello', protocol: PROTOCOL_VERSION, build: BUILD }) as Promise<Hello>
    },
  })
}
