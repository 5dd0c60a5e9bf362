// file: a file is replaced as a whole or stays as it is.

/** Some engines have no such thing. */
export function isFileHandle(value: unknown): value is FileSystemFileHandle {
  return typeof FileSystemFileHandle === 'function' && value instanceof FileSystemFileHandle
}

/** Written to a swap file, which takes the old one's place when it closes. Rejects with the engine's own DOMException. */
export async function writeFile(file: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  const out = await file.createWritable()
  try {
    await out.write(bytes as Uint8Array<ArrayBuffer>)
    await out.close()
  } catch (error) {
    await out.abort().catch(() => {})
    throw error
  }
}
