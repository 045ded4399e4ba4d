/** The clients of this page, by namespace: each with what disposes of it. */
const clients = new Map<string, () => void>()

/**
 * Takes a namespace for a client and disposes of the client that has it: two would both take the same response and react to
 * each other's announcements. In development a sentence says so. The returned function gives the namespace up.
 */
export function takeNamespace(namespace: string, dispose: () => void): () => void {
  const before = clients.get(namespace)
  before?.()
  // eslint-disable-next-line no-restricted-globals -- a bundler puts the value in its place
  if (before && typeof process === 'object' && process.env['NODE_ENV'] !== 'production') {
    // eslint-disable-next-line no-console -- for the developer whose module ran twice
    console.warn(
      `countersign: a second client was created in the namespace "${namespace}", and the first one was disposed. Create the client in a module of its own, which no hot reload runs again; give a client beside it another namespace.`,
    )
  }
  clients.set(namespace, dispose)
  return () => {
    if (clients.get(namespace) === dispose) clients.delete(namespace)
  }
}
