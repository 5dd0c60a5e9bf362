// with-kdf: create and unlock. The passphrase goes to a throw-away worker of its own and never to the vault worker.
import type { Status } from '../protocol/messages'
import { taken, wipe } from './bytes'
import type { Connection } from './connection'
import { KeyholdError } from './error'
import type { Launcher } from './launch'

export async function askWithKdf(
  op: 'create' | 'unlock',
  passphrase: Uint8Array,
  launcher: Launcher,
  current: () => Promise<Connection>,
  signal: AbortSignal | undefined,
): Promise<Status> {
  // Taken from the caller before anything can wait or fail.
  const secret = taken(passphrase)
  try {
    signal?.throwIfAborted()
    const connection = await current()
    const wasm = await launcher.wasm().catch(() => {
      throw new KeyholdError('ERR_WORKER')
    })
    signal?.throwIfAborted()
    return await derive(op, secret, wasm, connection, launcher, signal)
  } finally {
    // Gone once it was transferred; wiped if it never was.
    wipe(secret)
  }
}

function derive(
  op: 'create' | 'unlock',
  passphrase: Uint8Array,
  wasm: ArrayBuffer,
  connection: Connection,
  launcher: Launcher,
  signal: AbortSignal | undefined,
): Promise<Status> {
  const incoming = connection.beginCall()
  const { port1, port2 } = new MessageChannel()
  const worker = launcher.openKdf()
  return new Promise<Status>((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason)
      // The vault worker waits for an answer that will not come; it lets go at once.
      incoming.abort()
    }
    const stop = () => giveUp(signal?.reason)
    signal?.addEventListener('abort', stop)
    worker.onFailed(() => giveUp(new KeyholdError('ERR_WORKER')))
    worker.start({ wasm, passphrase, port: port1 })
    connection
      .ask({ op, call: incoming.id, kdf: port2 }, [port2])
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', stop))
  }).finally(() => {
    worker.terminate()
    incoming.fail(null)
  })
}
