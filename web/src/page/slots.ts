// slots: what is said of the ways into the vault: what each is, what it is good for, and which may go.
import type { SlotInfo } from '../protocol/messages'
import type { Way } from './text'

const TITLES: Record<Way, string> = { passphrase: 'Passphrase', passkey: 'Passkey', recovery: 'Recovery code' }
const ICONS: Record<Way, string> = { passphrase: '#i-key', passkey: '#i-passkey', recovery: '#i-paper' }
const ABOUT: Record<Way, string> = {
  passphrase: 'Works on its own, and only you know it. Nobody can reset it.',
  passkey:
    'Opens the vault with your fingerprint, face or device PIN. Goes with the device or account that holds it, so it is always an extra.',
  recovery: 'For the day the passphrase is forgotten. Keep it on paper, away from this device.',
}

export function slotTitle({ kind, name }: SlotInfo): string {
  return name === '' ? TITLES[kind] : name
}
export function slotKind(kind: Way): string {
  return TITLES[kind]
}
export function slotIcon(kind: Way): string {
  return ICONS[kind]
}
export function slotAbout({ kind, damaged }: SlotInfo): string {
  return damaged ? 'Damaged on disk: it may open nothing any more. Make a new one, and remove this one.' : ABOUT[kind]
}

/** @returns why this way in has to stay, or '' where it may go. The vault itself decides by the same rule. */
export function whyStays(slot: SlotInfo, all: SlotInfo[]): string {
  const others = all.filter(({ id }) => id !== slot.id)
  if (slot.kind === 'passkey' || others.some(({ kind }) => kind !== 'passkey')) return ''
  const instead = slot.kind === 'passphrase' ? 'a recovery code' : 'a passphrase'
  return others.length === 0
    ? `It is the only way in. Add ${instead} before you remove it.`
    : `It stays: without it only passkeys would be left, and those go with their device. Add ${instead} first.`
}

/** What removing it means. */
export function removalWords({ kind }: SlotInfo): string {
  if (kind === 'passphrase')
    return 'The passphrase will no longer open this vault. Keep your recovery code where you will find it.'
  return kind === 'passkey'
    ? 'This passkey will no longer open this vault. Your device keeps it until you delete it in the device’s own settings.'
    : 'This recovery code will no longer open this vault; the paper is then worth nothing. If you forget the passphrase, nothing else will help.'
}
