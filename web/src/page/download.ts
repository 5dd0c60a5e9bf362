// download: bytes become a file of the person's.

/** Long enough for the browser to have begun; the bytes are sealed or no secret. */
const RELEASE_AFTER_MS = 60_000

export function download(name: string, content: BlobPart, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), RELEASE_AFTER_MS)
}

/** "keyhold-activity-2026-11-23.jsonl" */
export function dated(what: string, ending: string, now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `keyhold-${what}-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.${ending}`
}
