// port: one end of a conversation with the vault worker, whatever it goes through.

export interface WorkerPort {
  post(message: unknown, transfer?: Transferable[]): void
  onMessage(listener: (data: unknown) => void): void
  /** Called when the other side is known to have failed or gone. Not every engine can tell. */
  onGone(listener: () => void): void
  close(): void
}

export function messagePort(port: MessagePort): WorkerPort {
  return {
    post: (message, transfer = []) => port.postMessage(message, transfer),
    onMessage(listener) {
      port.addEventListener('message', ({ data }) => listener(data))
      port.start()
    },
    // Chromium tells when the worker died; others say nothing.
    onGone: (listener) => port.addEventListener('close', listener),
    close: () => port.close(),
  }
}
