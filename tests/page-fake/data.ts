// data: providers and keys for the page without a vault.
import catalogue from '../../wasm/catalogue/providers.json'
import type { KeyInfo, ProviderInfo } from '../../web/src/protocol/messages'
import { NO_CAPS } from './data-usage'

type Entry = Pick<ProviderInfo, 'id' | 'name' | 'base'> &
  Partial<Pick<ProviderInfo, 'wire' | 'browser' | 'steps'>> & {
    browser_note?: string
    example_base?: boolean
    console_url?: string
    key_prefixes?: string[]
    key_optional?: boolean
  }

const provider = (
  id: string,
  name: string,
  host: string,
  keyPrefixes: string[],
  suggestedModel: string,
): ProviderInfo => ({
  id,
  name,
  base: `https://${host}/v1/`,
  kind: 'catalogue',
  wire: 'openai-chat',
  browser: 'yes',
  example: false,
  consoleUrl: `https://${host}/keys`,
  docsUrl: `https://${host}/docs`,
  steps: [
    `Sign in at ${host}, or make an account.`,
    'Open "API keys" and choose "Create new secret key".',
    'Give it a name such as "Keyhold" and copy it: it is shown once.',
    'Most providers want a payment method before the first call.',
  ],
  keyPrefixes,
  keyOptional: false,
  login: id === 'openrouter',
  suggestedModel,
})

const INVENTED: ProviderInfo[] = [
  provider('openai', 'OpenAI', 'api.openai.com', ['sk-proj-', 'sk-'], 'gpt-5.2-mini'),
  provider('anthropic', 'Anthropic', 'api.anthropic.com', ['sk-ant-'], 'claude-sonnet-5'),
  provider('google', 'Google Gemini', 'generativelanguage.googleapis.com', ['AIza', 'AQ.'], 'gemini-3-flash'),
  provider('openrouter', 'OpenRouter', 'openrouter.ai', ['sk-or-v1-'], ''),
  provider('mistral', 'Mistral', 'api.mistral.ai', [], 'mistral-small-latest'),
  provider('groq', 'Groq', 'api.groq.com', ['gsk_'], 'llama-4-scout'),
  provider('deepseek', 'DeepSeek', 'api.deepseek.com', [], 'deepseek-chat'),
  provider('xai', 'xAI', 'api.x.ai', ['xai-'], 'grok-5-mini'),
]

/** The others as they are: how many there are, and how long their texts, is what a look at the page has to show. */
const REAL = (catalogue.providers as Entry[])
  .filter(({ id }) => !INVENTED.some((one) => one.id === id))
  .map((one): ProviderInfo => ({
    id: one.id,
    name: one.name,
    base: one.base,
    kind: 'catalogue',
    wire: one.wire ?? 'openai-chat',
    browser: one.browser ?? 'yes',
    ...(one.browser_note === undefined ? {} : { browserNote: one.browser_note }),
    example: one.example_base ?? false,
    ...(one.console_url === undefined ? {} : { consoleUrl: one.console_url }),
    steps: one.steps ?? [],
    keyPrefixes: one.key_prefixes ?? [],
    keyOptional: one.key_optional ?? false,
    // As on a site without client ids.
    login: false,
  }))

export const CATALOGUE: ProviderInfo[] = [...INVENTED, ...REAL]

export const DEMO: ProviderInfo = {
  id: 'demo',
  name: 'Demo provider',
  base: 'http://localhost:8788/v1/',
  kind: 'site',
  wire: 'openai-chat',
  browser: 'yes',
  example: false,
  steps: [],
  keyPrefixes: ['demo-'],
  keyOptional: false,
  login: false,
  suggestedModel: 'demo-model',
}

const HOUR = 3_600_000
const now = Date.now()

const key = (id: string, of: string, label: string, hint: string, rest: Partial<KeyInfo>): KeyInfo => ({
  id,
  provider: of,
  label,
  hint,
  base: '',
  isDefault: false,
  failover: false,
  createdAt: now - 900 * HOUR,
  changedAt: now - 900 * HOUR,
  expiresAt: null,
  lastUsedAt: null,
  caps: NO_CAPS,
  lastChecked: null,
  ...rest,
})

export const MANY_KEYS: KeyInfo[] = [
  key('k1', 'openai', 'Personal', 'x7Qf', {
    isDefault: true,
    lastUsedAt: now - 0.2 * HOUR,
    lastChecked: { at: now - HOUR, code: 'ok' },
  }),
  key('k2', 'openai', 'Work: the shared one of the research team', '9kLm', {
    lastUsedAt: now - 75 * HOUR,
    lastChecked: { at: now - 75 * HOUR, code: 'ERR_NO_CREDIT' },
  }),
  key('k3', 'anthropic', 'Main', 'AAQw', {
    isDefault: true,
    lastUsedAt: now - 26 * HOUR,
    expiresAt: now + 9 * 24 * HOUR,
    lastChecked: { at: now - 30 * HOUR, code: 'ok' },
  }),
  key('k4', 'google', 'My old one', 'tR2e', {
    isDefault: true,
    lastChecked: { at: now - 400 * HOUR, code: 'ERR_BAD_KEY' },
  }),
  key('k5', 'openrouter', 'Main', 'b0c1', { isDefault: true, createdAt: now - 0.01 * HOUR }),
]
