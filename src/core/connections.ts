import type { CountersignError } from '../protocol/errors.js'
import type { Platform } from '../platform/platform.js'
import type { Connection, ConnectionRecord } from './connection.js'
import type { HeldTokens } from './context.js'
import { createStore, type ReadableStore } from './store.js'

/** All connections of the app's user, or why they are not known. */
export type ConnectionsState =
  | { readonly status: 'restoring' }
  | { readonly status: 'ready'; readonly connections: readonly Connection[] }
  | { readonly status: 'sign_in_required' }
  | { readonly status: 'failed'; readonly error: CountersignError }

/** The connections as this page knows them; what is stored is the truth. */
export interface Connections extends ReadableStore<ConnectionsState> {
  /** Reads them again from IndexedDB. Never rejects. */
  load(): Promise<void>
  /** The app's user must sign in before anything is known. */
  signInRequired(): void
}

const restoring: ConnectionsState = { status: 'restoring' }
const signInRequired: ConnectionsState = { status: 'sign_in_required' }

/** Keeps the connections of the present subject in memory, in step with IndexedDB and with the other tabs. */
export function createConnections(
  { database }: Pick<Platform, 'database'>,
  subject: () => string | null,
  tokens: ReadonlyMap<string, HeldTokens>,
): Connections {
  const store = createStore(restoring)
  let loads = 0

  /** In `browser` mode tokens die with their page: without them the person has to authorize again. */
  const seen = ({ mode, connection }: ConnectionRecord): Connection =>
    mode === 'browser' && !tokens.has(connection.id) && connection.status === 'connected'
      ? { ...connection, status: 'reauthorization_required' }
      : connection

  return {
    get: store.get,
    subscribe: store.subscribe,
    signInRequired() {
      store.set(signInRequired)
    },
    async load() {
      const load = ++loads
      const owner = subject()
      if (owner === null) {
        store.set(signInRequired)
        return
      }
      let next: ConnectionsState
      try {
        const records = (await database.entries()).map(([, value]) => value).filter(isConnectionRecord)
        const connections = records.filter((record) => record.subject === owner).map(seen)
        connections.sort((a, b) => a.connectedAt - b.connectedAt)
        next = { status: 'ready', connections: keepIdentity(connections, store.get()) }
      } catch (error) {
        next = { status: 'failed', error: error as CountersignError }
      }
      // A later load, or another subject, has overtaken this one.
      if (load === loads) store.set(next)
    },
  }
}

/** A connection that did not change stays the same object, so that nobody renders for it. */
function keepIdentity(next: readonly Connection[], previous: ConnectionsState): readonly Connection[] {
  const known = previous.status === 'ready' ? previous.connections : []
  return next.map((connection) => {
    const same = known.find(({ id }) => id === connection.id)
    return same && JSON.stringify(same) === JSON.stringify(connection) ? same : connection
  })
}

/** Whether a stored value is a connection's record. What lies in storage may have been written by others. */
function isConnectionRecord(value: unknown): value is ConnectionRecord {
  return typeof value === 'object' && value !== null && 'v' in value && value.v === 1 && 'connection' in value
}
