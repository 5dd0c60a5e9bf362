// with-kdf: asks that carry secrets. A passphrase goes to a throw-away worker of its own, never to the vault worker; other
// secret bytes leave with the message.
import type { Answers, Ask, CallId, Proof, SlotId } from '../protocol/messages'
import { taken, wipe } from './bytes'
import type { Connection } from './connection'
import { KeyholdError } from './error'
import type { Launcher } from './launch'

/** What opens the vault. The bytes are transferred: empty for the caller afterwards. */
export type WayIn =
  /** See passphraseBytes(). */
  | { passphrase: Uint8Array }
  /** Both PRF results, one after the other: 64 bytes. */
  | { passkey: SlotId; prf: Uint8Array }
  /** The recovery code as typed, UTF-8. */
  | { recovery: Uint8Array }

export interface Secrets {
  proof?: WayIn
  /** A new passphrase, for what is being made. */
  passphrase?: Uint8Array
  /** Anything else that is to leave this page with the message. */
  bytes?: Uint8Array[]
}

/** The same secrets as the message carries them. */
export interface Carried {
  call: CallId
  proof: Proof
  kdf: MessagePort
  bytes: Uint8Array[]
}

export interface Surroundings {
  launcher: Launcher
  current(): Promise<Connection>
}

export async function askSecretly<A extends Ask>(
  secrets: Secrets,
  ask: (carried: Carried) => A,
  { launcher, current }: Surroundings,
  signal: AbortSignal | undefined,
): Promise<Answers[A['op']]> {
  // Taken from the caller before anything can wait or fail.
  const own = takeAll(secrets)
  const all = [...own.passphrases, ...own.bytes]
  try {
    signal?.throwIfAborted()
    const connection = await current()
    const wasm =
      own.passphrases.length === 0
        ? null
        : await launcher.wasm().catch(() => {
            throw new KeyholdError('ERR_WORKER')
          })
    signal?.throwIfAborted()
    return await send(own, wasm, ask, connection, launcher, signal)
  } finally {
    // Gone once it was transferred; wiped if it never was.
    for (const secret of all) wipe(secret)
  }
}

interface Own {
  proof: WayIn | undefined
  /** The proof's first, where it is one. */
  passphrases: Uint8Array<ArrayBuffer>[]
  /** The proof's first, where it is no passphrase. */
  bytes: Uint8Array<ArrayBuffer>[]
}

function takeAll({ proof, passphrase, bytes = [] }: Secrets): Own {
  const own: Own = { proof, passphrases: [], bytes: [] }
  if (proof !== undefined && 'passphrase' in proof) own.passphrases.push(taken(proof.passphrase))
  else if (proof !== undefined) own.bytes.push(taken('recovery' in proof ? proof.recovery : proof.prf))
  if (passphrase !== undefined) own.passphrases.push(taken(passphrase))
  own.bytes.push(...bytes.map(taken))
  return own
}

function send<A extends Ask>(
  own: Own,
  wasm: ArrayBuffer | null,
  ask: (carried: Carried) => A,
  connection: Connection,
  launcher: Launcher,
  signal: AbortSignal | undefined,
): Promise<Answers[A['op']]> {
  const incoming = connection.beginCall()
  const workers: { terminate(): void }[] = []
  return new Promise<Answers[A['op']]>((resolve, reject) => {
    const giveUp = (reason: unknown) => {
      reject(reason)
      // The vault worker waits for an answer that will not come; it lets go at once.
      incoming.abort()
    }
    const stop = () => giveUp(signal?.reason)
    signal?.addEventListener('abort', stop)
    const ports = own.passphrases.map((passphrase) => {
      const { port1, port2 } = new MessageChannel()
      const worker = launcher.openKdf()
      workers.push(worker)
      worker.onFailed(() => giveUp(new KeyholdError('ERR_WORKER')))
      // Each worker is given bytes of its own: they are transferred.
      worker.start({ wasm: (wasm as ArrayBuffer).slice(0), passphrase, port: port1 })
      return port2
    })
    const message = ask(carried(own, incoming.id, ports))
    connection
      .ask(message, [...ports, ...own.bytes.map(({ buffer }) => buffer)])
      .then(resolve, reject)
      .finally(() => signal?.removeEventListener('abort', stop))
  }).finally(() => {
    for (const worker of workers) worker.terminate()
    incoming.fail(null)
  })
}

function carried({ proof, bytes }: Own, call: CallId, ports: MessagePort[]): Carried {
  const [port] = ports
  const kdf = ports.at(-1) as MessagePort
  if (proof === undefined || 'passphrase' in proof)
    return { call, proof: { way: 'passphrase', kdf: port as MessagePort }, kdf, bytes }
  const [first, ...rest] = bytes as [Uint8Array, ...Uint8Array[]]
  const shown: Proof =
    'recovery' in proof ? { way: 'recovery', code: first } : { way: 'passkey', slot: proof.passkey, prf: first }
  return { call, proof: shown, kdf, bytes: rest }
}
