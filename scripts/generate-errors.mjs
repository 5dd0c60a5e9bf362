#!/usr/bin/env node
// Makes web/src/protocol/errors.ts and docs/errors.md from wasm/core/base/error.def. `--check` only compares.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

const root = new URL('..', import.meta.url)
const source = readFileSync(new URL('wasm/core/base/error.def', root), 'utf8')
const errors = [...source.matchAll(/^KEYHOLD_ERROR\((\w+), "([^"]*)", "([^"]*)"\)$/gm)].map(
  ([, name, sentence, next]) => ({ name, sentence, next }),
)

const quote = (text) => `'${text.replaceAll("'", "\\'")}'`

const typescript = `// errors: the one list of error codes. Made from wasm/core/base/error.def by scripts/generate-errors.mjs; do not edit.

/** Stable names of what can go wrong; docs/errors.md has a sentence and a next step for each. */
export type ErrorCode =
${errors.map(({ name }) => `  | '${name}'`).join('\n')}

/** For a person: what happened, and what to do next. */
export const ERROR_TEXT: Record<ErrorCode, { sentence: string; next: string }> = {
${errors.map(({ name, sentence, next }) => `  ${name}: { sentence: ${quote(sentence)}, next: ${quote(next)} },`).join('\n')}
}
`

const markdown = `# Errors

Every error Keyhold reports, with the sentence a person sees. Made from \`wasm/core/base/error.def\` by \`scripts/generate-errors.mjs\`.

| code | what happened | what to do |
|---|---|---|
${errors.map(({ name, sentence, next }) => `| \`${name}\` | ${sentence} | ${next} |`).join('\n')}
`

let differs = false
for (const [path, text] of [
  ['web/src/protocol/errors.ts', typescript],
  ['docs/errors.md', markdown],
]) {
  const file = new URL(path, root)
  const filepath = fileURLToPath(file)
  const formatted = await format(text, { ...(await resolveConfig(filepath)), filepath })
  if (process.argv.includes('--check')) {
    let now = ''
    try {
      now = readFileSync(file, 'utf8')
    } catch {
      // Absent counts as different.
    }
    if (now !== formatted) {
      console.error(`${path} is not what scripts/generate-errors.mjs writes`)
      differs = true
    }
  } else {
    mkdirSync(dirname(filepath), { recursive: true })
    writeFileSync(file, formatted)
  }
}
process.exit(differs ? 1 : 0)
