// conversation: what has been said in the playground, and what is known of each answer?
import { money } from './money'
import { seconds } from './time'
import { stopWords, type Explained } from './text'
import type { CallSummary, ChatMessage, ProviderId } from '../protocol/messages'

export interface Question {
  model: string
  messages: ChatMessage[]
  maxTokens: number
}

export interface Answer {
  id: number
  role: 'assistant'
  text: string
  reasoning: string
  state: 'streaming' | 'done' | 'stopped' | 'failed'
  problem: Explained | null
  model: string
  maxTokens: number
  payer: string
  /** It went by the app's key, which would not do: one of this provider would; '' otherwise. */
  wantsKeyOf: ProviderId | ''
  /** Filled in from the provider's own figures when the answer is complete. */
  tokensIn: string
  tokensOut: string
  /** In dollars, by the price list; `costNote` says of what day it is. */
  cost: string
  costNote: string
  firstByte: string
  total: string
  note: string
}

export type Said = { id: number; role: 'user'; text: string } | Answer

const NOT_REPORTED = 'not reported'
const NOT_KNOWN = 'not known'
const NUMBER = new Intl.NumberFormat('en')

export function answerOf(id: number, { model, maxTokens }: Question, payer: string): Answer {
  return {
    id,
    role: 'assistant',
    text: '',
    reasoning: '',
    state: 'streaming',
    problem: null,
    model,
    maxTokens,
    payer,
    wantsKeyOf: '',
    tokensIn: NOT_REPORTED,
    tokensOut: NOT_REPORTED,
    cost: NOT_KNOWN,
    costNote: '',
    firstByte: '',
    total: '',
    note: '',
  }
}

/** Absent figures are unknown, never 0. */
export function withSummary(answer: Answer, summary: CallSummary): void {
  const { usage, firstByteMs, totalMs, model, stop } = summary
  answer.tokensIn = tokens(usage?.input, usage?.cachedInput, 'cached')
  answer.tokensOut = tokens(usage?.output, usage?.reasoning, 'thinking')
  answer.cost = cost(summary)
  answer.costNote = summary.costMicroUsd === null ? '' : `By the price list of ${summary.pricesMade}.`
  answer.firstByte = seconds(firstByteMs)
  answer.total = seconds(totalMs)
  answer.model = model ?? answer.model
  answer.note = stopWords(stop, answer.maxTokens)
}

/** A cost nobody knows is not 0. */
function cost({ costMicroUsd, figures }: CallSummary): string {
  if (costMicroUsd === null) return NOT_KNOWN
  return figures === 'estimated' ? `about ${money(costMicroUsd)}` : money(costMicroUsd)
}

function tokens(count: number | undefined, part: number | undefined, partName: string): string {
  if (count === undefined) return NOT_REPORTED
  const whole = NUMBER.format(count)
  return part === undefined || part === 0 ? whole : `${whole} (${NUMBER.format(part)} ${partName})`
}

/** What the provider is given: the conversation without answers that failed, and two of one speaker joined, as some insist. */
export function askedBefore(said: Said[]): ChatMessage[] {
  const messages: ChatMessage[] = []
  for (const { role, text } of said) {
    if (text === '') continue
    const last = messages.at(-1)
    if (last?.role === role) last.text += `\n\n${text}`
    else messages.push({ role, text })
  }
  return messages
}
