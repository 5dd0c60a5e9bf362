// keeping: ways in, backup, import, activity, repair and the end of a vault, as a page asks for them.
import type {
  AskOf,
  AuditTrail,
  BackupFile,
  CallId,
  ImportPreview,
  ImportResult,
  Proof,
  Status,
} from '../protocol/messages'
import type { Asker } from './answer'
import type { EngineBuffer, Outcome, Plan } from './engine-module'
import { Failure, take } from './failure'
import { Proving } from './proof'

/** What the page has the person type before the vault is deleted. */
const WIPE_WORD = 'delete'

/** Runs what carries a proof or a passphrase, under the page's call number, and forgets both at its end. */
export async function proven<T>(
  request: { call: CallId; kdf?: MessagePort; proof?: Proof; by?: Proof },
  asker: Asker,
  work: (proving: Proving) => Promise<T>,
): Promise<T> {
  const proving = new Proving(asker.vault, asker.begin(request.call).abort.signal, request)
  try {
    return await work(proving)
  } finally {
    proving.end()
    asker.end(request.call)
  }
}

export function changeWaysIn(
  request: AskOf<'addPasskey' | 'addRecovery' | 'changePassphrase' | 'removeSlot' | 'rotateRoot'>,
  asker: Asker,
): Promise<Status> {
  return proven(request, asker, async (proving) => {
    const { vault } = asker
    await vault.keeping()
    return vault.prove(request.proof.way, async () => {
      const proof = await proving.key(request.proof)
      await vault.mutate(await planFor(request, proof), asker)
      return vault.status()
    })

    async function planFor(
      asked: typeof request,
      proof: EngineBuffer,
    ): Promise<() => Outcome<Plan> | Promise<Outcome<Plan>>> {
      switch (asked.op) {
        case 'addPasskey': {
          const prf = proving.secret(asked.prf)
          return () => vault.engine.planAddPasskey(proof, asked.credential, asked.rp, prf, asked.name, vault.now())
        }
        case 'addRecovery': {
          const typed = proving.secret(asked.typed)
          return () => vault.engine.planAddRecovery(proof, typed, vault.now())
        }
        case 'changePassphrase': {
          take(vault.engine.prove(proof))
          const port = proving.port(asked.kdf)
          const spec = vault.engine.newKdf(await port.measure())
          const key = await proving.derive(port, spec)
          return () => vault.engine.planChangePassphrase(proof, spec, key, vault.now())
        }
        case 'removeSlot':
          return () => vault.engine.planRemoveSlot(proof, asked.slot, vault.now())
        case 'rotateRoot': {
          const kept = [proof]
          for (const { slot, prf } of asked.passkeys) kept.push(await proving.key({ way: 'passkey', slot, prf }))
          const typed = proving.secret(asked.typed)
          const numbers = kept.map(({ number }) => number)
          // Read anew for each try: another tab may have added to it.
          return async () => {
            const [audit, usage] = [await vault.storage.readAudit(), await vault.storage.readAllUsage()]
            const plan = vault.engine.planRotateRoot(numbers, typed, [...audit, ...usage], vault.now())
            return plan.error === undefined ? { value: { ...plan.value, usage } } : plan
          }
        }
      }
    }
  })
}

/** A way in shown for what leaves the vault, and the key of a file that is to be made. */
async function forFile(request: AskOf<'backup' | 'autoSave'>, vault: Asker['vault'], proving: Proving) {
  await vault.keeping()
  const proof = await vault.prove(request.proof.way, async () => {
    const key = await proving.key(request.proof)
    take(vault.engine.prove(key))
    return key
  })
  const spec = vault.engine.backupSpec()
  return { proof, spec, key: await proving.derive(proving.port(request.kdf), spec) }
}

export function backup(request: AskOf<'backup'>, asker: Asker): Promise<BackupFile> {
  return proven(request, asker, async (proving) => {
    const { vault } = asker
    const { proof, spec, key } = await forFile(request, vault, proving)
    const made = vault.now()
    const file = take(vault.engine.makeBackup(proof, spec, key, made))
    const keys = vault.engine.keys().length
    // The file is good also where that cannot be written down: in a damaged vault it is what is wanted most.
    await vault
      .mutate(() => vault.engine.planBackedUp(request.copiedTo, made), asker)
      .catch((error: unknown) => {
        if (vault.ended) throw error
      })
    return { name: `keyhold-${new Date(made).toISOString().slice(0, 10)}.keyhold`, file, keys }
  })
}

export function autoSave(request: AskOf<'autoSave'>, asker: Asker): Promise<Status> {
  return proven(request, asker, async (proving) => {
    const { vault } = asker
    await vault.autoSave.tryOut(request.file)
    const { proof, spec, key } = await forFile(request, vault, proving)
    await vault.autoSave.begin(request.file, () =>
      vault.mutate(() => vault.engine.planAutoSave(proof, spec, key, vault.now()), asker),
    )
    return vault.status()
  })
}

export function openBackup(request: AskOf<'openBackup'>, asker: Asker): Promise<ImportPreview> {
  return proven(request, asker, async (proving) => {
    await asker.vault.keeping()
    const spec = take(asker.vault.engine.backupKdf(request.file, request.large ? 1 : 0))
    const key = await proving.derive(proving.port(request.kdf), spec)
    take(asker.vault.engine.openBackup(request.file, key))
    return take(asker.vault.engine.preview())
  })
}

export async function openEnv({ file }: AskOf<'openEnv'>, { vault }: Asker): Promise<ImportPreview> {
  const text = vault.heap.buffer(file)
  try {
    await vault.keeping()
    take(vault.engine.openEnv(text, vault.now()))
    return take(vault.engine.preview())
  } finally {
    vault.heap.release(text)
  }
}

export async function restore({ choices }: AskOf<'restore'>, asker: Asker): Promise<ImportResult> {
  const { vault } = asker
  await vault.keeping()
  await vault.mutate(() => vault.engine.planImport(choices, vault.now()), asker)
  vault.engine.closeImport()
  const count = (choice: (typeof choices)[number]) => choices.filter((one) => one === choice).length
  return { added: count('add'), replaced: count('replace'), skipped: count('skip') }
}

export async function repair(asker: Asker): Promise<Status> {
  const { vault } = asker
  await vault.keeping()
  const copy = await vault.copy.read()
  if (copy === null) throw new Failure('ERR_NOT_FOUND')
  await vault.mutate(() => vault.engine.planRepair(copy, vault.now()), asker)
  return vault.status()
}

export async function keepState(asker: Asker): Promise<Status> {
  const { vault } = asker
  await vault.keeping()
  await vault.mutate(() => vault.engine.planKeepState(vault.now()), asker)
  return vault.status()
}

export async function audit(asker: Asker): Promise<AuditTrail> {
  const { vault } = asker
  await vault.keeping()
  await vault.mutate(() => vault.engine.planNotes(), asker)
  return take(vault.engine.audit(await vault.storage.readAudit()))
}

/** Sealed as it lies: it opens with the vault's own ways in, and with nothing less. */
export async function exportRaw({ vault }: Asker): Promise<Uint8Array> {
  await vault.keeping()
  const { envelopes, ledger } = await vault.storage.readAll()
  const apart = [...(await vault.storage.readAudit()), ...(await vault.storage.readAllUsage())]
  return vault.engine.archive([...envelopes, ...ledger, ...apart])
}

export async function wipe({ word }: AskOf<'wipe'>, { vault }: Asker): Promise<null> {
  if (word.trim().toLowerCase() !== WIPE_WORD) throw new Failure('ERR_BAD_INPUT')
  await vault.wipe()
  return null
}
