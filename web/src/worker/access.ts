// access: what pages of other origins ask of the vault, and what the user answers.
import type { Access, AskOf } from '../protocol/messages'
import type { Asker } from './answer'
import { Failure } from './failure'
import type { Vault } from './vault'

/** What a page of this origin may learn. */
export async function accessOf(vault: Vault, origin: string): Promise<Access> {
  if (vault.engine.state() !== 'unlocked') return { state: 'needs-user' }
  await vault.keeping()
  const rows = await vault.storage.readUsage('spend')
  return vault.engine.access(origin, rows, vault.now())
}

/** Asks the user, unless they have allowed it before. */
export async function requestAccess({ call, wish }: AskOf<'requestAccess'>, asker: Asker): Promise<Access> {
  const { vault, app: origin } = asker
  const slot = asker.begin(call)
  try {
    if (!(await covers(vault, origin, wish))) await asker.questions.ask(origin, wish, slot.abort.signal)
    return await accessOf(vault, origin)
  } finally {
    asker.end(call)
  }
}

async function covers(vault: Vault, ...[origin, wish]: [string, AskOf<'requestAccess'>['wish']]): Promise<boolean> {
  if (vault.engine.state() !== 'unlocked') return false
  await vault.keeping()
  return vault.engine.covers(origin, wish, vault.now())
}

export async function decide({ question, terms }: AskOf<'decide'>, asker: Asker): Promise<null> {
  const { vault, questions } = asker
  const origin = questions.originOf(question)
  if (terms !== null) {
    await vault.keeping()
    await vault.mutate(() => vault.engine.planGrant(origin, terms, vault.now()), asker)
  }
  questions.answer(question, terms !== null)
  return null
}

export async function revoke({ grant }: AskOf<'revoke'>, asker: Asker): Promise<null> {
  const { vault } = asker
  await vault.keeping()
  const found = vault.engine.grants().find(({ id }) => id === grant)
  if (found === undefined) throw new Failure('ERR_NOT_FOUND')
  await vault.mutate(() => vault.engine.planRevoke(grant, vault.now()), asker)
  asker.stop(found.origin)
  return null
}

/** For those who are told of changes: has it a grant now? */
export async function hasGrant(vault: Vault, origin: string): Promise<boolean> {
  return (await accessOf(vault, origin)).state === 'granted'
}
