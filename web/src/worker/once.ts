// once: what is loaded once. Who asks meanwhile waits for the same; after a failure the next one tries again.

export function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | null = null
  return () =>
    (loading ??= load().catch((error: unknown) => {
      loading = null
      throw error
    }))
}
