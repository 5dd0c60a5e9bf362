// file-access: what TypeScript's own libraries leave out of the File System Access API (WICG), which not all engines have.

interface FileSystemHandlePermissionDescriptor {
  mode: 'read' | 'readwrite'
}

interface FileSystemHandle {
  queryPermission(descriptor: FileSystemHandlePermissionDescriptor): Promise<PermissionState>
  /** Pages only, and only in a person's own click. */
  requestPermission(descriptor: FileSystemHandlePermissionDescriptor): Promise<PermissionState>
}

interface SaveFilePickerOptions {
  /** The place chosen last under this name is offered again. */
  id?: string
  suggestedName?: string
  types?: { description: string; accept: Record<string, string[]> }[]
}

/** Rejects with AbortError when the person thinks better of it. Chromium only. */
declare const showSaveFilePicker: ((options: SaveFilePickerOptions) => Promise<FileSystemFileHandle>) | undefined
