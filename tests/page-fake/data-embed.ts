// data-embed: pages of other origins that ask, and that may use keys.
import type { AccessQuestion, AccessTerms, GrantInfo } from '../../web/src/protocol/messages'

const DAY = 86_400_000
const now = Date.now()
const WISH: AccessTerms = {
  providers: ['openai'],
  models: [],
  scopes: [],
  dayMicroUsd: null,
  monthMicroUsd: null,
  expiresAt: null,
}
const little: AccessQuestion = { id: 1, origin: 'https://chat.example', wish: WISH }
const much: AccessQuestion = {
  id: 2,
  origin: 'https://a-page-with-a-long-name.and-a-longer-site.example:8443',
  wish: {
    providers: ['openai', 'anthropic', 'mistral'],
    models: ['gpt-5*', 'claude-sonnet-4-5'],
    scopes: ['files', 'images', 'audio', 'batch'],
    dayMicroUsd: 2_500_000,
    monthMicroUsd: 20_000_000,
    expiresAt: now + 30 * DAY,
  },
}

export const QUESTIONS: Record<string, AccessQuestion[]> = {
  little: [little],
  much: [much],
  lacking: [{ id: 3, origin: 'https://chat.example', wish: { ...WISH, providers: ['mistral'] } }],
}

export const GRANTS: GrantInfo[] = [
  { ...WISH, id: 'g1', origin: 'https://chat.example', dayMicroUsd: 1_000_000, grantedAt: now - 3 * DAY },
  { ...much.wish, id: 'g2', origin: much.origin, grantedAt: now - 40 * DAY },
  { ...WISH, id: 'g3', origin: 'http://localhost:5173', expiresAt: now - DAY, grantedAt: now - 9 * DAY },
]
