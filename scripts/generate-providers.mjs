#!/usr/bin/env node
// Makes docs/providers.md from wasm/catalogue/providers.json. `--check` only compares.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

const root = new URL('..', import.meta.url)
const { made, providers } = JSON.parse(readFileSync(new URL('wasm/catalogue/providers.json', root), 'utf8'))
const target = new URL('docs/providers.md', root)

const BROWSER = { yes: 'yes', setup: 'once it is told to', unknown: 'not tried', no: '**no**' }
const FORMS = {
  'openai-chat': 'OpenAI chat',
  'openai-responses': 'OpenAI Responses',
  anthropic: 'Anthropic Messages',
  gemini: 'Gemini',
  cohere: 'Cohere v2',
  ollama: 'Ollama',
}

/** With what it takes over from the entry it is like: nothing that is outside of its base. */
const NOT_TAKEN_OVER = ['browser', 'browser_note', 'example_base']
const whole = ({ like, ...own }) => {
  const other = Object.entries(providers.find(({ id }) => id === like) ?? {})
  const taken = Object.fromEntries(other.filter(([name]) => !NOT_TAKEN_OVER.includes(name)))
  return { ...taken, also: taken.also?.filter(({ path }) => !path.startsWith('/')), ...own }
}
const all = providers.map(whole)

const row = (cells) => `| ${cells.join(' | ')} |`
const code = (text) => `\`${text}\``
const link = (text, url) => (url ? `[${text}](${url})` : text)
const listed = (items) => (items?.length > 0 ? items.map(code).join(' ') : '')

function checkOf({ check = {}, wire = 'openai-chat' }) {
  const usual = {
    anthropic: 'models?limit=1000',
    gemini: 'models?pageSize=1000',
    cohere: 'v1/models',
    ollama: 'api/tags',
  }
  const { method = 'GET', path = usual[wire] ?? 'models', body } = check
  return code(`${method} ${path}`) + (body ? ', a model nobody has' : '')
}

function addressOf({ base, example_base: example }) {
  return code(base) + (example ? ', or another' : '')
}

/** The one in which the vault itself asks, and others that are at paths of their own. */
function formsOf({ wire = 'openai-chat', also = [] }) {
  const others = also.filter((call) => call.wire !== undefined && !call.wire.startsWith('openai'))
  return [FORMS[wire], ...others.map((call) => `${FORMS[call.wire]} at ${code(call.path)}`)].join(', ')
}

function headersOf({ cors = {} }) {
  return cors.reflects ? 'any' : listed(cors.headers) || 'none'
}

const facts = (provider) =>
  row([
    link(provider.name, provider.docs_url),
    addressOf(provider),
    formsOf(provider),
    BROWSER[provider.browser ?? 'yes'],
    provider.browser === 'no' ? '' : checkOf(provider),
    provider.browser === 'no' ? '' : headersOf(provider),
    provider.cors?.opaque_401 ? 'no' : '',
    listed(provider.key_prefixes),
  ])

const noteOf = ({ name, browser_note: note, console_url: console }) =>
  note ? [`- **${link(name, console)}**: ${note}`] : []
const stepsOf = ({ name, steps = [], console_url: console }) =>
  steps.length === 0
    ? []
    : [
        `### ${link(name, console)}`,
        '',
        ...steps.map((step, i) => `${i + 1}. ${step.replace('{origin}', 'https://address-of-the-page')}`),
        '',
      ]

const text = `# Providers

Made from \`wasm/catalogue/providers.json\` (${made}) by \`scripts/generate-providers.mjs\`. Nothing here was tried live: it is what
providers document, and what others measured and recorded. A key that does not pass its check can be stored all the same, and any
provider can be used at another address ("Another address" in the dialog), so that what has changed since does not wait for us.

- **form**: of questions and answers. Where it is OpenAI's chat or Responses, both are let through, as far as the provider has them.
- **answers pages**: may a web page call it directly?
- **check**: the cheapest request that tells whether a key is good. Where the list of models is public it proves nothing; there the
  check asks for a model that nobody has, which costs nothing, and only a good key is told so.
- **headers**: which request headers its preflight lets pass, beside the content type and the key's own. Others are taken out of what a
  program sends.
- **says no**: "no" where a browser cannot read the answer to a wrong key.

| provider | address | form | answers pages | check | headers | says no | keys begin |
|---|---|---|---|---|---|---|---|
${all.map(facts).join('\n')}

${providers.flatMap(noteOf).join('\n')}

## The way to a key

${all.flatMap(stepsOf).join('\n')}`

const filepath = fileURLToPath(target)
const formatted = await format(text, { ...(await resolveConfig(filepath)), filepath })
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== formatted) {
    console.error('docs/providers.md is not what scripts/generate-providers.mjs writes')
    process.exit(1)
  }
} else {
  writeFileSync(target, formatted)
}
