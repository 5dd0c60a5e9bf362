// failures-reporter: what failed and in which file, a line of JSON each, for run.mjs.
export default async function* failures(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:fail' || data.file === undefined) continue
    // A group fails with what is in it.
    if (data.details?.type === 'suite' || data.details?.error?.failureType === 'subtestsFailed') continue
    yield JSON.stringify({ name: data.name, file: data.file }) + '\n'
  }
}
