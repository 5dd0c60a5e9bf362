// ways-list: the ways into the vault: what there is, what is missing, and what can be done with each.
import { component, signal } from '../alpine'
import { whyNoPasskeys } from '../passkey'
import { session } from '../session'
import { removalWords, slotAbout, slotIcon, slotKind, slotTitle, whyStays } from '../slots'
import { ago } from '../time'
import { vault } from '../vault'
import type { SlotInfo } from '../../protocol/messages'
import type { Way } from '../text'

interface Row {
  id: string
  kind: Way
  icon: string
  title: string
  /** The kind, where the title is a name of the person's own. */
  kindName: string
  about: string
  made: string
  /** "Change", "Replace", or ''. */
  change: string
  changeLabel: string
  renameLabel: string
  removeLabel: string
  /** Why it cannot be removed; '' where it can. */
  stays: string
}

export const waysList = () =>
  component({
    get rows(): Row[] {
      const { slots, now } = session()
      return slots.map((slot) => rowOf(slot, slots, now))
    },
    get hasPassphrase(): boolean {
      return session().slots.some(({ kind }) => kind === 'passphrase')
    },
    get hasRecovery(): boolean {
      return session().slots.some(({ kind }) => kind === 'recovery')
    },
    get passkeyTitle(): string {
      return session().slots.some(({ kind }) => kind === 'passkey') ? 'Another passkey' : 'No passkey yet'
    },
    get whyNoPasskeys(): string {
      return whyNoPasskeys()
    },

    change(kind: Way) {
      signal(kind, null)
    },
    rename(slot: string) {
      signal('name-slot', { slot })
    },
    remove(id: string) {
      const slot = session().slots.find((one) => one.id === id)
      if (slot === undefined) return
      const what = slotKind(slot.kind).toLowerCase()
      signal('prove', {
        title: `Remove this ${what}?`,
        text: removalWords(slot),
        subject: `${slotTitle(slot)} · added ${ago(slot.createdAt, session().now)}`,
        action: 'Remove',
        danger: true,
        run: async (proof, signal) => {
          session().take(await vault().removeSlot(proof, id, { signal }))
          session().say(`${slotTitle(slot)} removed.`)
        },
      })
    },
  })

function rowOf(slot: SlotInfo, all: SlotInfo[], now: number): Row {
  const title = slotTitle(slot)
  const kind = slotKind(slot.kind)
  return {
    id: slot.id,
    kind: slot.kind,
    icon: slotIcon(slot.kind),
    title,
    kindName: slot.name === '' ? '' : kind,
    // Said once, however many there are of a kind.
    about: slot.damaged || all.find(({ kind }) => kind === slot.kind) === slot ? slotAbout(slot) : '',
    made: `Added ${ago(slot.createdAt, now)}`,
    change: slot.kind === 'passphrase' ? 'Change' : slot.kind === 'recovery' ? 'Replace' : '',
    changeLabel: slot.kind === 'passphrase' ? 'Change the passphrase' : 'Replace the recovery code',
    renameLabel: `Rename ${title}`,
    removeLabel: `Remove ${title}`,
    stays: whyStays(slot, all),
  }
}
