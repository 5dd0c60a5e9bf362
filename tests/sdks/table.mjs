// table: docs/sdks.md, from what the comparison found.
import { readFileSync } from 'node:fs'

const version = (name) =>
  JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version
/** Answered by the test itself: the stand-in has no such thing. */
/** Refused in a way of its own: the stand-in takes files as OpenAI does. */
const OTHER_FORM = ['@anthropic-ai/sdk: files (form)']
const OWN_ANSWER = ['@google/genai: files (upload)']

/** @param {{ package: string, feature: string, requests: number, thrown?: [string, number | undefined] }[]} results */
export function table(results) {
  const packages = [...new Set(results.map((one) => one.package))]
  const sections = packages.map((name) =>
    section(
      name,
      results.filter((one) => one.package === name),
    ),
  )
  return `${HEAD(results.length)}\n${sections.join('\n')}`
}

function section(name, results) {
  const rows = results.map(({ feature, requests, thrown }) => [
    feature,
    String(requests),
    outcome(name, feature, thrown),
  ])
  const head = ['feature', 'requests', 'result']
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => [...row[i]].length)))
  const line = (row) => `| ${row.map((cell, i) => cell + ' '.repeat(widths[i] - [...cell].length)).join(' | ')} |\n`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`
  const using = name.startsWith('@ai-sdk/') ? ` with \`ai\` ${version('ai')}` : ''
  return `## \`${name}\` ${version(name)}${using}\n\n${line(head)}${rule}${rows.map(line).join('')}`
}

function outcome(name, feature, thrown) {
  if (OWN_ANSWER.includes(`${name}: ${feature}`)) return 'the same ²'
  if (thrown === undefined) return 'the same'
  const [kind, status] = thrown
  const error = `the same error: \`${kind}\`${status === undefined ? '' : ` ${status}`}`
  return (status === 404 && feature !== 'wrong model') || OTHER_FORM.includes(`${name}: ${feature}`)
    ? `${error} ¹`
    : error
}

const HEAD = (count) => `# SDKs

Written by \`scripts/sdk-table\` from a run of \`tests/browser/sdk.test.mjs\`; the test fails when this is not what it found. So does
\`tests/browser/sdk-frame.test.mjs\`, which finds the same in a page of another site, with the client \`keyhold.js\` and through the
vault's frame, in Chromium, Firefox and WebKitGTK.

Each line is a piece of code that calls an SDK, run twice: once with the vault's \`fetch\`, as
[README.md](../README.md#with-an-sdk) shows, and once with the browser's own and the key itself. Both ask
[aimock](https://www.npmjs.com/package/@copilotkit/aimock) ${version('@copilotkit/aimock')}, which plays the providers under
their own names; toward the vault it has the preflight rules of the real ones. **The same** means: what the SDK returned or
threw (events, text, tool calls, usage, class, status and words of an error, headers) and what the provider was asked (method,
address, body, files, number of requests, whether the caller left) are equal, value by value. ${count} comparisons.

Not compared, since each answer has its own: ids made for it, times and durations, a form's boundary. Known differences:

- Of an answer's headers the vault passes on what browsers always show and what SDKs read. Not \`date\`, \`connection\`,
  \`keep-alive\`, \`transfer-encoding\`, \`www-authenticate\`, \`access-control-*\`. It adds \`keyhold-source\`: whose key it was.
- Which header carries the key is the vault's choice, and \`anthropic-dangerous-direct-browser-access\` is its own. Of an SDK's
  headers it drops telemetry (\`x-stainless-*\`, \`x-goog-api-client\`, \`user-agent\`), and \`content-type\` where there is no body.
- Of a chat that is streamed in OpenAI's form, the vault asks for usage (\`stream_options.include_usage\`) where the SDK did not
  and the provider tells it only then, and takes what that adds out of the answer.
- A failure of the network is the same \`TypeError\`, but says why in its \`cause\`. \`ai\` takes an error with a cause for one to be
  tried again, as it does in Node: "Cannot connect to API: …".
- The words of that \`TypeError\` are Chromium's in every engine: libraries tell by them a failure of the network from a mistake.
- An abort rejects with the signal's reason, as the standard says; WebKit's own \`fetch\` rejects with an \`AbortError\` of its own.
- A body of more than 32 MiB is not sent from a page of another site in WebKit, where the vault cannot read it.
- In Chromium the words of a \`SyntaxError\` from \`response.json()\` may begin with "Failed to execute 'close' on
  'ReadableStreamDefaultController': ".

¹ The stand-in has no such path, or wants another form: that is its answer. ² The stand-in takes no files for Google: the test itself answers.
`
