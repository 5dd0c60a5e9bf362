// recorded: answers that providers really gave, recorded by others (their folder's README names the sources). They are
// read where they lie and never copied.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const folder =
  process.env.KEYHOLD_RECORDED ?? fileURLToPath(new URL('../../../../shared/recorded', import.meta.url))
export const recorded = existsSync(join(folder, 'manifest.json'))
/** For the tests that need them. */
export const skip = recorded ? false : `no recordings in ${folder} (KEYHOLD_RECORDED names another folder)`

/** The manifest's entries with their bytes, as they were on the wire. */
export function recordings() {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).map((entry) => {
    const bytes = readFileSync(join(folder, entry.file))
    if (createHash('sha256').update(bytes).digest('hex') !== entry.sha256) throw new Error(`${entry.file} was changed`)
    return { ...entry, bytes: entry.file.endsWith('.chunks.txt') ? framed(entry, bytes) : bytes }
  })
}

/** Some are one JSON text a line: the framing their authors took off is put back, as `framing` says. */
function framed({ wire_format: wire }, bytes) {
  const lines = bytes.toString().split('\n').filter(Boolean)
  const named = wire.startsWith('anthropic') || wire.startsWith('openai.responses') || wire.startsWith('cohere')
  const events = lines.map((line) => `${named ? `event: ${JSON.parse(line).type}\n` : ''}data: ${line}\n\n`)
  return Buffer.from(events.join('') + (wire.startsWith('openai.chat') ? 'data: [DONE]\n\n' : ''))
}
