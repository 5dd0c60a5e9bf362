// form: a form as a body, as the browser would write it (HTML: multipart/form-data encoding), for an engine that cannot read one.

/** @param boundary between the entries, as the Content-Type that goes along has it */
export function formBody(form: FormData, boundary: string): Blob {
  const parts: BlobPart[] = []
  for (const [name, value] of form) {
    const isFile = typeof value !== 'string'
    parts.push(
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(crlf(name))}"`,
      isFile
        ? `; filename="${escaped(value.name)}"\r\nContent-Type: ${value.type || 'application/octet-stream'}\r\n\r\n`
        : '\r\n\r\n',
      isFile ? value : crlf(value),
      '\r\n',
    )
  }
  return new Blob([...parts, `--${boundary}--\r\n`])
}

const crlf = (text: string) => text.replace(/\r\n?|\n/g, '\r\n')
const escaped = (text: string) => text.replace(/\n/g, '%0A').replace(/\r/g, '%0D').replace(/"/g, '%22')
