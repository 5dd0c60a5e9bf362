// answer: what the vault does for each thing a page may ask. One switch; a new op does not compile until it is here.
import type {
  Answers,
  AskOf,
  CallId,
  CallPart,
  CheckOutcome,
  KeyId,
  Op,
  Pasted,
  ProviderId,
  Request,
  Stored,
} from '../protocol/messages'
import { accessOf, decide, requestAccess, revoke } from './access'
import { askServer } from './app-server'
import { runChat, runFetch, type CallSlot } from './calls'
import type { EngineCall, Outcome } from './engine-module'
import { CHECK_LIMITS } from './exchange'
import { Failure, problemOf, take } from './failure'
import {
  audit,
  autoSave,
  backup,
  changeWaysIn,
  exportRaw,
  keepState,
  openBackup,
  openEnv,
  proven,
  repair,
  restore,
  wipe,
} from './keeping'
import type { Questions } from './questions'
import type { Vault } from './vault'

/** One page's end, as far as an answer needs it. */
export interface Asker {
  vault: Vault
  /** Origin of the page, as the usage names it; '' for the vault's own. */
  readonly app: string
  /** What pages of other origins wait for. */
  readonly questions: Questions
  /** Serves another port, for a page of this origin or, with null, of the vault's own. ERR_BAD_INPUT, ERR_TOO_MANY. */
  admit(port: MessagePort, origin: string | null): void
  /** Ends the calls of all pages of this origin. */
  stop(origin: string): void
  /** Registers a call under the page's number: ERR_BAD_INPUT if it is taken, ERR_TOO_MANY above the limit. */
  begin(call: CallId): CallSlot
  end(call: CallId): void
  slot(call: CallId): CallSlot | undefined
  send(call: CallId, part: CallPart): void
}

type Greeted = Exclude<Request, { op: 'hello' | 'helloHost' }>

export async function answer(request: Greeted, asker: Asker): Promise<Answers[Op]> {
  const { vault } = asker
  const mutate = async (plan: Parameters<Vault['mutate']>[0]) => {
    await vault.keeping()
    return vault.mutate(plan, asker)
  }
  switch (request.op) {
    case 'status':
      return vault.status()
    case 'create':
      return proven(request, asker, (proving) => vault.create(request, proving, asker))
    case 'unlock':
      return proven(request, asker, (proving) => vault.unlock(request, proving, asker))
    case 'lock':
      vault.lock()
      return null
    case 'touch':
      vault.touch()
      return null
    case 'providers':
      return vault.engine.providers()
    case 'keys':
      unlocked(vault)
      return vault.engine.keys()
    case 'lookAt':
      await vault.keeping()
      return lookAt(request, vault)
    case 'add':
    case 'replace':
      return store(request, asker)
    case 'beginLogin':
      await vault.keeping()
      return take(vault.engine.beginLogin(request.provider, vault.callbackUrl, vault.now()))
    case 'finishLogin':
      return finishLogin(request, asker)
    case 'check': {
      await vault.keeping()
      const call = vault.engine.checkStored(request.key, vault.now())
      const outcome = await checked(vault, call, request.key)
      vault.noteChecked(request.key, outcome.error?.code ?? 'ok')
      return outcome
    }
    case 'label':
      return vault.key(await mutate(() => vault.engine.planLabel(request.key, request.label, vault.now())))
    case 'delete':
      await mutate(() => vault.engine.planDelete(request.key, vault.now()))
      return null
    case 'setDefault':
      return vault.key(await mutate(() => vault.engine.planDefault(request.key, vault.now())))
    case 'setFailover':
      await mutate(() => vault.engine.planFailover(request.provider, request.on, vault.now()))
      return null
    case 'order':
      await mutate(() => vault.engine.planOrder(request.keys, vault.now()))
      return null
    case 'expires':
      return vault.key(await mutate(() => vault.engine.planExpires(request.key, request.at, vault.now())))
    case 'addEndpoint':
      return vault.provider(
        await mutate(() => vault.engine.planAddEndpoint(request.name, request.base, request.like ?? '', vault.now())),
      )
    case 'removeEndpoint':
      await mutate(() => vault.engine.planRemoveEndpoint(request.provider, vault.now()))
      return null
    case 'setCaps': {
      const { key, day, month } = request
      return vault.key(await mutate(() => vault.engine.planCaps(key, day, month, vault.now())))
    }
    case 'spending':
      unlocked(vault)
      return vault.spending()
    case 'usage':
      unlocked(vault)
      return vault.usage(request.from, request.to)
    case 'newPasskey':
      await vault.keeping()
      unlocked(vault)
      return vault.engine.makePasskey()
    case 'newRecovery':
      await vault.keeping()
      unlocked(vault)
      return vault.engine.makeRecovery()
    case 'addPasskey':
    case 'addRecovery':
    case 'changePassphrase':
    case 'removeSlot':
    case 'rotateRoot':
      return changeWaysIn(request, asker)
    case 'nameSlot':
      await mutate(() => vault.engine.planNameSlot(request.slot, request.name, vault.now()))
      return vault.status()
    case 'setLockAfter':
      await mutate(() => vault.engine.planLockMinutes(request.minutes, vault.now()))
      return vault.status()
    case 'backup':
      return backup(request, asker)
    case 'autoSave':
      return autoSave(request, asker)
    case 'autoSaveAgain':
      await vault.autoSave.again()
      return vault.status()
    case 'autoSaveFile':
      return vault.autoSave.file()
    case 'endAutoSave':
      await mutate(() => vault.engine.planEndAutoSave(vault.now()))
      await vault.autoSave.end()
      return vault.status()
    case 'openBackup':
      return openBackup(request, asker)
    case 'openEnv':
      return openEnv(request, asker)
    case 'restore':
      return restore(request, asker)
    case 'closeImport':
      vault.engine.closeImport()
      return null
    case 'repair':
      return repair(asker)
    case 'keepState':
      return keepState(asker)
    case 'recoverCopy':
      return vault.recoverCopy(asker)
    case 'exportRaw':
      return exportRaw(asker)
    case 'audit':
      return audit(asker)
    case 'wipe':
      return wipe(request, asker)
    case 'admit':
      asker.admit(request.port, request.origin)
      return null
    case 'questions':
      return asker.questions.list
    case 'decide':
      return decide(request, asker)
    case 'grants':
      await vault.keeping()
      unlocked(vault)
      return vault.engine.grants()
    case 'revoke':
      return revoke(request, asker)
    case 'access':
      return accessOf(vault, asker.app)
    case 'requestAccess':
      return requestAccess(request, asker)
    case 'models':
      return models(vault, request.key)
    case 'chat':
      return runChat(request, asker)
    case 'fetch':
      return runFetch(request, asker)
    case 'token':
      asker.slot(request.call)?.takeToken(request.token)
      return null
    case 'setAppKeyUse':
      await mutate(() => vault.engine.planAppKeyUse(request.provider, request.use, vault.now()))
      return null
    case 'appKeyUses':
      await vault.keeping()
      unlocked(vault)
      return vault.engine.appKeyUses()
    case 'receipts':
      await vault.keeping()
      unlocked(vault)
      return take(vault.engine.receipt('list', await vault.storage.readUsage('usage', 'receipts-')))
    case 'server':
      return askServer(request, vault)
    case 'credit':
      asker.slot(request.call)?.credit.grant(request.bytes)
      return null
    case 'abort':
      asker.slot(request.call)?.abort.abort(new Failure('ERR_CANCELLED'))
      return null
    default:
      return unanswered(request)
  }
}

function lookAt(request: Extract<Request, { op: 'lookAt' }>, vault: Vault): Pasted {
  const text = vault.heap.buffer(request.secret)
  try {
    return vault.engine.lookAt(request.provider, text)
  } finally {
    vault.heap.release(text)
  }
}

/** The secret is in the engine's memory from the first line, and nowhere else. */
async function store(request: Extract<Request, { op: 'add' | 'replace' }>, asker: Asker) {
  const { vault } = asker
  const secret = vault.heap.buffer(request.secret)
  try {
    await vault.keeping()
    const { engine } = vault
    const call = () =>
      request.op === 'add'
        ? engine.checkNew(request.provider, secret, vault.now())
        : engine.checkReplacement(request.key, secret, vault.now())
    const of = request.op === 'add' ? request.provider : request.key
    const check = request.unchecked ? null : await checked(vault, call(), of)
    if (check?.error) throw new Failure(check.error)
    const id = await vault.mutate(
      () =>
        request.op === 'add'
          ? vault.engine.planAdd(request.provider, request.label, secret, vault.now())
          : vault.engine.planReplace(request.key, secret, vault.now()),
      asker,
    )
    if (check !== null) vault.noteChecked(id, 'ok')
    return { key: vault.key(id), check }
  } finally {
    vault.heap.release(secret)
  }
}

/** The key goes from the answer into the vault, and is not asked after. */
async function finishLogin({ state, code, key, label }: AskOf<'finishLogin'>, asker: Asker): Promise<Stored> {
  const { vault } = asker
  await vault.keeping()
  const exchanged = vault.engine.exchangeLogin(state, code, key, label, vault.now())
  const { call, done } = await vault.exchange(exchanged, CHECK_LIMITS)
  try {
    const id = await vault.mutate(() => vault.engine.planLogin(call, key, label, vault.now()), asker)
    return { key: vault.key(id), check: null }
  } finally {
    done()
  }
}

/** A refused key is an outcome, not an error; a call that could not be made at all is an error. */
async function checked(vault: Vault, outcome: Outcome<EngineCall>, of: ProviderId | KeyId): Promise<CheckOutcome> {
  if (outcome.error === 'ERR_CHECKED_TOO_OFTEN') {
    const waitMs = vault.engine.checkWaitMs(of, vault.now())
    throw new Failure({ code: outcome.error, retryAfterS: Math.ceil(waitMs / 1_000) })
  }
  take(outcome)
  try {
    const { call, done } = await vault.exchange(outcome, CHECK_LIMITS)
    const problem = call.problem()
    done()
    return problem === null ? { ok: true } : { ok: false, error: problem }
  } catch (error) {
    if (!(error instanceof Failure) || vault.ended) throw error
    return { ok: false, error: problemOf(error) }
  }
}

async function models(vault: Vault, key: string): Promise<string[]> {
  await vault.keeping()
  const { call, done } = await vault.exchange(vault.engine.models(key, vault.now()), CHECK_LIMITS)
  try {
    const problem = call.problem()
    if (problem !== null) throw new Failure(problem)
    return take(call.models())
  } finally {
    done()
  }
}

function unlocked(vault: Vault): void {
  if (vault.engine.state() !== 'unlocked') throw new Failure('ERR_LOCKED')
}

function unanswered(request: never): never {
  void request
  throw new Failure('ERR_BAD_INPUT')
}
