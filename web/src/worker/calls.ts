// calls: chat and fetch: one call whose answer goes to the page piece by piece, as fast as the page takes it.
import type { ErrorCode } from '../protocol/errors'
import type { AskOf, CallId, CallPart, CallSummary, ResponseHead } from '../protocol/messages'
import type { Asker } from './answer'
import { Credit } from './credit'
import type { BodySeen, CallEvent, EngineCall, Outcome } from './engine-module'
import { CHAT_LIMITS, FETCH_LIMITS } from './exchange'
import { Failure, problemOf } from './failure'
import type { Answered } from './under-way'

/** How much of each end of a body the engine looks at, where it does not read all: more than a form's first line. */
const SEEN_BYTES = 256
/** A page of another site is another process: Chromium sends it so much as it is, and maps fresh memory for more. */
const PIECE_BYTES_TO_OTHERS = 64 * 1024
/** What the app's key may do instead, if it may do anything: the engine decides. */
const WITHOUT_KEY: readonly (ErrorCode | undefined)[] = ['ERR_NO_KEY', 'ERR_LOCKED', 'ERR_NEEDS_USER']

/** What a port keeps of one call under way. */
export class CallSlot {
  readonly abort = new AbortController()
  readonly credit = new Credit()
  /** Where the page's token goes, once it was asked for. */
  takeToken: (token: string | null) => void = () => {}

  /** For Caller.room: nothing to wait for while there is credit. */
  room(signal: AbortSignal): Promise<void> | undefined {
    return this.credit.exhausted ? this.credit.room(signal) : undefined
  }
}

/** Asks the page for its token. ERR_NO_TOKEN; the signal's reason. */
function tokenFor(call: CallId, asker: Asker, slot: CallSlot, signal: AbortSignal): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // It may have been over before it came to this.
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason))
    slot.takeToken = (token) =>
      token === null ? reject(new Failure('ERR_NO_TOKEN')) : resolve(new TextEncoder().encode(token))
    asker.send(call, { type: 'token' })
  })
}

export async function runChat(ask: AskOf<'chat'>, asker: Asker): Promise<CallSummary> {
  const { vault } = asker
  const slot = asker.begin(ask.call)
  try {
    await vault.keeping()
    slot.abort.signal.throwIfAborted()
    const { key, app, model, messages, maxTokens } = ask
    const { engine } = vault
    const answered = await vault.exchange(
      app === null
        ? engine.chat(key ?? '', model, messages, maxTokens, vault.now())
        : engine.chatByApp(app.offer, app.provider, model, messages, maxTokens),
      CHAT_LIMITS,
      {
        events(events) {
          for (const part of merged(events)) {
            slot.credit.spend(part.text.length)
            asker.send(ask.call, part)
          }
        },
        room: (signal) => slot.room(signal),
        token: (signal) => tokenFor(ask.call, asker, slot, signal),
      },
      slot.abort.signal,
      asker.app,
    )
    const problem = (app === null ? null : engine.relayProblem(answered.call)) ?? answered.call.problem()
    const summary = summaryOf(answered)
    if (problem !== null) throw new Failure(problem)
    asker.send(ask.call, { type: 'end', summary })
    return summary
  } finally {
    asker.end(ask.call)
  }
}

/** Resolves with the head, whatever its status: that is the caller's to read. The body follows, up to `end` or `failed`. */
export function runFetch(ask: AskOf<'fetch'>, asker: Asker): Promise<ResponseHead> {
  return new Promise((resolve, reject) => {
    let headGiven = false
    const giveHead = (head: ResponseHead) => {
      headGiven = true
      resolve(head)
    }
    runBody(ask, asker, giveHead).catch((error: unknown) => {
      if (!headGiven) return reject(error)
      asker.send(ask.call, { type: 'failed', error: problemOf(error) })
      asker.vault.crash(error)
    })
  })
}

async function runBody(ask: AskOf<'fetch'>, asker: Asker, giveHead: (head: ResponseHead) => void): Promise<void> {
  const { vault } = asker
  const slot = asker.begin(ask.call)
  try {
    const answered = await vault.exchange(
      await asked(ask, asker),
      FETCH_LIMITS,
      {
        body: ask.body,
        head: ({ status, statusText, url }, headers) => giveHead({ status, statusText, url, headers }),
        bytes(bytes) {
          slot.credit.spend(bytes.length)
          asker.send(ask.call, { type: 'bytes', bytes })
        },
        ...(asker.app === '' ? {} : { pieceBytes: PIECE_BYTES_TO_OTHERS }),
        room: (signal) => slot.room(signal),
        token: (signal) => tokenFor(ask.call, asker, slot, signal),
        server: ask.app?.server ?? '',
      },
      slot.abort.signal,
      asker.app,
    )
    asker.send(ask.call, { type: 'end', summary: summaryOf(answered) })
  } finally {
    asker.end(ask.call)
  }
}

/** With the user's key; else with the app's, if the page has tokens and the engine lets it. */
async function asked(ask: AskOf<'fetch'>, asker: Asker): Promise<Outcome<EngineCall>> {
  const { vault } = asker
  const { url, method, headers, key, app } = ask
  const body = await seen(ask.body)
  if (!app?.chosen || asker.app !== '') {
    const own = vault.engine.fetch(url, method, headers, body, asker.app, key, vault.now(), app !== null)
    if (app === null || key !== null || !WITHOUT_KEY.includes(own.error)) return own
  }
  await vault.keeping()
  return vault.engine.fetchByApp(url, method, headers, body, asker.app, app, vault.now())
}

async function seen(body: Uint8Array | Blob | null): Promise<BodySeen | null> {
  if (body === null) return null
  if (!(body instanceof Blob)) return { size: body.length, begin: body, end: new Uint8Array() }
  const { size } = body
  const part = async (from: number, to: number) => new Uint8Array(await body.slice(from, to).arrayBuffer())
  const [begin, end] = await Promise.all([part(0, SEEN_BYTES), part(Math.max(0, size - SEEN_BYTES), size)])
  return { size, begin, end }
}

function summaryOf({ call, timing, done }: Answered): CallSummary {
  try {
    return { ...call.summary(), ...timing }
  } finally {
    done()
  }
}

/** Neighbours of one kind become one part: the same text in fewer messages. */
function merged(events: CallEvent[]): Extract<CallPart, { type: 'text' | 'reasoning' }>[] {
  const parts: { type: 'text' | 'reasoning'; text: string }[] = []
  for (const { type, text } of events) {
    const last = parts.at(-1)
    if (last?.type === type) last.text += text
    else parts.push({ type, text })
  }
  return parts
}
