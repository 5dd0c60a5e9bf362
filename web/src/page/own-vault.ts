// own-vault: the vault that this site has in this browser as a tab of its own. In a window that a page's frame opened, copies of its
// keys can be taken into the vault of that frame, which is another: sealed as a backup is, from one worker to the other.
import { passphraseBytes, wipe } from '../engine/bytes'
import { KeyholdEngine, KeyholdError } from '../engine'
import { workersHere } from '../engine/hosted'
import { openerFrame } from './window'

const SEAL_BYTES = 32

export interface OwnCopy {
  file: Uint8Array
  /** Of that file; made up for it. */
  passphrase: Uint8Array
}

/**
 * @param passphrase of the own vault; empty for the caller afterwards
 * @throws KeyholdError ERR_NOT_FOUND where there is no such vault; what unlock() and backup() say
 */
export async function copyOwnVault(passphrase: Uint8Array): Promise<OwnCopy> {
  const own = await KeyholdEngine.connect(await workersHere())
  const again = passphrase.slice()
  let opened = false
  try {
    const { state } = await own.status()
    if (state === 'absent') throw new KeyholdError('ERR_NOT_FOUND')
    if (state === 'locked') await own.unlock({ passphrase })
    opened = state === 'locked'
    const seal = sealPhrase()
    const { file } = await own.backup({ passphrase: again }, passphraseBytes(seal), { copiedTo: hostOrigin() })
    return { file, passphrase: passphraseBytes(seal) }
  } finally {
    wipe(again)
    wipe(passphrase)
    // As it was: it is not the one that this window is for.
    if (opened) await own.lock().catch(() => {})
    own.close()
  }
}

/** Of the page that the frame is in, as far as the engine tells. */
export function hostOrigin(): string {
  const frame = openerFrame()
  const { referrer = '' } = frame?.document ?? {}
  return frame?.location.ancestorOrigins?.[0] ?? (URL.canParse(referrer) ? new URL(referrer).origin : 'another site')
}

function sealPhrase(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(SEAL_BYTES)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
