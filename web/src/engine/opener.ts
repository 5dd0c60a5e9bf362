// opener: ports for a window that the vault's frame opened: it hands them to the frame, which has its worker serve them.
import { WINDOW_PORT } from '../protocol/frame'
import { messagePort, type WorkerPort } from '../wire/port'

export function openerPort(opener: Window): WorkerPort {
  const { port1, port2 } = new MessageChannel()
  // If the frame was led elsewhere meanwhile, the browser delivers this to nobody.
  opener.postMessage(WINDOW_PORT, location.origin, [port2])
  return messagePort(port1)
}
