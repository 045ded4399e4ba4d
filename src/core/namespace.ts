/** The clients of this page, by namespace: each with what disposes of it. */
const clients = new Map<string, () => void>()

/**
 * Takes a namespace for a client. One that has it already is disposed of: two would take the same response, and answer each
 * other's announcements. The function given back gives it up.
 */
export function takeNamespace(namespace: string, dispose: () => void): () => void {
  const before = clients.get(namespace)
  if (before) {
    before()
    // eslint-disable-next-line no-console -- the one who reads it is the developer whose module ran twice
    console.warn(
      `countersign: a second client was created in the namespace "${namespace}", and the first one was disposed. Create the client in a module of its own, which no hot reload runs again; give a client beside it another namespace.`,
    )
  }
  clients.set(namespace, dispose)
  return () => {
    if (clients.get(namespace) === dispose) clients.delete(namespace)
  }
}
