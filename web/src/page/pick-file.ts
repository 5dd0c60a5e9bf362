// pick-file: a file of the person's choice that this page may write to, now and later. Not every browser has that.

const TYPES = [{ description: 'Keyhold backup', accept: { 'application/octet-stream': ['.keyhold'] } }]

export function canPickFile(): boolean {
  return typeof showSaveFilePicker === 'function'
}

/** Only in a click. @returns null when the person thinks better of it. */
export async function pickFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  try {
    return (await showSaveFilePicker?.({ id: 'keyhold', suggestedName, types: TYPES })) ?? null
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null
    throw error
  }
}
